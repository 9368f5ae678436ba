"""The functions that expressions may call.

To add one: list it here, then give it a meaning in every engine (they look it up by name)
and a range in `rules.checks.intervals` if it can return an int.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["FUNCTIONS", "Function"]


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Function:
    """The signature of a function of numbers.

    Attributes:
        name: as written in a rule text.
        min_arity: the fewest arguments.
        max_arity: the most arguments, None for any number.
        float_only: int arguments are converted and the result is a float; otherwise the
            result is an int when all arguments are ints.
        signature: for messages and documentation.
    """

    name: str
    min_arity: int
    max_arity: int | None
    float_only: bool
    signature: str


_ALL = (
    Function(
        name="min",
        min_arity=2,
        max_arity=None,
        float_only=False,
        signature="min(a, b, ...)",
    ),
    Function(
        name="max",
        min_arity=2,
        max_arity=None,
        float_only=False,
        signature="max(a, b, ...)",
    ),
    Function(
        name="abs",
        min_arity=1,
        max_arity=1,
        float_only=False,
        signature="abs(x)",
    ),
    Function(
        name="floor",
        min_arity=1,
        max_arity=1,
        float_only=True,
        signature="floor(x)",
    ),
    Function(
        name="ceil",
        min_arity=1,
        max_arity=1,
        float_only=True,
        signature="ceil(x)",
    ),
    Function(
        name="round",
        min_arity=1,
        max_arity=1,
        float_only=True,
        signature="round(x)",
    ),
)

FUNCTIONS: Mapping[str, Function] = MappingProxyType({item.name: item for item in _ALL})
