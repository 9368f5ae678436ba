"""What the generated functions call."""

from __future__ import annotations

import functools
import math
from typing import Any

from rules.engines.admission import to_float32
from rules.engines.values import Value, within
from rules.language import ir
from rules.language.ir import DAY_MAX, DAY_MIN

__all__ = [
    "PENDING",
    "UnknownError",
    "bounded",
    "give_up",
    "has_bounds",
    "kleene_scope",
    "known",
    "known_day",
    "known_float32",
    "to_day",
]


class UnknownError(Exception):
    """Something is unknown, which the two-valued function cannot express."""


class _Pending:
    """Marks what has not been computed yet, since None is a value."""


PENDING = _Pending()


def to_day(number: int) -> int | None:
    """A day number within the bounds of dates, else None."""
    return number if DAY_MIN <= number <= DAY_MAX else None


def has_bounds(type_: ir.Type) -> bool:
    """Whether a value of the type's kind may be out of its bounds, not counting overflow."""
    return isinstance(type_, ir.FloatType | ir.IntType) and type_ not in (
        ir.FloatType(),
        ir.IntType(),
    )


def bounded(type_: ir.Type, value: Value) -> Value | None:
    """A value within the bounds of its type, else None."""
    return value if within(type_, value) else None


def kleene_scope(ruleset: ir.Ruleset) -> dict[str, Any]:
    """What the code of `kleene_code` reads beside its arguments."""
    return {
        **{
            f"bounded_{item.name}": functools.partial(bounded, item.type)
            for item in ruleset.derived
            if has_bounds(item.type)
        },
        "PENDING": PENDING,
        "to_float32": to_float32,
        "to_day": to_day,
        "floor": math.floor,
        "ceil": math.ceil,
    }


def known(value: Value | None) -> Value:
    """A value that is not None.

    Raises:
        UnknownError: it is.
    """
    if value is None:
        raise UnknownError
    return value


def give_up() -> bool:
    """Gives up.

    Raises:
        UnknownError: always.
    """
    raise UnknownError


def known_day(number: int) -> int:
    """As `to_day`.

    Raises:
        UnknownError: the day is out of bounds.
    """
    day = to_day(number)
    if day is None:
        raise UnknownError
    return day


def known_float32(number: float) -> float:
    """As `to_float32`.

    Raises:
        UnknownError: the number is not finite.
    """
    rounded = to_float32(number)
    if rounded is None:
        raise UnknownError
    return rounded
