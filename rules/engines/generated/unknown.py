"""What the two-plane functions call: numbers of which NaN is unknown, texts of which None is."""

from __future__ import annotations

import math
import struct

from rules.engines.values import FLOAT_MAX, TINY, Value, within
from rules.language import ir
from rules.language.ir import DAY_MAX, DAY_MIN

__all__ = ["FUNCTIONS", "bounded"]

_PACK, _UNPACK = struct.Struct("<f").pack, struct.Struct("<f").unpack


def _float32(number: float) -> float:
    """`values.canonical` of a number."""
    try:
        (rounded,) = _UNPACK(_PACK(number))
    except OverflowError:
        return math.nan
    if TINY < rounded <= FLOAT_MAX or -FLOAT_MAX <= rounded < -TINY:
        return float(rounded)
    return 0.0 if -TINY <= rounded <= TINY else math.nan


def _day(number: float) -> float:
    return number if DAY_MIN <= number <= DAY_MAX else math.nan


def _divide(left: float, right: float) -> float:
    return left / right if right else math.nan


def _modulo(left: float, right: float) -> float:
    return left % right if right else math.nan


def _floor(number: float) -> float:
    return number if math.isnan(number) else _float32(float(math.floor(number)))


def _ceil(number: float) -> float:
    return number if math.isnan(number) else _float32(float(math.ceil(number)))


def _round(number: float) -> float:
    return number if math.isnan(number) else _float32(float(round(number)))


def _min(*numbers: float) -> float:
    return math.nan if any(map(math.isnan, numbers)) else min(numbers)


def _max(*numbers: float) -> float:
    return math.nan if any(map(math.isnan, numbers)) else max(numbers)


def _same(left: object, right: object) -> bool:
    return left is not None and left == right


def _differ(left: object, right: object) -> bool:
    return left is not None and right is not None and left != right


def bounded(type_: ir.Type, value: Value) -> Value:
    """A number within the bounds of its type, else NaN."""
    return value if within(type_, value) else math.nan


FUNCTIONS = {
    "float32_or_nan": _float32,
    "day_or_nan": _day,
    "divide": _divide,
    "modulo": _modulo,
    "floor_or_nan": _floor,
    "ceil_or_nan": _ceil,
    "round_or_nan": _round,
    "min_or_nan": _min,
    "max_or_nan": _max,
    "same": _same,
    "differ": _differ,
    "nan": math.nan,
    "inf": math.inf,
}
