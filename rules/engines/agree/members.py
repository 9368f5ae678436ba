"""Random dates and members of lists."""

from __future__ import annotations

from rules.engines.agree import numbers, truths
from rules.engines.agree.scope import Scope
from rules.engines.agree.vocabulary import DATE, DAYS, INT
from rules.language import ir

__all__ = ["day", "member", "member_of"]

DAY_STEPS = 10_000  # what may be added to a date without leaving int32


def day(scope: Scope, depth: int, *, shown: bool = False) -> ir.Expr:
    """A date; `shown` asks for one that reads a name."""
    if not shown and (depth <= 0 or scope.random.random() < 0.4):
        return ir.Const(value=scope.random.choice(DAYS), type=DATE)
    date = scope.read(ir.DateType)
    if depth <= 0 or not scope.calculates or scope.random.random() < 0.4:
        return date
    step = numbers.whole(scope, depth - 1)
    if max(abs(step.low), abs(step.high)) > DAY_STEPS:
        number = scope.random.choice((30, 1, 7, 10_000))
        step = numbers.Bounded(expr=ir.Const(value=number, type=INT), low=number, high=number)
    moved = ir.Arithmetic(op=scope.random.choice("+-"), left=date, right=step.expr, type=DATE)
    if scope.random.random() < 0.8:
        return moved
    other = day(scope, depth - 1)
    return ir.Choose(condition=truths.truth(scope, 0), then=moved, otherwise=other, type=DATE)


def member(scope: Scope, depth: int) -> ir.Expr:
    """A member of a list whose text tells which list."""
    bound = [item for item in scope.variables if isinstance(item.type, ir.EnumType)]
    name: ir.Expr
    if bound and scope.random.random() < 0.5:
        name = scope.random.choice(bound)
    else:
        name = scope.read(ir.EnumType)
    if depth <= 0 or scope.random.random() < 0.6:
        return name
    other = member_of(scope, name.type, depth - 1)
    sides = (name, other) if scope.random.random() < 0.5 else (other, name)
    return ir.Choose(
        condition=truths.truth(scope, depth - 1), then=sides[0], otherwise=sides[1], type=name.type
    )


def member_of(scope: Scope, type_: ir.Type, depth: int) -> ir.Expr:
    """A member of the list."""
    assert isinstance(type_, ir.EnumType)
    if depth > 0 and scope.random.random() < 0.3:
        then, otherwise = member_of(scope, type_, depth - 1), member_of(scope, type_, depth - 1)
        return ir.Choose(
            condition=truths.truth(scope, depth - 1), then=then, otherwise=otherwise, type=type_
        )
    if scope.random.random() < 0.4:
        try:
            return scope.read(ir.EnumType, type_=type_)
        except LookupError:
            pass
    return ir.Const(value=scope.random.choice(type_.members), type=type_)
