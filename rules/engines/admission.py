"""Which values a case may hold, prepared for one input: as `values.admit`, several times faster.

Values as they mostly come, a Python number, truth or text, are taken here; all others, and
whatever is wrong, `admit` looks at.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from rules.engines.values import FLOAT_MAX, TINY, Value, admit, canonical
from rules.language import ir

__all__ = ["Admit", "admission", "to_float32"]

Admit = Callable[[Any], Value | None]

_PACK, _UNPACK = struct.Struct("<f").pack, struct.Struct("<f").unpack


def to_float32(number: float) -> float | None:
    """`values.canonical`, without its conversions."""
    try:
        (rounded,) = _UNPACK(_PACK(number))
    except OverflowError:
        return None
    if TINY < rounded <= FLOAT_MAX or -FLOAT_MAX <= rounded < -TINY:
        return float(rounded)
    return 0.0 if -TINY <= rounded <= TINY else None


def admission(name: str, type_: ir.Type) -> Admit:
    """What admits the values of one input.

    Args:
        name: of the input, for messages.
        type_: of the input.

    Returns:
        A function of a value as a case has it, which returns and raises what `admit` does.
    """
    match type_:
        case ir.FloatType():
            return _floats(name, type_)
        case ir.IntType():
            return _ints(name, type_)
        case ir.BoolType():
            return _among(name, type_, frozenset((True, False)), bool)
        case ir.EnumType(members=members):
            return _among(name, type_, frozenset(members), str)
        case _:
            return lambda value: None if value is None else admit(name, type_, value)


def _floats(name: str, type_: ir.FloatType) -> Admit:
    low = -FLOAT_MAX if type_.low is None else canonical(type_.low)
    high = FLOAT_MAX if type_.high is None else canonical(type_.high)
    if low is None or high is None:
        return lambda value: admit(name, type_, value)
    low_open = type_.low is not None and type_.low_open
    high_open = type_.high is not None and type_.high_open

    def take(value: Any) -> Value | None:
        if value.__class__ is not float and value.__class__ is not int:
            return admit(name, type_, value)
        try:
            number = to_float32(value)
        except struct.error:  # a huge int
            return admit(name, type_, value)
        if number is None or not low <= number <= high:
            return None
        if (low_open and number == low) or (high_open and number == high):
            return None
        return number

    return take


def _ints(name: str, type_: ir.IntType) -> Admit:
    low, high = type_.low, type_.high

    def take(value: Any) -> Value | None:
        if value.__class__ is int:
            return value if low <= value <= high else None
        return admit(name, type_, value)

    return take


def _among(name: str, type_: ir.Type, values: frozenset[Value], kind: type) -> Admit:
    def take(value: Any) -> Value | None:
        if value.__class__ is kind and value in values:
            return value
        return admit(name, type_, value)

    return take
