"""Tables in rule files, and on the command line."""

from pathlib import Path

import pytest

import rules
from rules.checks import render
from rules.cli import main
from rules.errors import RuleError

POLICY = """\
ruleset policy version 1
input income: float > 0
input purpose: {car, other}
decide outcome in {reject, approve}
    policy first
    default approve
    unknown reject
import "limits.csv"
test "poor"
    given income = 500, purpose = car
    expect outcome = reject, limits_2 fires
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policy.rules").write_text(POLICY)
    (tmp_path / "limits.csv").write_text("income,purpose,-> outcome\n< 1_000,car,reject\n")
    return tmp_path


def test_rows_become_rules_of_the_file(folder: Path) -> None:
    ruleset = rules.load("policy.rules")
    assert [rule.name for rule in ruleset.rules] == ["limits_2"]
    assert ruleset.sources[0].filename == "limits.csv"
    assert all(result.passed for result in rules.run_tests(ruleset))


def test_errors_point_into_the_table(folder: Path) -> None:
    (folder / "limits.csv").write_text("incme,purpose,-> outcome\n< 1_000,cra,rejct\n> 3,-,reject")
    with pytest.raises(RuleError) as caught:
        rules.load("policy.rules")
    told = str(caught.value)
    assert "limits.csv:2:9: error: 'cra' is not one of {car, other}\n    < 1_000,cra,rejct" in told
    assert "limits.csv:2:13: error: rejct is not an outcome" in told
    assert told.count("limits.csv:1:1: error: there is no input or derived name incme") == 1


def test_findings_point_into_the_table(folder: Path) -> None:
    with (folder / "limits.csv").open("a") as file:
        file.write("< 1_000,car,reject\n")
    ruleset = rules.load("policy.rules")
    (finding,) = rules.check(ruleset)
    assert finding.code == "W005" and "limits_3 repeats limits_2" in finding.message
    assert render(finding, ruleset).startswith("limits.csv:3:1: warning W005")


def test_the_command(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["table", "limits.csv"]) == 0
    assert capsys.readouterr().out == (
        'ruleset limits version 1\n\nrule limits_2 "limits, row 2"\n    outcome = reject\n'
        "    if income < 1_000 and purpose = car\n"
    )
    assert main(["table", "policy.rules", "nope.csv"]) == 2
    told = capsys.readouterr().err
    assert "policy.rules is not a table: expected a name ending in .csv, .yaml, .yml" in told
    assert "there is no file nope.csv" in told
    assert main(["check", "limits.csv"]) == 1
    assert "there is no input or derived name income" in capsys.readouterr().err
    assert main(["fmt", "limits.csv"]) == 2


def test_a_table_by_itself(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "limits.csv").write_text(
        'policy,first\ndefault,yes\nunknown,no\nx: float,"-> o in {yes, no}"\n< 1,no\n'
    )
    ruleset = rules.load(folder / "limits.csv")
    assert ruleset.text == 'ruleset limits version 1\n\nimport "limits.csv"\n'
    assert rules.parse(ruleset.text, filename=ruleset.filename) == ruleset
    assert main(["check", "limits.csv"]) == 0
    assert main(["table", "limits.csv"]) == 0
    written = capsys.readouterr().out.split("\n", 1)[1]
    assert rules.parse(written[written.index("ruleset limits") :]).sha256 == ruleset.sha256
