"""What an expression means for one case: the specification, in plain Python.

Every node is one operation, rounded once; what is unknown is None.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from rules.engines.values import Value, canonical
from rules.language import ir

__all__ = ["Values", "conjunction", "disjunction", "truth", "value"]

Values: TypeAlias = Mapping[str, Value | None]


def truth(expr: ir.Expr, values: Values) -> bool | None:
    """Whether a condition holds; None is unknown.

    Args:
        expr: an expression of type bool.
        values: of the inputs and derived names that it reads.
    """
    result = value(expr, values)
    if result is None or isinstance(result, bool):
        return result
    raise TypeError(f"found {result!r}, expected a truth")


def value(expr: ir.Expr, values: Values) -> Value | None:
    """The value of an expression; None is unknown. Arguments as for `truth`."""
    match expr:
        case ir.Const(value=constant):
            return canonical(constant) if isinstance(constant, float) else constant
        case ir.Ref(name=name):
            return values[name]
        case ir.Not(operand=operand):
            held = truth(operand, values)
            return None if held is None else not held
        case ir.And(operands=operands):
            return conjunction(truth(operand, values) for operand in operands)
        case ir.Or(operands=operands):
            return disjunction(truth(operand, values) for operand in operands)
        case ir.IsUnknown(operand=operand):
            return value(operand, values) is None
        case ir.Choose(condition=condition, then=then, otherwise=otherwise):
            held = truth(condition, values)
            return None if held is None else value(then if held else otherwise, values)
        case _:
            return _apply(expr, values)


def _apply(expr: ir.Expr, values: Values) -> Value | None:
    """Nodes that are unknown as soon as one operand is."""
    operands: tuple[ir.Expr, ...]
    operation: Callable[..., Value]
    match expr:
        case ir.ToFloat(operand=operand):
            operation, operands = _CONVERT, (operand,)
        case ir.Compare(op=op, left=left, right=right):
            operation, operands = _COMPARE[op], (left, right)
        case ir.Arithmetic(op=op, left=left, right=right):
            operation, operands = _ARITHMETIC[op], (left, right)
        case ir.Call(function=function, arguments=arguments):
            operation, operands = _CALL[function], arguments
        case _:
            raise TypeError(f"found {expr!r}, expected an expression of rules.language.ir")
    known = [value(operand, values) for operand in operands]
    if None in known:
        return None
    try:
        result = operation(*known)
    except ZeroDivisionError:
        return None
    return canonical(result) if isinstance(result, float) else result


def conjunction(truths: Iterable[bool | None]) -> bool | None:
    """Kleene's strong conjunction."""
    seen = set(truths)
    return False if False in seen else None if None in seen else True


def disjunction(truths: Iterable[bool | None]) -> bool | None:
    """Kleene's strong disjunction."""
    seen = set(truths)
    return True if True in seen else None if None in seen else False


_CONVERT: Callable[..., float] = float
_COMPARE: Mapping[str, Callable[..., bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}
# Python's own operators on float32 values: float64 arithmetic, then rounded once more by
# `canonical`, which is float32 arithmetic (see there). Python's `%` has the divisor's sign,
# its `round` rounds half to even.
_ARITHMETIC: Mapping[str, Callable[..., float | int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "mod": operator.mod,
}
_CALL: Mapping[str, Callable[..., float | int]] = {
    "min": min,
    "max": max,
    "abs": abs,
    "floor": lambda number: float(math.floor(number)),
    "ceil": lambda number: float(math.ceil(number)),
    "round": lambda number: float(round(number)),
}
