"""Walking through typed expressions."""

from __future__ import annotations

from collections.abc import Iterator

from rules.language import ir

__all__ = ["children", "names", "walk"]


def children(expr: ir.Expr) -> tuple[ir.Expr, ...]:
    """The direct subexpressions, in the order of the text."""
    match expr:
        case ir.ToFloat() | ir.Not() | ir.IsUnknown():
            return (expr.operand,)
        case ir.Arithmetic() | ir.Compare():
            return (expr.left, expr.right)
        case ir.Call():
            return expr.arguments
        case ir.Choose():
            return (expr.condition, expr.then, expr.otherwise)
        case ir.And() | ir.Or():
            return expr.operands
        case ir.Ref():
            return expr.arguments
        case ir.Quantified():
            return (expr.body,)
        case ir.Aggregate():
            return (expr.body,) if expr.where is None else (expr.where, expr.body)
        case _:
            return ()


def walk(expr: ir.Expr) -> Iterator[ir.Expr]:
    """The expression and everything below it, parents first."""
    pending = [expr]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(reversed(children(node)))


def names(expr: ir.Expr) -> frozenset[str]:
    """The params, inputs and derived names that an expression reads itself."""
    return frozenset(node.name for node in walk(expr) if isinstance(node, ir.Ref))
