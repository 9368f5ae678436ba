"""The `audit` command."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from rules.cli.main import main

TEXT = """ruleset small version 1
input x: float
decide o in {yes, no}
    policy first
    default no
    unknown no
rule r "much"
    o = yes
    if x > 1
    because "{x:.1f} is much"
"""


@pytest.fixture
def record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    (tmp_path / "small.rules").write_text(TEXT)
    (tmp_path / "cases.csv").write_text("x\n0.5\n1.5\nNA\n")
    record = str(tmp_path / "decisions.db")
    arguments = ["--cases", str(tmp_path / "cases.csv"), "--audit", record]
    assert main(["decide", str(tmp_path / "small.rules"), *arguments]) == 0
    assert f"recorded in {record}, head 4:" in capsys.readouterr().out
    return record


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = main(["audit", *arguments])
    captured = capsys.readouterr()
    return code, captured.out + captured.err


def test_verify_and_head(record: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, head = run(capsys, "head", record)
    assert code == 0 and head.startswith("4:")
    code, out = run(capsys, "verify", record, "--head", head.strip())
    assert (code, out) == (0, f"{record}: 4 entries, sound; head {head}")


def test_tampering(record: str, capsys: pytest.CaptureFixture[str]) -> None:
    with sqlite3.connect(record) as connection:
        connection.execute("DROP TRIGGER audit_no_update")
        connection.execute(
            "UPDATE audit_entries SET record = replace(record, 'no', 'yes') WHERE sequence = 2"
        )
    code, out = run(capsys, "verify", record)
    assert code == 1 and "entry 2 was altered" in out and "sound up to 1:" in out


def test_replay(record: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "replay", record) == (0, "3 decisions made again, none different\n")
    (tmp_path / "new.rules").write_text(TEXT.replace("x > 1", "x > 2"))
    code, out = run(capsys, "replay", record, "--ruleset", str(tmp_path / "new.rules"))
    assert (code, out.splitlines()) == (
        1,
        [
            "entry 3: recorded yes (r), now no (default)",
            "yes -> no: 1",
            "3 decisions made again, 1 different",
        ],
    )


def test_show_and_export(record: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "show", record, "1") == (0, TEXT + "\n")
    code, out = run(capsys, "show", record, "3")
    assert code == 0 and '"outcome": "yes"' in out and "1.5 is much" in out
    assert '  "inputs": {\n    "x": 1.5\n  },\n' in out
    assert "rule r fires: yes, much (" in out and "small.rules:7:1)" in out
    out_file = tmp_path / "all.jsonl"
    code, out = run(capsys, "export", record, "--out", str(out_file))
    assert (code, out) == (0, f"wrote 4 entries to {out_file}\n")
    rows = [json.loads(line) for line in out_file.read_text().splitlines()]
    assert [row["sequence"] for row in rows] == [1, 2, 3, 4]
    assert all(len(row["hash"]) == 64 for row in rows)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["verify", "no.db"], "no.db: no such decision record"),
        (["show", "{record}", "9"], "there is no entry 9; the last is 4"),
        (["verify", "{record}", "--head", "x"], "expected SEQUENCE:HASH"),
        (["replay", "{record}", "--engine", "xls"], "engine"),
        (["export", "{record}", "--out", "all.xml"], "cannot write all.xml: expected .jsonl"),
        (["head", "mysql://x/y"], "expected"),
        (["verify", "{folder}/cases.csv"], "cannot be used as a decision record: file is not a"),
        (["verify", "{folder}/other.db"], "other.db: a database, but no decision record"),
        (["verify", "{folder}"], "expected a file"),
        (["verify", "{folder}/nowhere/a.db"], "in a directory that there is"),
        (["replay", "{record}", "--on", "2026-01-01"], "name them with --ruleset"),
    ],
)
def test_mistakes(
    record: str, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    folder = Path(record).parent
    with sqlite3.connect(folder / "other.db") as other:
        other.execute("CREATE TABLE t (x)")
    code, out = run(capsys, *[item.format(record=record, folder=folder) for item in arguments])
    assert code == 2 and message in out


def test_a_record_that_cannot_be_written(
    record: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = str(tmp_path / "cases.csv")
    code = main(["decide", str(tmp_path / "small.rules"), "--cases", cases, "--audit", cases])
    assert code == 2 and "cannot be used as a decision record" in capsys.readouterr().err
