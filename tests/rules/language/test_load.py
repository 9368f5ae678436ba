from pathlib import Path

import pytest

import rules
from rules.errors import RuleError

TEXT = "ruleset a version 1\ninput x: float\nderive y if x > 1\n"


def test_load(tmp_path: Path) -> None:
    path = tmp_path / "a.rules"
    path.write_text(TEXT)
    ruleset = rules.load(path)
    assert (ruleset.name, ruleset.version) == ("a", 1)
    assert ruleset.filename == str(path)
    assert ruleset.text == TEXT
    assert rules.load(str(path)) == ruleset


def test_errors_name_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.rules"
    path.write_text(TEXT + "derive z if nope")
    with pytest.raises(RuleError) as caught:
        rules.load(path)
    assert str(caught.value).startswith(f"{path}:4:13: error: there is no input")


def test_byte_order_mark_and_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.rules"
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    assert rules.load(path).text == TEXT


def test_a_byte_order_mark_of_a_text() -> None:
    ruleset = rules.parse("\ufeff" + TEXT)
    assert ruleset.sha256 == rules.parse(TEXT).sha256
    assert rules.format_text("\ufeff" + TEXT) == rules.format_text(TEXT)
    with pytest.raises(RuleError, match="FEFF ZERO WIDTH"):
        rules.parse(TEXT + "\ufeff")


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "a.rules"
    path.write_bytes(b"ruleset a version 1\n# caf\xe9\n")
    with pytest.raises(RuleError, match="not UTF-8") as caught:
        rules.load(path)
    assert str(caught.value).startswith(f"{path}:2:1: error")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        rules.load(tmp_path / "none.rules")
