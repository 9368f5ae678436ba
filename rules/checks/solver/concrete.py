"""Operations on settled numbers, by the specification itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from types import MappingProxyType

from rules.checks.solver.keys import to_value
from rules.checks.solver.numbers import constant
from rules.checks.solver.space import Number
from rules.engines.semantics import value
from rules.engines.world import World
from rules.language import ir
from rules.language.walk import children

__all__ = ["compute", "operation_name"]

_NOWHERE = World(objects=MappingProxyType({}), values=MappingProxyType({}))


def operation_name(node: ir.Expr) -> str:
    """What tells operations apart."""
    match node:
        case ir.Arithmetic(op=op, type=ir.DateType()):
            return f"date {op}"
        case ir.Arithmetic(op=op):
            return op
        case ir.Call(function=function):
            return function
        case _:
            return "to float"


def compute(node: ir.Expr, operands: Sequence[Number], keys: Sequence[int]) -> int | None:
    """The key of the result for operands with these keys; None where there is none."""
    parts = [
        ir.Const(value=to_value(key, is_float=item.is_float), type=part.type)
        for key, item, part in zip(keys, operands, children(node), strict=True)
    ]
    result = value(_with_operands(node, parts), _NOWHERE)
    return None if result is None else constant(result).value


def _with_operands(node: ir.Expr, parts: Sequence[ir.Expr]) -> ir.Expr:
    match node:
        case ir.Arithmetic():
            return dataclasses.replace(node, left=parts[0], right=parts[1])
        case ir.Call():
            return dataclasses.replace(node, arguments=tuple(parts))
        case ir.ToFloat():
            return dataclasses.replace(node, operand=parts[0])
        case _:
            raise TypeError(f"found {node!r}, expected an operation on numbers")
