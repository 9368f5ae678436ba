"""What is worked out of a rule set once, for all its cases."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeVar

from rules.language import ir

__all__ = ["once_per_ruleset"]

T = TypeVar("T")
KEPT = 16  # rule sets


class _Same:
    """A rule set that equals itself only: comparing trees, or their hashes, takes too long."""

    __slots__ = ("ruleset",)

    def __init__(self, ruleset: ir.Ruleset) -> None:
        self.ruleset = ruleset

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.ruleset is other.ruleset

    def __hash__(self) -> int:
        return id(self.ruleset)


def once_per_ruleset(make: Callable[[ir.Ruleset], T]) -> Callable[[ir.Ruleset], T]:
    """A function of a rule set that remembers what it made of the last few."""
    remembered = functools.lru_cache(maxsize=KEPT)(lambda same: make(same.ruleset))

    def prepared(ruleset: ir.Ruleset) -> T:
        return remembered(_Same(ruleset))

    return prepared
