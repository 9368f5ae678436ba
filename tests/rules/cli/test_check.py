import json
from pathlib import Path

import pytest

from tests.rules.cli.command import TEXT, Captured, run


def test_check(policy: Path, capsys: Captured) -> None:
    code, out, err = run(capsys, "check", "--no-solver", policy)
    assert (code, err) == (0, "")
    assert out.startswith(f"{policy}: 5 rules, 0 findings, sha256 ")


def test_check_reports_findings_and_fails_on_them_only_if_strict(
    policy: Path, capsys: Captured
) -> None:
    policy.write_text(TEXT + "input idle: bool\n")
    code, out, _ = run(capsys, "check", policy)
    assert code == 0
    assert "warning W001: the input idle is never used" in out and "1 finding," in out
    assert run(capsys, "check", "--strict", policy)[0] == 1


def test_check_reports_the_errors_of_all_files(policy: Path, capsys: Captured) -> None:
    bad = policy.with_name("bad.rules")
    bad.write_text("ruleset a version 1\nderive x = nope\nderive y = nada")
    code, out, err = run(capsys, "check", "--no-solver", bad, policy)
    assert code == 1
    assert f"{bad}:2:12: error: there is no input or derived name nope" in err
    assert f"{bad}:3:12: error" in err
    assert out.startswith(f"{policy}: 5 rules")


DEAD = """
rule dead "never"
    outcome = refer
    if income > 5 and income < 3
"""


def test_check_by_solver(policy: Path, capsys: Captured) -> None:
    policy.write_text(TEXT + DEAD)
    code, out, _ = run(capsys, "check", policy)
    assert code == 0
    assert "warning W104: rule dead can never fire" in out
    assert "hint: no case meets `income > 5` and `income < 3` together" in out
    assert 'test "the default decides"\n    given p_default = ' in out
    assert "6 rules, 1 finding, 1 note, sha256 " in out
    assert run(capsys, "check", "--strict", policy)[0] == 1
    assert run(capsys, "check", "--strict", "--no-solver", policy)[0] == 0


def test_notes_do_not_fail_strict_checks_and_errors_fail_all(
    policy: Path, capsys: Captured
) -> None:
    assert run(capsys, "check", "--strict", policy)[0] == 0
    policy.write_text(TEXT + 'test "wrong" given p_fraud = 95% expect outcome = approve\n')
    code, out, _ = run(capsys, "check", policy)
    assert code == 1
    assert 'error E113: test "wrong" cannot hold' in out


def test_check_as_json(policy: Path, capsys: Captured) -> None:
    policy.write_text(TEXT + DEAD)
    code, out, _ = run(capsys, "check", "--json", policy)
    told = json.loads(out)
    assert code == 0 and told["solver"] is True and told["rules"] == 6
    default, dead = told["findings"]
    assert (default["code"], default["severity"]) == ("I101", "info")
    assert default["test"].startswith('test "the default decides"')
    assert [item["name"] for item in default["given"]] == [
        "p_default", "p_fraud", "income", "amount", "age", "late_payments", "guarantor", "purpose"
    ]  # fmt: skip
    assert all(item["objects"] == [] and item["value"] is not None for item in default["given"])
    assert (dead["code"], dead["test"], dead["given"]) == ("W104", None, None)
    assert (dead["file"], dead["line"]) == (str(policy), TEXT.count("\n") + 2)


def test_check_says_that_the_solver_is_absent(
    policy: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rules.checks.solver.has_solver", lambda: False)
    code, out, _ = run(capsys, "check", policy)
    assert code == 0
    assert "cases were not looked at: pip install 'rulax[check]'" in out
    code, _, err = run(capsys, "check", "--solver", policy)
    assert code == 2
    assert err == (
        "rules check: this check needs the z3 solver, which is not installed: "
        "pip install 'rulax[check]'\n"
    )
