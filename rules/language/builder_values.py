"""Python values as literals of the language."""

from __future__ import annotations

import datetime
import math
from typing import Any

from rules.language import syntax
from rules.language.ir import Span

__all__ = ["literal"]


def literal(value: Any, span: Span) -> syntax.Expression:
    """The syntax of a Python value: a bool, number, text, date or timedelta.

    Raises:
        TypeError: another one, or a number that is not finite, or a time of day.
    """
    if hasattr(value, "item") and hasattr(value, "dtype"):  # numpy and jax
        value = value.item() if getattr(value, "ndim", 1) == 0 else value
    match value:
        case bool():
            return syntax.Truth(value=value, span=span)
        case int() | float():
            return _number(value, span)
        case str():
            return syntax.Text(text=value, span=span)
        case datetime.datetime():
            raise TypeError(f"a date has no time of day: write {value!r}.date()")
        case datetime.date():
            return syntax.Date(text=value.isoformat(), span=span)
        case datetime.timedelta():
            return _duration(value, span)
    if callable(value):
        raise TypeError(
            "a function stands only after the entities it is about: R.some(Guarantor, "
            'lambda g: ...), R.derive("rich", lambda g: ..., of=Guarantor)'
        )
    raise TypeError(
        f"a rule cannot be about {value!r}: expected a number, a truth, a text, a date, or "
        "something that the builder declared"
    )


def _number(value: int | float, span: Span) -> syntax.Expression:
    if not math.isfinite(value):
        raise TypeError(f"{value!r} is no number of the language: missing is x.is_unknown()")
    number = syntax.Number(text=repr(abs(value)), span=span)
    negative = value < 0
    return syntax.Negative(operand=number, span=span) if negative else number


def _duration(value: datetime.timedelta, span: Span) -> syntax.Expression:
    if value != datetime.timedelta(days=value.days):
        raise TypeError(f"durations are whole days, not {value!r}")
    days = syntax.Duration(
        number=syntax.Number(text=str(abs(value.days)), span=span),
        unit=syntax.Word(text="days", span=span),
        span=span,
    )
    return syntax.Negative(operand=days, span=span) if value.days < 0 else days
