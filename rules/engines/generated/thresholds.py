"""Comparing an unrounded number as if it had been rounded first.

Rounding to float32 never swaps two numbers, so for a constant `c` the float64 values that
round to at least `c` are those from some float64 on. Comparing with that one spares the
rounding, which costs ten times as much as a comparison.
"""

from __future__ import annotations

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
    at_least, above = repr(first_at_least(constant)), repr(first_above(constant))
    match op:
        case ">=":
            return f"({name} >= {at_least})"
        case "<":
            return f"({name} < {at_least})"
        case ">":
            return f"({name} >= {above})"
        case "<=":
            return f"({name} < {above})"
        case "=":
            return f"({at_least} <= {name} < {above})"
        case _:
            return f"({name} < {at_least} or {name} >= {above})"


def _first(constant: float, *, strict: bool) -> float:
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
