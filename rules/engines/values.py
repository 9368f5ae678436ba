"""Which values a case may hold: the number contract, in plain Python.

`docs/numbers.md` tells it to users. It is here once, for the engines, the encoders and
the compiler alike.
"""

from __future__ import annotations

import math
import struct
from datetime import date, datetime
from typing import Any, TypeAlias

from rules.errors import did_you_mean
from rules.language import ir

__all__ = ["FLOAT_MAX", "INT_MISSING", "TINY", "Value", "admit", "canonical", "expected", "within"]

Value: TypeAlias = float | int | bool | str  # a date is the number of its day

TINY = 2.0**-126  # the smallest normal float32
FLOAT_MAX = (2 - 2.0**-23) * 2.0**127  # the largest float32
INT_MISSING = -(2**31)

_FLOAT32 = struct.Struct("<f")


def canonical(number: float) -> float | None:
    """A number as the engines see it: rounded to float32, or None when not finite.

    Magnitudes up to `TINY`, itself included, count as zero, and zero has no sign. Units
    that flush subnormals disagree with IEEE 754 about results that round *up* to `TINY`
    (tininess is detected before rounding by some, after by others): with `TINY` counted
    as zero they agree.

    Args:
        number: a Python float; the result of one operation on float32 values rounds as
            in float32 arithmetic, because float64 has more than 2 * 24 + 1 digits
            (Figueroa, "When is double rounding innocuous?", 1995).
    """
    try:
        (rounded,) = _FLOAT32.unpack(_FLOAT32.pack(float(number)))
    except OverflowError:
        return None
    if not abs(rounded) <= FLOAT_MAX:
        return None
    return float(rounded) if abs(rounded) > TINY else 0.0


def within(type_: ir.Type, value: Value) -> bool:
    """Whether a canonical value of the right kind lies within the bounds of a type."""
    match type_, value:
        case ir.FloatType(low=low, high=high, low_open=low_open, high_open=high_open), float():
            low = None if low is None else canonical(low)
            high = None if high is None else canonical(high)
            above = low is None or (value > low if low_open else value >= low)
            below = high is None or (value < high if high_open else value <= high)
            return above and below
        case ir.IntType(low=least, high=most) | ir.DateType(low=least, high=most), int():
            return least <= value <= most
        case _:
            return True


def admit(name: str, type_: ir.Type, value: Any) -> Value | None:
    """The value of an input as the engines see it; None when missing or out of bounds.

    Args:
        name: of the input, for messages.
        type_: of the input.
        value: as the type has it, or a scalar of NumPy; a date may be a `datetime.date`, a
            text such as `2026-01-31`, or the number of its day.

    Raises:
        TypeError: when the value is of another kind than the input.
        ValueError: when a text is not a member of the input's list, or no date.
    """
    if value is None:
        return None
    if not isinstance(value, float | int | bool | str) and hasattr(value, "item"):
        is_time = type(value).__name__ == "datetime64"
        value = (value.astype("datetime64[D]") if is_time else value).item()
        if value is None:  # not a time
            return None
    if isinstance(type_, ir.DateType) and isinstance(value, date | str):
        value = _day(name, type_, value)
    if isinstance(value, bool) or not isinstance(value, float | int):
        return _admit_name(name, type_, value)
    if isinstance(value, float) and not math.isfinite(value):
        if isinstance(type_, ir.FloatType | ir.IntType | ir.DateType):
            return None
    elif isinstance(type_, ir.FloatType):
        number = canonical(value)
        return number if number is not None and within(type_, number) else None
    elif isinstance(type_, ir.IntType | ir.DateType) and value == int(value):
        return int(value) if within(type_, int(value)) else None
    raise _mismatch(name, type_, value)


def _day(name: str, type_: ir.Type, value: date | str) -> int:
    from rules.language.settings import day_number

    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError(f"input {name}: found {value!r}, expected {expected(type_)}") from None
    return day_number(value)


def _admit_name(name: str, type_: ir.Type, value: object) -> Value:
    if isinstance(type_, ir.BoolType) and isinstance(value, bool):
        return value
    if isinstance(type_, ir.StringType) and isinstance(value, str):
        return value
    if not (isinstance(type_, ir.EnumType) and isinstance(value, str)):
        raise _mismatch(name, type_, value)
    if value not in type_.members:
        hint = did_you_mean(value, type_.members)
        tail = f"; {hint}" if hint else ""
        raise ValueError(f"input {name}: found {value!r}, expected {expected(type_)}{tail}")
    return value


def _mismatch(name: str, type_: ir.Type, value: object) -> TypeError:
    return TypeError(
        f"input {name}: found {value!r}, expected {expected(type_)}, or None where it is missing"
    )


def expected(type_: ir.Type) -> str:
    """What a value of a type looks like, for messages: `a number > 0 and <= 1`."""
    match type_:
        case ir.FloatType(low=low, high=high):
            above = None if low is None else f"{'>' if type_.low_open else '>='} {low:g}"
            below = None if high is None else f"{'<' if type_.high_open else '<='} {high:g}"
            return " ".join(["a number", " and ".join(filter(None, (above, below)))]).rstrip()
        case ir.IntType(low=least, high=most):
            return f"a whole number in {least}..{most}"
        case ir.BoolType():
            return "true or false"
        case ir.EnumType(members=members):
            return f"one of {', '.join(members)}"
        case ir.DateType():
            return "a date such as 2026-01-31"
        case ir.StringType():
            return "a text"
        case ir.ObjectType(entity=entity):
            return f"one of the objects of {entity}"
