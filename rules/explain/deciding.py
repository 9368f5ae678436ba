"""Which parts of an expression make its value what it is."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from rules.engines.semantics import Bound, Facts, conjunction, rows, truth, value
from rules.language import ir

__all__ = ["Part", "deciding", "operands"]

PERHAPS = "may not be there"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Part:
    """An expression below another.

    Attributes:
        expr: the part.
        bound: what its free variables stand for.
        objects: those of them that the expression above binds.
        note: what is to be said about them.
    """

    expr: ir.Expr
    bound: Bound
    objects: Bound = dataclasses.field(default_factory=dict)
    note: str | None = None


def deciding(expr: ir.Expr, bound: Bound, facts: Facts) -> list[Part]:
    """The parts that decide the value of an expression, in the order of text and objects.

    All operands where each counts; of `and`, `or`, `some` and `all` those that alone make it
    what it is, and of these one object; of an aggregate what counts, or keeps it unknown.
    """
    match expr:
        case ir.And() | ir.Or():
            held = truth(expr, facts, bound)
            return [
                Part(expr=operand, bound=bound)
                for operand in expr.operands
                if truth(operand, facts, bound) is held
            ]
        case ir.Choose(condition=condition, then=then, otherwise=otherwise):
            held = truth(condition, facts, bound)
            chosen = () if held is None else (then,) if held else (otherwise,)
            return [Part(expr=part, bound=bound) for part in (condition, *chosen)]
        case ir.Quantified(body=body):
            parts = list(_of_quantified(expr, bound, facts))
            # Objects that fail by little tell more than those that fail by everything.
            return sorted(parts, key=lambda part: len(_failing(body, part.bound, facts)))
        case ir.Aggregate():
            return list(_of_aggregate(expr, bound, facts))
        case _:
            return [Part(expr=part, bound=bound) for part in operands(expr)]


def operands(expr: ir.Expr) -> Sequence[ir.Expr]:
    """The operands of an operation."""
    match expr:
        case ir.Not(operand=operand) | ir.IsUnknown(operand=operand) | ir.ToFloat(operand=operand):
            return (operand,)
        case ir.Compare(left=left, right=right) | ir.Arithmetic(left=left, right=right):
            return (left, right)
        case ir.Call(arguments=arguments):
            return arguments
        case _:
            return ()


def _failing(body: ir.Expr, bound: Bound, facts: Facts) -> Sequence[Part]:
    return deciding(body, bound, facts) if isinstance(body, ir.And | ir.Or) else ()


def _part(expr: ir.Expr, bindings: Sequence[ir.Binding], row: Bound, present: bool | None) -> Part:
    objects = {item.name: row[item.name] for item in bindings}
    note = PERHAPS if present is None else None
    return Part(expr=expr, bound=row, objects=objects, note=note)


def _of_quantified(expr: ir.Quantified, bound: Bound, facts: Facts) -> Iterator[Part]:
    held, some = truth(expr, facts, bound), expr.kind == "some"
    for row, present in rows(expr.bindings, facts, bound):
        found = truth(expr.body, facts, row)
        # Whether the row is one that counts for `some` (or, turned round, against `all`).
        counts = conjunction((present, found if some or found is None else not found))
        if counts is held if some else counts is (None if held is None else not held):
            yield _part(expr.body, expr.bindings, row, present)
            if held is some:
                return  # one witness is enough


def _of_aggregate(expr: ir.Aggregate, bound: Bound, facts: Facts) -> Iterator[Part]:
    condition = expr.body if expr.function == "count" else expr.where
    known = value(expr, facts, bound) is not None
    for row, present in rows(expr.bindings, facts, bound):
        met = True if condition is None else truth(condition, facts, row)
        counts = conjunction((present, met))
        if counts is None and not known:
            unknown = expr.body if condition is None or met is not None else condition
            yield _part(unknown, expr.bindings, row, present)
        elif counts and (known or value(expr.body, facts, row) is None):
            yield _part(expr.body, expr.bindings, row, present)
