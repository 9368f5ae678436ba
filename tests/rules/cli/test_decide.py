import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet
import pytest

from tests.rules.cli.command import CASES, ROOT, TEXT, Captured, run


def test_decide(policy: Path, cases: Path, capsys: Captured) -> None:
    code, out, err = run(capsys, "decide", policy, "--cases", cases)
    assert (code, err) == (0, "")
    assert out.startswith("credit version 3, 3 cases\n\noutcome\n")
    assert "reject   1  33.3%" in out
    assert "approve  default  no rule applies" in out
    assert "reject   risky    risk 62%, 4.0x income, no strong guarantor" in out


def test_decide_takes_absent_columns_as_unknown_only_if_told(
    policy: Path, cases: Path, capsys: Captured
) -> None:
    cases.write_text("p_fraud\n0.95\n")
    code, _, err = run(capsys, "decide", policy, "--cases", cases)
    assert code == 2 and "with --missing-columns unknown" in err
    options = ["--cases", cases, "--missing-columns", "unknown"]
    code, out, _ = run(capsys, "decide", policy, *options)
    assert code == 0 and "fraud score 95%" in out


def test_columns_that_are_misspelt_are_told(policy: Path, cases: Path, capsys: Captured) -> None:
    cases.write_text("p_frauds,shoe_size\n0.95,41\n")
    options = ["--cases", cases, "--missing-columns", "unknown"]
    code, _, err = run(capsys, "decide", policy, *options)
    told = "warning: column p_frauds is no input and is not read; did you mean p_fraud?\n"
    assert (code, err) == (0, told)


def test_warnings_are_told_in_plain_words(policy: Path, cases: Path, capsys: Captured) -> None:
    cases.write_text(CASES.replace("0.62", "1.62"))
    code, _, err = run(capsys, "decide", policy, "--cases", cases)
    assert code == 0
    assert err.startswith("warning: ") and "UserWarning" not in err and err.count("\n") == 1


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_decide_writes_a_table(policy: Path, cases: Path, suffix: str, capsys: Captured) -> None:
    out = cases.with_name(f"out.{suffix}")
    code, text, _ = run(capsys, "decide", policy, "--cases", cases, "--out", out)
    assert code == 0 and text.endswith(f"wrote 3 rows to {out}\n")
    match suffix:
        case "csv":
            head, _, line, _ = out.read_text().splitlines()
            assert head == '"outcome","rule","reason","fired"'
            assert line.endswith('"risky;large"')
        case "jsonl":
            rows = [json.loads(line) for line in out.read_text().splitlines()]
            assert rows[1]["outcome"] == "reject" and rows[1]["fired"] == ["risky", "large"]
        case _:
            table = pyarrow.parquet.read_table(out)
            assert table["rule"].to_pylist() == ["default", "risky", "unknown"]


def test_decide_shows_no_rows_where_there_are_many(
    policy: Path, cases: Path, capsys: Captured
) -> None:
    head, *lines = CASES.splitlines(keepends=True)
    cases.write_text(head + "".join(lines) * 10)
    code, out, _ = run(capsys, "decide", policy, "--cases", cases, "--engine", "reference")
    assert code == 0 and "30 cases" in out and "reason" not in out


def test_decide_collects(policy: Path, cases: Path, capsys: Captured) -> None:
    text = TEXT.replace("policy  priority", "policy  collect").split("\ntest ")[0]
    policy.write_text(text.replace("priority 200, ", "").replace("priority 100, ", "")
                      .replace(" [priority 50]", "").replace(" [priority 40]", "")
                      .replace(" [priority 30]", ""))  # fmt: skip
    code, out, _ = run(capsys, "decide", policy, "--cases", cases, "--engine", "reference")
    assert code == 0 and "reject;refer" in out


def test_an_empty_summary() -> None:
    import pyarrow as pa

    import rules
    from rules.cli.tables import summarise

    empty = pa.table({name: pa.array([], pa.string()) for name in ("outcome", "rule", "reason")})
    text = summarise(empty, rules.parse(TEXT))
    assert text == "credit version 3, 0 cases\n\noutcome\n\ndecided by\n\noutcome  rule  reason"


@pytest.mark.skipif(importlib.util.find_spec("pandas") is None, reason="pandas is not installed")
@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_a_case_is_decided_without_pandas_and_jax(policy: Path, cases: Path, suffix: str) -> None:
    """pandas alone takes a quarter of a second, and is of no use here."""
    names, *lines = [line.split(",") for line in CASES.splitlines()]
    if suffix == "jsonl":
        cases = cases.with_suffix(".jsonl")
        kinds = [float] * 6 + [lambda text: text == "true", str]
        rows = [
            {
                name: kind(cell) if cell else None
                for name, kind, cell in zip(names, kinds, line, strict=True)
            }
            for line in lines
        ]
        cases.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    command = ["decide", str(policy), "--cases", str(cases), "--out", str(cases) + ".jsonl"]
    code = (
        f"import sys; from rules.cli import main; code = main({command!r}); "
        "print([name for name in ('pandas', 'jax') if name in sys.modules]); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    assert "reject   1  33.3%" in done.stdout and done.stdout.endswith("[]\n")
