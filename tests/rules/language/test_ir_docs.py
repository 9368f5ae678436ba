"""What docs/ir.md shows is what the program does."""

import json
import re
from pathlib import Path

import pytest

import rules
from rules.language.interchange import to_json

ROOT = Path(__file__).parents[3]
DOCS = (ROOT / "docs" / "ir.md").read_text(encoding="utf-8")
TEXT = """ruleset a version 1
entity Guarantor max 8
input earns(Guarantor): float
derive strong if some g: earns(g) > 50_000
"""


def test_the_form_shown_is_that_of_the_text_shown() -> None:
    (shown,) = re.findall(r"```json\n(.*?)```", DOCS, re.DOTALL)
    assert TEXT.splitlines()[-1] in DOCS
    assert json.loads(shown) == to_json(rules.parse(TEXT))["derived"][0]


def test_the_python_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL)
    (tmp_path / "policy.rules").write_text(TEXT)
    monkeypatch.chdir(tmp_path)
    exec(code, {})
