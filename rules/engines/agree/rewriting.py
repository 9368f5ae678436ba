"""Smaller expressions of the same type, one step at a time, the biggest steps first."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rules.language import ir
from rules.language.walk import children

__all__ = ["constants", "free_variables", "rewritten", "simpler"]


def simpler(expr: ir.Expr) -> Iterator[ir.Expr]:
    """Expressions with something left out, well typed where the given one is."""
    if isinstance(expr, ir.Variable):
        return
    plain = constants(expr.type)
    yield from plain[: plain.index(expr)] if expr in plain else plain
    yield from _parts(expr)
    yield from _fewer(expr)
    if isinstance(expr, ir.Ref):
        return
    for index, child in enumerate(children(expr)):
        for smaller in simpler(child):
            yield _with_child(expr, index, smaller)


def constants(type_: ir.Type) -> tuple[ir.Expr, ...]:
    """The plainest values of a type, the plainest first."""
    match type_:
        case ir.BoolType():
            return (ir.Const(value=True, type=ir.BOOL), ir.Const(value=False, type=ir.BOOL))
        case ir.FloatType():
            return tuple(ir.Const(value=value, type=ir.FloatType()) for value in (0.0, 1.0))
        case ir.IntType() | ir.DateType():
            plain = ir.IntType() if isinstance(type_, ir.IntType) else type_
            return tuple(ir.Const(value=value, type=plain) for value in (0, 1))
        case ir.EnumType(members=members):
            return (ir.Const(value=members[0], type=type_),)
        case _:
            return ()


def free_variables(expr: ir.Expr) -> frozenset[str]:
    """The names of the variables that nothing in the expression binds."""
    if isinstance(expr, ir.Variable):
        return frozenset({expr.name})
    free = frozenset[str]().union(*map(free_variables, children(expr)))
    if isinstance(expr, ir.Quantified | ir.Aggregate):
        return free - {item.name for item in expr.bindings}
    return free


def rewritten(expr: ir.Expr, change: Callable[[ir.Expr], ir.Expr]) -> ir.Expr:
    """The expression with a change made to every part, the innermost first."""
    for index, child in enumerate(children(expr)):
        changed = rewritten(child, change)
        if changed is not child:
            expr = _with_child(expr, index, changed)
    return change(expr)


def _parts(expr: ir.Expr) -> Iterator[ir.Expr]:
    """Operands that can stand in place of the whole."""
    if isinstance(expr, ir.Ref):
        return
    free = free_variables(expr)
    for child in children(expr):
        same = child.type == expr.type or _is_number(child.type, expr.type)
        if same and free_variables(child) <= free:
            yield child


def _is_number(left: ir.Type, right: ir.Type) -> bool:
    """Whether both are floats or both are ints, of whatever bounds."""
    return type(left) is type(right) and isinstance(left, ir.FloatType | ir.IntType)


def _fewer(expr: ir.Expr) -> Iterator[ir.Expr]:
    """The same kind of expression with an operand, a variable or a condition less."""
    match expr:
        case ir.And(operands=operands) | ir.Or(operands=operands) if len(operands) > 2:
            for kept in _without_one(operands):
                yield dataclasses.replace(expr, operands=tuple(kept))
        case ir.Call(arguments=arguments) if len(arguments) > 2:
            for kept in _without_one(arguments):
                yield dataclasses.replace(expr, arguments=tuple(kept))
        case ir.Quantified(bindings=bindings) | ir.Aggregate(bindings=bindings):
            if isinstance(expr, ir.Aggregate) and expr.where is not None:
                yield dataclasses.replace(expr, where=None)
            used = frozenset[str]().union(*map(free_variables, children(expr)))
            for item in bindings:
                if len(bindings) > 1 and item.name not in used:
                    left = tuple(other for other in bindings if other != item)
                    yield dataclasses.replace(expr, bindings=left)


def _without_one(items: Sequence[ir.Expr]) -> Iterator[list[ir.Expr]]:
    for index in range(len(items)):
        yield [item for place, item in enumerate(items) if place != index]


def _with_child(expr: ir.Expr, index: int, child: ir.Expr) -> ir.Expr:
    """The expression with another direct subexpression, flat where it was."""
    match expr:
        case ir.ToFloat() | ir.Not() | ir.IsUnknown():
            return dataclasses.replace(expr, operand=child)
        case ir.Arithmetic() | ir.Compare():
            return _replaced(expr, ("left", "right")[index], child)
        case ir.Choose():
            return _replaced(expr, ("condition", "then", "otherwise")[index], child)
        case ir.Quantified():
            return dataclasses.replace(expr, body=child)
        case ir.Aggregate(where=where):
            return _replaced(expr, "body" if where is None or index else "where", child)
        case ir.And(operands=operands) | ir.Or(operands=operands):
            inner = child.operands if isinstance(child, type(expr)) else (child,)
            return dataclasses.replace(
                expr, operands=(*operands[:index], *inner, *operands[index + 1 :])
            )
        case ir.Call(arguments=arguments):
            changed = (*arguments[:index], child, *arguments[index + 1 :])
            return dataclasses.replace(expr, arguments=changed)
        case ir.Ref(arguments=arguments):
            assert isinstance(child, ir.Variable | ir.Const)
            return dataclasses.replace(
                expr, arguments=(*arguments[:index], child, *arguments[index + 1 :])
            )
    raise TypeError(f"found {expr!r}, which has no parts")


def _replaced(expr: ir.Expr, field: str, value: Any) -> ir.Expr:
    return dataclasses.replace(expr, **{field: value})
