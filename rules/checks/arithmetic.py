"""Arithmetic on typed operands: numbers, and days of dates."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from rules.checks.promotion import (
    DATE,
    require_number,
    to_float,
    unbounded,
    unify,
)
from rules.checks.relations import plural
from rules.checks.scope import describe
from rules.errors import RuleError
from rules.language import ir, syntax
from rules.language.functions import FUNCTIONS
from rules.language.ir import DAY_MAX, DAY_MIN
from rules.language.numbers import parse_number
from rules.language.settings import day_number

__all__ = ["arithmetic", "call", "date", "duration", "negative"]

UNITS = {"day": 1, "days": 1, "week": 7, "weeks": 7}


def date(node: syntax.Date) -> ir.Const:
    """A date as its day number.

    Raises:
        RuleError: there is no such day.
    """
    try:
        number = day_number(datetime.date.fromisoformat(node.text))
    except ValueError as error:
        raise RuleError(
            f"there is no day {node.text}: {error}",
            span=node.span,
            hint="a date is year-month-day, for example 2026-01-31",
        ) from None
    return ir.Const(value=number, type=DATE, span=node.span)


def duration(node: syntax.Duration) -> ir.Const:
    """A duration as a number of days.

    Raises:
        RuleError: another unit, or a part of a day.
    """
    unit = node.unit.text
    if unit not in UNITS:
        raise RuleError(
            f"there is no unit {unit}",
            span=node.unit.span,
            hint="write days or weeks; months and years are of different lengths",
        )
    value = parse_number(node.number.text, span=node.number.span)
    if not isinstance(value, int):
        raise RuleError(f"{unit} are whole", span=node.number.span, hint="for example 30 days")
    days = value * UNITS[unit]
    if days > DAY_MAX - DAY_MIN:
        raise RuleError(
            "this is longer than from 0001-01-01 to 9999-12-31",
            span=node.span,
            hint=f"at most {DAY_MAX - DAY_MIN} days",
        )
    return ir.Const(value=days, type=ir.IntType(), span=node.span)


def negative(operand: ir.Expr, span: ir.Span) -> ir.Expr:
    """`-x`.

    Raises:
        RuleError: the operand is no number.
    """
    operand = require_number(operand, "-")
    if isinstance(operand, ir.Const) and not isinstance(operand.value, str):
        # `or` keeps -0.0 out: it equals 0.0 and must not be another rule set.
        return ir.Const(value=-operand.value or operand.value, type=operand.type, span=span)
    zero = ir.Const(
        value=0.0 if isinstance(operand.type, ir.FloatType) else 0, type=unbounded(operand.type)
    )
    return ir.Arithmetic(op="-", left=zero, right=operand, type=unbounded(operand.type), span=span)


def arithmetic(op: str, left: ir.Expr, right: ir.Expr, span: ir.Span) -> ir.Expr:
    """`left op right`.

    Raises:
        RuleError: the operands are of types that do not go together.
    """
    if isinstance(left.type, ir.DateType) or isinstance(right.type, ir.DateType):
        return _days(op, left, right, span)
    left, right = require_number(left, op), require_number(right, op)
    if op == "mod":
        for side in (left, right):
            if not isinstance(side.type, ir.IntType):
                raise RuleError(
                    "mod works on ints, this is a float",
                    span=side.span,
                    hint="the rest of x / y is x - y * floor(x / y)",
                )
    if op == "/":
        left, right = to_float(left), to_float(right)
    else:
        left, right = unify(left, right)
    return ir.Arithmetic(op=op, left=left, right=right, type=unbounded(left.type), span=span)


def _days(op: str, left: ir.Expr, right: ir.Expr, span: ir.Span) -> ir.Expr:
    """Dates: their difference is an int, an int later or earlier is a date."""
    if op == "+" and isinstance(right.type, ir.DateType):
        left, right = right, left  # 30 days + signed_on
    match op, left.type, right.type:
        case "-", ir.DateType(), ir.DateType():
            return ir.Arithmetic(op=op, left=left, right=right, type=ir.IntType(), span=span)
        case "+" | "-", ir.DateType(), ir.IntType():
            return ir.Arithmetic(op=op, left=left, right=right, type=DATE, span=span)
        case "+" | "-", ir.DateType(), ir.FloatType():
            raise RuleError(
                f"a date moves by whole days, this is {describe(right.type)}",
                span=right.span,
                hint="write a whole number of days, for example + 30 days",
            )
    raise RuleError(
        f"{op} does not take {describe(left.type)} and {describe(right.type)}",
        span=span,
        hint="date - date gives days, date + days and date - days give a date",
    )


def call(node: syntax.Apply, arguments: Sequence[ir.Expr]) -> ir.Expr:
    """`max(a, b)`.

    Raises:
        RuleError: the number or the types of the arguments do not fit the function.
    """
    name = node.function.text
    function, count = FUNCTIONS[name], len(arguments)
    if count < function.min_arity or (function.max_arity or count) < count:
        raise RuleError(
            f"{name} was given {plural(count, 'argument')}",
            span=node.span,
            hint=f"write {function.signature}",
        )
    numbers = [require_number(item, name) for item in arguments]
    if function.float_only or any(isinstance(item.type, ir.FloatType) for item in numbers):
        numbers = [to_float(item) for item in numbers]
    return ir.Call(
        function=name, arguments=tuple(numbers), type=unbounded(numbers[0].type), span=node.span
    )
