import io
import sys
from pathlib import Path

import pytest

from tests.rules.cli.command import TEXT, Captured, run


def test_fmt_rewrites_in_place(policy: Path, capsys: Captured) -> None:
    policy.write_text(TEXT.replace("policy  priority", "policy priority"))
    policy.chmod(0o640)
    code, out, _ = run(capsys, "fmt", "--check", policy)
    assert code == 1 and "is not formatted: run python -m rules fmt" in out
    assert run(capsys, "fmt", policy)[:2] == (0, f"formatted {policy}\n")
    assert policy.read_text() == TEXT
    assert policy.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in policy.parent.iterdir()] == ["policy.rules"]
    assert run(capsys, "fmt", policy) == (0, "", "")
    assert run(capsys, "fmt", "--check", policy) == (0, "", "")


def test_fmt_follows_links(policy: Path, capsys: Captured) -> None:
    policy.write_text(TEXT + "\n\n")
    link = policy.with_name("link.rules")
    link.symlink_to(policy)
    assert run(capsys, "fmt", link)[0] == 0
    assert link.is_symlink() and policy.read_text() == TEXT


def test_fmt_to_stdout_changes_nothing(policy: Path, capsys: Captured) -> None:
    policy.write_text(TEXT + "\n\n")
    assert run(capsys, "fmt", "--stdout", policy) == (0, TEXT, "")
    assert policy.read_text() == TEXT + "\n\n"


def test_fmt_of_stdin(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("ruleset a version 1 input x:bool"))
    assert run(capsys, "fmt", "-") == (0, "ruleset a version 1\ninput x: bool\n", "")
    monkeypatch.setattr(sys, "stdin", io.StringIO("ruleset a version"))
    code, _, err = run(capsys, "fmt", "-")
    assert code == 1 and err.startswith("<stdin>:1:18: error")


def test_fmt_leaves_a_file_with_errors_alone(policy: Path, capsys: Captured) -> None:
    policy.write_text("ruleset a version 1 input")
    code, _, err = run(capsys, "fmt", policy)
    assert code == 1 and err.endswith("1 error\n")
    assert policy.read_text() == "ruleset a version 1 input"


def test_fmt_wants_no_byte_order_mark_and_unix_line_ends(policy: Path, capsys: Captured) -> None:
    for data in (b"\xef\xbb\xbf" + TEXT.encode(), TEXT.replace("\n", "\r\n").encode()):
        policy.write_bytes(data)
        assert run(capsys, "fmt", "--check", policy)[0] == 1
        assert run(capsys, "fmt", policy)[0] == 0
        assert policy.read_bytes() == TEXT.encode()


def test_fmt_respects_a_read_only_file(
    policy: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    policy.write_text(TEXT + "\n\n")
    monkeypatch.setattr("os.access", lambda *_: False)  # as it is for everyone but root
    code, _, err = run(capsys, "fmt", policy)
    assert code == 2 and "the file is read-only" in err
    assert policy.read_text() == TEXT + "\n\n"


@pytest.mark.parametrize("command", [["check"], ["test"], ["fmt", "--check"]])
def test_a_bad_file_does_not_stop_the_others(
    command: list[str], policy: Path, capsys: Captured
) -> None:
    bad, absent = policy.with_name("bad.rules"), policy.with_name("absent.rules")
    bad.write_text("ruleset a version")
    last = policy.with_name("last.rules")
    last.write_text(TEXT + "\n\n")
    code, out, err = run(capsys, *command, bad, last)
    assert code == 1 and str(last) in out and f"{bad}:1:18: error" in err
    code, out, err = run(capsys, *command, bad, absent, last)
    assert code == 2 and str(last) in out and f"there is no file {absent}" in err
