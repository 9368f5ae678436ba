"""Numbers as a reader wants them: rounded, grouped, with a true minus sign."""

from __future__ import annotations

import math
from collections.abc import Mapping

__all__ = ["NOTHING", "count", "decimal", "percent", "plain_value", "signed"]

NOTHING = "–"  # noqa: RUF001 - the dash that stands for "no number"


def count(value: float) -> str:
    """A whole number with grouped thousands: `4,454`."""
    return _finish(f"{value:,.0f}", value)


def decimal(value: float, digits: int = 3) -> str:
    """A number with fixed decimals: `0.842`."""
    return _finish(f"{value:,.{digits}f}", value)


def percent(value: float, digits: int = 1) -> str:
    """A share as a percentage: 0.281 is `28.1%`."""
    return _finish(f"{value:.{digits}%}", value)


def signed(value: float, digits: int = 1) -> str:
    """A difference that always shows its sign, zero excepted: `+12.0`."""
    text = f"{value:+,.{digits}f}"
    return _finish(text if any(digit in text for digit in "123456789") else text[1:], value)


def plain_value(value: object) -> str:
    """An input of a case: `missing` for None and NaN, `yes` and `no` for booleans.

    What a case says about objects is a mapping by object; without any it is `none`.
    """
    if isinstance(value, Mapping):
        parts = (f"{_object(key)} {plain_value(part)}" for key, part in value.items())
        return ", ".join(parts) or "none"
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "missing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return _finish(f"{value:,}", value)
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) < 1e15
        return _finish(f"{value:,.0f}" if whole else f"{value:,.4g}", value)
    return str(value)


def _object(key: object) -> str:
    return " ".join(map(str, key)) if isinstance(key, tuple) else str(key)


def _finish(text: str, value: float) -> str:
    return text.replace("-", "\N{MINUS SIGN}") if math.isfinite(value) else NOTHING
