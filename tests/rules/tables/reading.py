"""Small tables for tests."""

from pathlib import Path

import pytest

import rules
from rules.errors import RuleError
from rules.language.ruleset_printer import ruleset_text

SETTINGS = "policy,first\ndefault,no\nunknown,no\n"
HEADER = (
    'x: float,n: int in 0..100,b: bool,"k: {car, other, ""two words""}",s: string,d: date,'
    '"-> o in {yes, no}"\n'
)


def load(folder: Path, text: str | bytes, name: str = "limits.csv") -> rules.Ruleset:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    ruleset = rules.load(path)
    assert rules.parse(ruleset_text(ruleset)).sha256 == ruleset.sha256
    return ruleset


def error(folder: Path, text: str | bytes, name: str = "limits.csv") -> str:
    with pytest.raises(RuleError) as caught:
        load(folder, text, name)
    return str(caught.value).replace(f"{folder}/", "")
