"""Which types go together, and the conversions that make them one."""

from __future__ import annotations

import dataclasses

from rules.checks.scope import describe
from rules.errors import RuleError
from rules.language import ir
from rules.language.ir import Type
from rules.language.numbers import round_float32

__all__ = [
    "DATE",
    "FLOAT",
    "INT",
    "coerce",
    "is_numeric",
    "require_number",
    "require_truth",
    "to_float",
    "unbounded",
    "unify",
]

FLOAT = ir.FloatType()
INT = ir.IntType()
DATE = ir.DateType()


def unbounded(type_: Type) -> Type:
    """The type of a computed value: bounds belong to an input and do not travel with it."""
    match type_:
        case ir.FloatType():
            return FLOAT
        case ir.IntType():
            return INT
        case ir.DateType():
            return DATE
    return type_


def is_numeric(expr: ir.Expr) -> bool:
    """Whether an expression is a float or an int."""
    return isinstance(expr.type, ir.FloatType | ir.IntType)


def to_float(expr: ir.Expr) -> ir.Expr:
    """A number as a float; a literal becomes a float literal, as if it were written so."""
    if isinstance(expr.type, ir.FloatType):
        return expr
    if isinstance(expr, ir.Const) and isinstance(expr.value, int):
        return ir.Const(value=round_float32(expr.value, span=expr.span), type=FLOAT, span=expr.span)
    if isinstance(expr, ir.Choose):
        return dataclasses.replace(
            expr, then=to_float(expr.then), otherwise=to_float(expr.otherwise), type=FLOAT
        )
    return ir.ToFloat(operand=expr, type=FLOAT, span=expr.span)


def unify(left: ir.Expr, right: ir.Expr) -> tuple[ir.Expr, ir.Expr]:
    """Two operands with the int one, if the other is a float, converted."""
    kinds = {type(left.type), type(right.type)}
    if kinds == {ir.FloatType, ir.IntType}:
        return to_float(left), to_float(right)
    return left, right


def require_number(expr: ir.Expr, operation: str) -> ir.Expr:
    """The expression, if it is a number.

    Raises:
        RuleError: it is a truth or an enum.
    """
    if is_numeric(expr):
        return expr
    hint = None
    if isinstance(expr.type, ir.BoolType):
        hint = "to count a truth, write (if ... then 1 else 0)"
    if isinstance(expr.type, ir.DateType):
        hint = "the difference of two dates is a number of days"
    raise RuleError(
        f"{operation} needs numbers, this is {describe(expr.type)}", span=expr.span, hint=hint
    )


def require_truth(expr: ir.Expr) -> ir.Expr:
    """The expression, if it is a truth.

    Raises:
        RuleError: it is a number or an enum.
    """
    if isinstance(expr.type, ir.BoolType):
        return expr
    shown, left = "this", "..."
    if isinstance(expr, ir.Variable) or (isinstance(expr, ir.Ref) and not expr.arguments):
        shown = left = expr.name
    match expr.type:
        case ir.EnumType(members=members):
            example = f"= {members[0]}"
        case ir.StringType():
            example = '= "..."'
        case ir.ObjectType():
            example = "= another variable, or ask something about it"
        case ir.DateType():
            example = ">= 2026-01-01"
        case _:
            example = "> 0"
    raise RuleError(
        f"{shown} is {describe(expr.type)}, a condition needs a truth",
        span=expr.span,
        hint=f"compare it, for example {left} {example}",
    )


def coerce(expr: ir.Expr, declared: Type) -> ir.Expr:
    """The expression as a value of its declared type.

    Raises:
        RuleError: only an int becomes another type, a float.
    """
    if isinstance(declared, ir.FloatType) and is_numeric(expr):
        return to_float(expr)
    if type(expr.type) is type(declared) and (
        not isinstance(declared, ir.EnumType | ir.ObjectType) or expr.type == declared
    ):
        return expr
    raise RuleError(
        f"declared as {describe(declared)}, but the value is {describe(expr.type)}",
        span=expr.span,
    )
