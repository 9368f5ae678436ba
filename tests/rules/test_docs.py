"""What docs/rules.md shows is what the program does."""

import re
from pathlib import Path

import pytest

import rules
from rules.language.functions import FUNCTIONS
from rules.language.ir import POLICIES
from rules.language.reserved import RESERVED

DOCS = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")


def test_the_example_is_formatted_and_passes_its_tests() -> None:
    (text,) = re.findall(r"```text\n(# A comment.*?)```", DOCS, re.DOTALL)
    assert rules.format_text(text) == text
    ruleset = rules.parse(text)
    assert rules.check(ruleset) == ()
    assert [result.passed for result in rules.run_tests(ruleset)] == [True, True]


def test_reserved_words_are_listed() -> None:
    listed = re.search(r"`(and because .*?)`", DOCS, re.DOTALL)
    assert listed is not None
    assert set(listed[1].split()) == RESERVED


def test_functions_and_policies_are_listed() -> None:
    assert all(f"`{function.signature}`" in DOCS for function in FUNCTIONS.values())
    assert all(f"| `{policy}` |" in DOCS for policy in POLICIES)


def test_the_python_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (text,) = re.findall(r"```text\n(# A comment.*?)```", DOCS, re.DOTALL)
    (code,) = re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL)
    (tmp_path / "policy.rules").write_text(text)
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    assert "risk 62%, 4.0x income, no guarantor" in capsys.readouterr().out
