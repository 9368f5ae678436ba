"""Comparisons of typed operands."""

from __future__ import annotations

from rules.checks.promotion import is_numeric, unify
from rules.checks.scope import describe
from rules.errors import RuleError
from rules.language import ir
from rules.language.ir import Type

__all__ = ["comparable", "compare", "require_ordered", "within"]


def comparable(left: Type, right: Type) -> bool:
    """Whether values of two types can be compared, or be the branches of one choice."""
    for kinds in ((ir.FloatType, ir.IntType), (ir.DateType,)):
        if isinstance(left, kinds) and isinstance(right, kinds):
            return True
    return left == right


def compare(op: str, left: ir.Expr, right: ir.Expr, span: ir.Span) -> ir.Compare:
    """`left op right`.

    Raises:
        RuleError: the operands are of different kinds, or of one that has no order.
    """
    if not comparable(left.type, right.type):
        raise RuleError(
            f"cannot compare {describe(left.type)} with {describe(right.type)}",
            span=span,
            hint=_incomparable(left, right) or _incomparable(right, left),
        )
    if op not in ("=", "!="):
        require_ordered(left, op)
    left, right = unify(left, right)
    return ir.Compare(op=op, left=left, right=right, span=span)


def within(operand: ir.Expr, low: ir.Expr, high: ir.Expr, span: ir.Span) -> ir.And:
    """`operand in low..high`.

    Raises:
        RuleError: no numbers or dates, or an empty range.
    """
    for part in (operand, low, high):
        require_ordered(part, "in")
    match low, high:
        case ir.Const(value=least), ir.Const(value=most) if float(least) > float(most):
            raise RuleError("this range is empty", span=span, hint="the smaller bound comes first")
    above = compare(">=", operand, low, span)
    below = compare("<=", operand, high, span)
    return ir.And(operands=(above, below), span=span)


def require_ordered(expr: ir.Expr, op: str) -> None:
    """Refuses to order what has no order.

    Raises:
        RuleError: the operand is no number and no date.
    """
    if is_numeric(expr) or isinstance(expr.type, ir.DateType):
        return
    hint = "only = and != (or in {...}) compare other values"
    if isinstance(expr.type, ir.ObjectType):
        hint = "objects are the same or not: = and !=; order what is known about them"
    raise RuleError(
        f"{op} needs numbers or dates, this is {describe(expr.type)}", span=expr.span, hint=hint
    )


def _incomparable(value: ir.Expr, other: ir.Expr) -> str | None:
    match value.type, other:
        case ir.EnumType(members=members), ir.Const(value=literal) if str(literal) in members:
            return f'put the member in quotes: "{literal}"'
        case ir.BoolType(), _ if isinstance(value, ir.Ref):
            name = value.name
            return f"{name} is true or false: write {name}, not {name} or {name} = true"
        case ir.BoolType(), _ if isinstance(value, ir.Quantified | ir.Compare | ir.And | ir.Or):
            return "put the left side in parentheses if it is to be compared as a whole"
        case ir.DateType(), ir.Const(type=ir.IntType()):
            return "a date is compared with a date: 2026-01-31, or signed_on + 30 days"
        case ir.ObjectType(), _ if isinstance(other.type, ir.ObjectType):
            return "objects of two entities are never the same"
        case ir.ObjectType(entity=entity), _:
            return f"objects of {entity} are compared with each other only"
    return None
