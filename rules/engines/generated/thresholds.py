"""Comparing an unrounded number as if it had been rounded first.

Rounding to float32 never swaps two numbers, so for a constant `c` the float64 values that
round to at least `c` are those from some float64 on. Comparing with that one spares the
rounding, which costs ten times as much as a comparison.
"""

from __future__ import annotations

import functools
import math
import struct

from rules.engines.values import FLOAT_MAX, canonical

__all__ = ["FIRST_FINITE", "LAST_FINITE", "comparison", "first_above", "first_at_least"]


def first_at_least(constant: float) -> float:
    """The smallest float64 that rounds to a float32 `>= constant`, a canonical float32."""
    return _first(constant, strict=False)


def first_above(constant: float) -> float:
    """The smallest float64 that rounds to a float32 `> constant`; inf when none does."""
    return _first(constant, strict=True)


def comparison(name: str, op: str, constant: float) -> str:
    """The code that compares a variable with a canonical float32: false of NaN."""
    match op:
        case ">=":
            return f"({name} >= {first_at_least(constant)!r})"
        case "<":
            return f"({name} < {first_at_least(constant)!r})"
        case ">":
            return f"({name} >= {first_above(constant)!r})"
        case "<=":
            return f"({name} < {first_above(constant)!r})"
    at_least, above = first_at_least(constant), first_above(constant)
    if op == "=":
        return f"({at_least!r} <= {name} < {above!r})"
    return f"({name} < {at_least!r} or {name} >= {above!r})"


@functools.lru_cache(maxsize=4096)
def _first(constant: float, *, strict: bool) -> float:
    # Mostly halfway between two float32, or, where a tie is rounded down, the next number.
    half = _halfway(constant, 1 if strict else -1)
    for number in (half, math.nextafter(half, math.inf)):
        before = math.nextafter(number, -math.inf)
        if _holds(number, constant, strict) and not _holds(before, constant, strict):
            return number
    return _searched(constant, strict=strict)


def _halfway(constant: float, step: int) -> float:
    """Half the way from a float32 to its neighbour, up (1) or down (-1)."""
    (bits,) = struct.unpack("<i", struct.pack("<f", constant))
    toward = step if constant >= 0 else -step
    (neighbour,) = struct.unpack("<f", struct.pack("<i", max(bits + toward, -(2**31))))
    return (constant + float(neighbour)) / 2


def _searched(constant: float, *, strict: bool) -> float:
    """The same by bisection: also around zero, and for what is too large."""
    low, high = _order(-math.inf), _order(math.inf)  # fails at low, holds at high
    while high - low > 1:
        middle = (low + high) // 2
        if _holds(_number(middle), constant, strict):
            high = middle
        else:
            low = middle
    return _number(high)


def _holds(number: float, constant: float, strict: bool) -> bool:
    rounded = canonical(number)
    if rounded is None:
        rounded = math.copysign(math.inf, number)
    return rounded > constant if strict else rounded >= constant


def _order(number: float) -> int:
    """The position of a float64 among all, by its bits."""
    (bits,) = struct.unpack("<q", struct.pack("<d", number))
    return bits if bits >= 0 else -(2**63) - bits


def _number(order: int) -> float:
    bits = order if order >= 0 else -(2**63) - order
    (number,) = struct.unpack("<d", struct.pack("<q", bits))
    return float(number)


LAST_FINITE = math.nextafter(first_above(FLOAT_MAX), -math.inf)
FIRST_FINITE = -LAST_FINITE
