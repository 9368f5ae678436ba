from pathlib import Path

from tests.rules.cli.command import TEXT, Captured, run


def test_check(policy: Path, capsys: Captured) -> None:
    code, out, err = run(capsys, "check", policy)
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
    code, out, err = run(capsys, "check", bad, policy)
    assert code == 1
    assert f"{bad}:2:12: error: there is no input or derived name nope" in err
    assert f"{bad}:3:12: error" in err
    assert out.startswith(f"{policy}: 5 rules")
