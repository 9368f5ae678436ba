"""Short ways to errors, shared by the tests of the checks."""

import pytest

import rules
from rules.errors import RuleError

__all__ = ["failure", "failures"]


def failures(text: str) -> list[str]:
    """Each error of a text, with its hint."""
    with pytest.raises(RuleError) as caught:
        rules.parse(text)
    return [" | ".join(filter(None, (e.message, e.hint))) for e in caught.value.errors]


def failure(text: str) -> str:
    """The only error of a text, with its hint."""
    (found,) = failures(text)
    return found
