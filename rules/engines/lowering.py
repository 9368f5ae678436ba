"""Expressions over whole columns: the IR lowered to element-wise primitives.

A float carries its own unknown: NaN, which arithmetic hands on and which no comparison
holds for. Whole numbers and enum codes carry a mask, truths are pairs (see `kleene.py`).

Two properties of the arithmetic here are load-bearing, and tested under jit:

* Every result is replaced by 0 when tiny and by NaN when not finite before anything uses
  it. That is the number contract; it also gives each product two users, so that LLVM does
  not contract `a * b + c` into a fused multiply-add, which would round once, not twice.
* XLA turns `x / constant` into `x * (1 / constant)`, which rounds differently, and looks
  through an optimization barrier to do so. A divisor that depends on the dividend, if only
  where that is NaN, is no constant.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from rules.engines import kleene
from rules.engines.array_ops import Array, ArrayOps
from rules.engines.kleene import Truth
from rules.engines.values import FLOAT_MAX, INT_MISSING, TINY, canonical
from rules.language import ir

__all__ = ["Code", "Lowering"]

ZERO, NAN = np.float32(0), np.float32(np.nan)


class Code(NamedTuple):
    """Whole numbers or enum codes: int32 `[...]` and where they are known (None: always)."""

    value: Array
    known: Array | None


Lowered: TypeAlias = Any  # Truth for bool, Code for int and enum, float32 [...] for float


class Lowering:
    """The expressions of one rule set over one batch, each computed once.

    Args:
        ruleset: a checked rule set.
        columns: by input name, all of one shape `[...]`, of the dtypes that
            `rules.cases.encode` makes, or bool.
        ops: the primitives to compute with.
    """

    def __init__(self, ruleset: ir.Ruleset, columns: Mapping[str, Array], ops: ArrayOps) -> None:
        self.ops = ops
        self._columns = columns
        self._names: dict[str, ir.Input | ir.Derived] = {
            **{item.name: item for item in ruleset.inputs},
            **{item.name: item for item in ruleset.derived},
        }
        self._memo: dict[ir.Expr | str, Lowered] = {}
        self._unknown: dict[ir.Expr, Array | None] = {}
        # In the order of dependence, so that a chain of any length needs no deep recursion.
        for item in ruleset.derived:
            self.name(item.name)

    def truth(self, expr: ir.Expr) -> Truth:
        """The truth of a condition, `[...]`."""
        truth = self.lower(expr)
        assert isinstance(truth, Truth)
        return truth

    def lower(self, expr: ir.Expr) -> Lowered:
        """The value of an expression, `[...]` or a scalar: Truth, Code or float32 array."""
        if expr not in self._memo:
            self._memo[expr] = self._lower(expr)
        return self._memo[expr]

    def name(self, name: str) -> Lowered:
        """The value of an input or a derived name, as `lower` gives it."""
        if name not in self._memo:
            self._memo[name] = self._define(self._names[name])
        return self._memo[name]

    def unknown(self, expr: ir.Expr) -> Array | None:
        """Bool `[...]`, where an expression is unknown; None when it is nowhere."""
        if isinstance(expr, ir.Const):
            return None
        if expr not in self._unknown:
            self._unknown[expr] = self._where_unknown(self.lower(expr))
        return self._unknown[expr]

    def _where_unknown(self, lowered: Lowered) -> Array | None:
        match lowered:
            case Truth():
                return kleene.unknown(self.ops, lowered)
            case Code(known=known):
                return None if known is None else self.ops.invert(known)
            case _:
                return self.ops.not_equal(lowered, lowered)

    def encoded(self, name: str) -> Array:
        """A derived value as a column: NaN, -2**31 or -1 where it is unknown."""
        ops, lowered, type_ = self.ops, self.name(name), self._names[name].type
        match lowered:
            case Truth(true=true, possible=possible):
                absent: Array = np.int8(0)
                if possible is not None:
                    absent = ops.select(possible, np.int8(-1), np.int8(0))
                return ops.select(true, np.int8(1), absent)
            case Code(value=value, known=known):
                missing = np.int32(INT_MISSING if isinstance(type_, ir.IntType) else -1)
                return value if known is None else ops.select(known, value, missing)
            case _:
                return lowered

    # ------------------------------------------------------------------ names

    def _define(self, item: ir.Input | ir.Derived) -> Lowered:
        if isinstance(item, ir.Input):
            return self._input(item.type, self._columns[item.name])
        if isinstance(item.type, ir.BoolType):
            return kleene.any_of(self.ops, [self.truth(clause) for clause in item.clauses])
        return self._bounded(item.type, self.lower(item.clauses[0]))

    def _input(self, type_: ir.Type, column: Array) -> Lowered:
        ops = self.ops
        match type_:
            case ir.BoolType():
                if column.dtype == np.bool_:
                    return Truth(column, None)
                return Truth(ops.less(np.int8(0), column), ops.not_equal(column, np.int8(0)))
            case ir.EnumType(members=members):
                code = ops.convert(column, np.int32)
                known = self._between(code, np.int32(0), np.int32(len(members) - 1))
                return Code(code, known)
            case ir.IntType(low=low, high=high):
                return Code(column, self._between(column, np.int32(low), np.int32(high)))
            case ir.FloatType():
                return self._bounded(type_, self._canonical(column))

    def _bounded(self, type_: ir.Type, lowered: Lowered) -> Lowered:
        ops = self.ops
        match type_:
            case ir.IntType(low=low, high=high) if type_ != ir.IntType():
                inside = self._between(lowered.value, np.int32(low), np.int32(high))
                return Code(lowered.value, self._both_known(lowered.known, inside))
            case ir.FloatType(low=low, high=high) if low is not None or high is not None:
                inside = None
                if low is not None:
                    above = ops.less if type_.low_open else ops.less_equal
                    inside = above(_constant(low), lowered)
                if high is not None:
                    below = ops.less if type_.high_open else ops.less_equal
                    inside = self._both_known(inside, below(lowered, _constant(high)))
                return ops.select(inside, lowered, NAN)
            case _:
                return lowered

    def _between(self, value: Array, low: Array, high: Array) -> Array:
        ops = self.ops
        return ops.conjoin(ops.less_equal(low, value), ops.less_equal(value, high))

    def _both_known(self, left: Array | None, right: Array | None) -> Array | None:
        if left is None or right is None:
            return right if left is None else left
        return self.ops.conjoin(left, right)

    # ------------------------------------------------------------ expressions

    def _lower(self, expr: ir.Expr) -> Lowered:
        ops = self.ops
        match expr:
            case ir.Const(value=value, type=type_):
                return _literal(value, type_)
            case ir.Ref(name=name):
                return self.name(name)
            case ir.ToFloat(operand=operand):
                return self._to_float(self.lower(operand))
            case ir.Arithmetic(op=op, left=left, right=right):
                return self._arithmetic(op, self.lower(left), self.lower(right))
            case ir.Call(function=function, arguments=arguments):
                return self._call(function, [self.lower(argument) for argument in arguments])
            case ir.Choose(condition=condition, then=then, otherwise=otherwise):
                return self._choose(self.truth(condition), self.lower(then), self.lower(otherwise))
            case ir.Compare(op=op, left=left, right=right):
                return self._compare(op, left, right)
            case ir.And(operands=operands):
                return kleene.all_of(ops, [self.truth(operand) for operand in operands])
            case ir.Or(operands=operands):
                return kleene.any_of(ops, [self.truth(operand) for operand in operands])
            case ir.Not(operand=operand):
                return kleene.negation(ops, self.truth(operand))
            case ir.IsUnknown(operand=operand):
                unknown = self.unknown(operand)
                return Truth(np.bool_(False) if unknown is None else unknown, None)

    def _canonical(self, result: Array) -> Array:
        ops = self.ops
        magnitude = ops.absolute(result)
        finite = ops.select(ops.less_equal(magnitude, np.float32(FLOAT_MAX)), result, NAN)
        return ops.select(ops.less_equal(magnitude, np.float32(TINY)), ZERO, finite)

    def _to_float(self, code: Code) -> Array:
        value = self.ops.convert(code.value, np.float32)
        return value if code.known is None else self.ops.select(code.known, value, NAN)

    def _arithmetic(self, op: str, left: Lowered, right: Lowered) -> Lowered:
        ops = self.ops
        if not isinstance(left, Code):
            if op == "/":
                right = ops.select(ops.equal(left, left), right, NAN)
                return self._canonical(ops.divide(left, right))
            return self._canonical(self._operation(op)(left, right))
        known = self._both_known(left.known, right.known)
        if op != "mod":
            return Code(self._operation(op)(left.value, right.value), known)
        zero = ops.equal(right.value, np.int32(0))
        divisor = ops.select(zero, np.int32(1), right.value)
        return Code(ops.modulo(left.value, divisor), self._both_known(known, ops.invert(zero)))

    def _operation(self, op: str) -> Any:
        return {"+": self.ops.add, "-": self.ops.subtract, "*": self.ops.multiply}[op]

    def _call(self, function: str, arguments: list[Lowered]) -> Lowered:
        ops = self.ops
        if function in ("min", "max"):
            return functools.reduce(functools.partial(self._extreme, function), arguments)
        (argument,) = arguments
        if function == "abs":
            if isinstance(argument, Code):
                return Code(ops.absolute(argument.value), argument.known)
            # Not `absolute`: its derivative `sign(x) * dx` is NaN where x is unknown.
            return ops.select(ops.less(argument, ZERO), ops.negate(argument), argument)
        return self._canonical(
            {"floor": ops.floor, "ceil": ops.ceil, "round": ops.round}[function](argument)
        )

    def _extreme(self, function: str, left: Lowered, right: Lowered) -> Lowered:
        ops = self.ops
        before = ops.less_equal if function == "min" else (lambda a, b: ops.less_equal(b, a))
        if isinstance(left, Code):
            value = ops.select(before(left.value, right.value), left.value, right.value)
            return Code(value, self._both_known(left.known, right.known))
        # Where neither is before the other, one is NaN, and so must be the result.
        other = ops.select(before(right, left), right, NAN)
        return ops.select(before(left, right), left, other)

    def _choose(self, condition: Truth, then: Lowered, otherwise: Lowered) -> Lowered:
        ops = self.ops
        if isinstance(then, Truth):
            return kleene.choice(ops, condition, then, otherwise)
        if isinstance(then, Code):
            value = ops.select(condition.true, then.value, otherwise.value)
            known = kleene.known(ops, condition)
            if then.known is not None or otherwise.known is not None:
                both = [np.bool_(True) if k is None else k for k in (then.known, otherwise.known)]
                known = self._both_known(known, ops.select(condition.true, *both))
            return Code(value, known)
        if condition.possible is not None:
            otherwise = ops.select(condition.possible, NAN, otherwise)
        return ops.select(condition.true, then, otherwise)

    def _compare(self, op: str, left: ir.Expr, right: ir.Expr) -> Truth:
        ops = self.ops
        if op in (">", ">="):
            return self._compare(op.replace(">", "<"), right, left)
        if op == "!=":
            return kleene.negation(ops, self._compare("=", left, right))
        if isinstance(left.type, ir.BoolType):
            return kleene.equivalent(ops, self.truth(left), self.truth(right))
        true = self._holds(op, self.lower(left), self.lower(right))
        possible: Array | None = None
        for unknown in (self.unknown(left), self.unknown(right)):
            if unknown is not None:
                possible = ops.disjoin(true if possible is None else possible, unknown)
        return Truth(true, possible)

    def _holds(self, op: str, left: Lowered, right: Lowered) -> Array:
        compare = {"<": self.ops.less, "<=": self.ops.less_equal, "=": self.ops.equal}[op]
        if not isinstance(left, Code):
            return compare(left, right)  # False where a side is NaN
        holds = compare(left.value, right.value)
        known = self._both_known(left.known, right.known)
        return holds if known is None else self.ops.conjoin(known, holds)


def _constant(number: float) -> np.float32:
    value = canonical(number)
    return NAN if value is None else np.float32(value)


def _literal(value: float | int | bool | str, type_: ir.Type) -> Lowered:
    match type_:
        case ir.BoolType():
            return Truth(np.bool_(value), None)
        case ir.EnumType(members=members):
            return Code(np.int32(members.index(str(value))), None)
        case ir.IntType():
            return Code(np.int32(value), None)
        case ir.FloatType():
            return _constant(float(value))
