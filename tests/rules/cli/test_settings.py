"""`--on` and `--param`, and cases with objects, through the commands."""

import csv
import json
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from tests.rules.cli.command import Captured, run
from tests.rules.lending import CASES, OUTCOMES, TEXT

DATED = """\
ruleset dated version 1
param rate: float in 0..1 = 0.5
param most: int in 0..9 = 3
param strict: bool = false
param from_day: date = 2026-01-01
param home: string = "DE"
input x: float
input day: date
input land: string
decide o in {yes, no, ask} policy first default no unknown ask
rule old "old" [until 2025-12-31] o = yes if x > rate
rule new "new" [since 2026-01-01] o = yes if x > rate + most
rule strictly "strict" o = ask if strict and day >= from_day and land = home
test "above" given x = 0.7, day = 2026-02-01, land = "DE" expect o = yes
"""


@pytest.fixture
def dated(tmp_path: Path) -> Path:
    path = tmp_path / "dated.rules"
    path.write_text(DATED)
    return path


def decided(capsys: Captured, dated: Path, *arguments: object) -> str:
    cases = dated.with_name("cases.csv")
    cases.write_text("x,day,land\n0.7,2026-02-01,DE\n")
    out = dated.with_name("out.csv")
    code, _, err = run(capsys, "decide", dated, "--cases", cases, "--out", out, *arguments)
    assert (code, err) == (0, "")
    return out.read_text().splitlines()[1].split(",")[0].strip('"')


def test_the_day_and_params(dated: Path, capsys: Captured) -> None:
    assert decided(capsys, dated, "--on", "2025-06-01") == "yes"
    assert decided(capsys, dated, "--on", "2026-06-01") == "no"
    assert decided(capsys, dated, "--on", "2025-06-01", "--param", "rate=70%") == "no"
    assert decided(capsys, dated, "--on", "2026-06-01", "--param", "most=0") == "yes"
    strict = ["--on", "2026-06-01", "--param", "strict = true"]
    assert decided(capsys, dated, *strict) == "ask"
    assert decided(capsys, dated, *strict, "--param", "from_day=2026-02-02") == "no"
    assert decided(capsys, dated, *strict, "--param", "home=FR") == "no"


def test_tests_and_explanations_for_a_day(dated: Path, capsys: Captured) -> None:
    code, out, _ = run(capsys, "test", dated, "--on", "2025-06-01")
    assert code == 0 and "1 test, 0 failed" in out
    code, out, _ = run(capsys, "test", dated, "--on", "2026-06-01")
    assert code == 1 and "found o = no (no rule fires)" in out
    case = json.dumps({"x": 0.7, "day": "2026-02-01", "land": "DE"})
    code, out, _ = run(capsys, "explain", dated, "--case", case, "--on", "2025-06-01")
    assert code == 0 and out.startswith("yes, decided by old")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "say for which day to decide: --on 2026-11-22, or name a date input with `dated`"),
        (["--on", "today"], "--on today is no date: expected one such as 2026-11-22"),
        (["--param", "rate"], "--param rate: expected NAME=VALUE, for example cutoff=0.4"),
        (["--param", "rat=1"], "--param rat=1: there is no param rat; did you mean rate?"),
        (
            ["--param", "zz=1"],
            "there is no param zz; params are rate, most, strict, from_day, home",
        ),
        (["--param", "rate=high"], "--param rate=high: expected a number >= 0 and <= 1"),
        (["--param", "rate=2"], "param rate: found 2, expected a number >= 0 and <= 1"),
        (["--param", "most=-1"], "param most: found -1, expected a whole number in 0..9"),
        (["--param", "strict=yes"], "--param strict=yes: expected true or false"),
        (["--param", "from_day=1.1.2026"], "expected a date such as 2026-01-31"),
    ],
)
def test_settings_that_cannot_be_used(
    arguments: list[str], message: str, dated: Path, capsys: Captured
) -> None:
    for command in (["test"], ["explain", "--case", "{}"]):
        code, _, err = run(capsys, command[0], dated, *command[1:], *arguments)
        assert code == 2 and message in err


def test_a_case_that_brings_its_day_takes_no_other(dated: Path, capsys: Captured) -> None:
    dated.write_text(DATED.replace("unknown ask\n", "unknown ask dated day\n"))
    assert decided(capsys, dated) == "no"
    code, _, err = run(capsys, "test", dated, "--on", "2026-01-01")
    assert code == 2 and "takes the day of each case from day" in err


# -------------------------------------------------------------------------- objects


@pytest.fixture
def lending(tmp_path: Path) -> Path:
    path = tmp_path / "lending.rules"
    path.write_text(TEXT)
    return path


def write(path: Path) -> Path:
    rows = [{**row, "signed_on": date(2026, 3, 1)} for row in CASES]
    match path.suffix:
        case ".jsonl":
            path.write_text("".join(json.dumps(row) + "\n" for row in CASES))
        case ".csv":
            with path.open("w", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(CASES[0])
                for row in CASES:
                    plain = {**row, "earns": json.dumps(row["earns"]), "late": str(row["late"])}
                    writer.writerow(plain.values())
        case _:
            table = pa.Table.from_pylist([{**row, "earns": None} for row in rows])
            earns = pa.array([list(row["earns"].items()) for row in CASES],
                             pa.map_(pa.string(), pa.float64()))  # fmt: skip
            index = table.schema.get_field_index("earns")
            pyarrow.parquet.write_table(table.set_column(index, "earns", earns), path)
    return path


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("engine", ["auto", "python", "numpy"])
def test_files_of_cases_with_objects(
    suffix: str, engine: str, lending: Path, capsys: Captured
) -> None:
    cases = write(lending.with_name(f"cases.{suffix}"))
    out = lending.with_name("out.jsonl")
    arguments = ["--cases", cases, "--out", out, "--engine", engine]
    code, text, err = run(capsys, "decide", lending, *arguments)
    assert (code, err) == (0, "") and "violated" in text
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["outcome"] for row in rows] == OUTCOMES
    assert rows[0]["reason"] == "risk 62% in FR, guarantors earn 50,000"
    assert rows[0]["violated"] == ["few are rejected abroad"]
    assert rows[3]["violated"] == ["fraud is never approved"]


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_explain_a_row_with_objects(suffix: str, lending: Path, capsys: Captured) -> None:
    cases = write(lending.with_name(f"cases.{suffix}"))
    code, out, _ = run(capsys, "explain", lending, "--cases", cases, "--row", 2)
    assert code == 0 and "anna" in out
    case = json.dumps({**CASES[1], "Guarantor": ["anna", "bob"]})
    code, out, _ = run(capsys, "explain", lending, "--case", case)
    assert code == 0 and "anna" in out


def test_test_of_objects(lending: Path, capsys: Captured) -> None:
    code, out, _ = run(capsys, "test", lending)
    assert code == 0 and "2 tests, 0 failed" in out


def test_fmt_and_check_of_objects(lending: Path, capsys: Captured) -> None:
    assert run(capsys, "fmt", "--check", lending) == (0, "", "")
    code, out, _ = run(capsys, "check", lending)
    assert code == 0 and "2 rules" in out


def test_too_many_objects(lending: Path, capsys: Captured) -> None:
    cases = lending.with_name("cases.jsonl")
    cases.write_text(json.dumps({**CASES[0], "earns": [1, 2, 3, 4]}))
    code, _, err = run(capsys, "decide", lending, "--cases", cases)
    assert code == 2 and "row 1: entity Guarantor: found 4 objects, expected at most 3" in err
