from pathlib import Path

from tests.rules.cli.command import TEXT, Captured, run


def test_test(policy: Path, capsys: Captured) -> None:
    code, out, _ = run(capsys, "test", policy)
    assert code == 0
    assert out.count("pass  ") == 4
    assert out.endswith(f"{policy}: 4 tests, 0 failed\n")


def test_test_tells_what_was_expected_and_found(policy: Path, capsys: Captured) -> None:
    policy.write_text(TEXT.replace("expect outcome = reject", "expect outcome = refer"))
    code, out, _ = run(capsys, "test", policy)
    assert code == 1
    assert "FAIL  a stretched risk is rejected\n" in out
    assert f"      {policy}:62: expected outcome = refer\n" in out
    assert "      found outcome = reject (rule risky)\n" in out
    assert out.endswith("4 tests, 1 failed\n")
