"""Arithmetic as the processor does it, bit by bit, for z3."""

from __future__ import annotations

from collections.abc import Sequence

import z3

from rules.checks.solver.concrete import operation_name
from rules.checks.solver.formulas import Formula
from rules.checks.solver.numbers import BITS
from rules.checks.solver.space import Number
from rules.engines.values import TINY
from rules.language import ir

__all__ = ["float_tie", "int_tie"]

_SIGN = z3.BitVecVal(1 << (BITS - 1), BITS)
_WIDE = 2 * BITS  # no operation on two ints of 32 bits overflows 64


def float_tie(
    node: ir.Expr, operands: Sequence[Number], result: Number, defined: Formula
) -> z3.BoolRef:
    """The result, and whether there is one, in IEEE 754 with the zeros of docs/numbers.md."""
    number, exists = _float_result(node, operands)
    zero, tiny = z3.FPVal(0.0, z3.Float32()), z3.FPVal(TINY, z3.Float32())
    there = z3.And(exists, z3.Not(z3.fpIsInf(number)), z3.Not(z3.fpIsNaN(number)))
    held = z3.If(z3.fpLEQ(z3.fpAbs(number), tiny), zero, number)
    return z3.And(defined == there, z3.Implies(there, _float(result) == held))


def _float_result(node: ir.Expr, operands: Sequence[Number]) -> tuple[z3.FPRef, z3.BoolRef]:
    """The result in IEEE 754, and whether the operation is allowed."""
    nearest, always = z3.RNE(), z3.BoolVal(True)
    if isinstance(node, ir.ToFloat):
        return z3.fpSignedToFP(nearest, operands[0].key(), z3.Float32()), always
    left = _float(operands[0])
    match operation_name(node):
        case "floor":
            return z3.fpRoundToIntegral(z3.RTN(), left), always
        case "ceil":
            return z3.fpRoundToIntegral(z3.RTP(), left), always
        case "round":
            return z3.fpRoundToIntegral(nearest, left), always
    right = _float(operands[1])
    match operation_name(node):
        case "+":
            return z3.fpAdd(nearest, left, right), always
        case "-":
            return z3.fpSub(nearest, left, right), always
        case "*":
            return z3.fpMul(nearest, left, right), always
        case _:
            return z3.fpDiv(nearest, left, right), z3.Not(z3.fpIsZero(right))


def _float(number: Number) -> z3.FPRef:
    key = number.key()
    return z3.fpBVToFP(z3.If(key >= 0, key, _SIGN - key), z3.Float32())


def int_tie(
    node: ir.Expr, operands: Sequence[Number], result: Number, defined: Formula
) -> z3.BoolRef:
    """The same of ints and dates, in vectors wide enough for any result."""
    left, right = (z3.SignExt(_WIDE - BITS, item.key()) for item in operands)
    exists = z3.BoolVal(True)
    match operation_name(node).removeprefix("date "):
        case "+":
            wide = left + right
        case "-":
            wide = left - right
        case "*":
            wide = left * right
        case _:
            wide = left % right  # with the sign of the divisor, as in Python
            exists = right != 0
    if isinstance(node.type, ir.DateType):
        exists = z3.And(wide >= node.type.low, wide <= node.type.high)
    held = z3.SignExt(_WIDE - BITS, result.key()) == wide
    return z3.And(defined == exists, z3.Implies(exists, held))
