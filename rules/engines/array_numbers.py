"""Numbers over whole columns: the number contract, element by element.

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
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rules.engines import kleene
from rules.engines.array_ops import Array, ArrayOps
from rules.engines.kleene import Truth
from rules.engines.lowered import Code, Lowered
from rules.engines.values import FLOAT_MAX, INT_MISSING, TINY, canonical
from rules.language import ir

__all__ = ["Numbers", "both", "encoded", "literal", "text_codes", "where_unknown"]

ZERO, NAN = np.float32(0), np.float32(np.nan)
SHORT = 2**24


def both(ops: ArrayOps, left: Array | None, right: Array | None) -> Array | None:
    """Where both masks hold; None holds everywhere."""
    if left is None or right is None:
        return right if left is None else left
    return ops.conjoin(left, right)


def where_unknown(ops: ArrayOps, lowered: Lowered) -> Array | None:
    """Bool `[...]`, where a value is unknown; None when it is nowhere."""
    match lowered:
        case Truth():
            return kleene.unknown(ops, lowered)
        case Code(known=known):
            return None if known is None else ops.invert(known)
        case _:
            return ops.not_equal(lowered, lowered)


def text_codes(ruleset: ir.Ruleset) -> Mapping[str, int]:
    """The codes of the texts in a rule set."""
    if not any(isinstance(type_, ir.StringType) for type_ in ruleset.types.values()):
        return {}
    from rules.encoding.texts import texts  # with pyarrow, which most rule sets do without

    return {text: code for code, text in enumerate(texts(ruleset))}


def literal(value: float | int | bool | str, type_: ir.Type, codes: Mapping[str, int]) -> Lowered:
    """A constant as scalars; `codes` are those of texts."""
    match type_:
        case ir.BoolType():
            return Truth(np.bool_(value), None)
        case ir.EnumType(members=members):
            return Code(np.int32(members.index(str(value))), None)
        case ir.StringType():
            return Code(np.int32(codes[str(value)]), None)
        case ir.FloatType():
            return _constant(float(value))
        case _:
            return Code(np.int32(value), None)


def encoded(ops: ArrayOps, type_: ir.Type, lowered: Lowered) -> Array:
    """A value as a column: NaN, -2**31 or -1 where it is unknown."""
    match lowered:
        case Truth(true=true, possible=possible):
            absent: Array = np.int8(0)
            if possible is not None:
                absent = ops.select(possible, np.int8(-1), np.int8(0))
            return ops.select(true, np.int8(1), absent)
        case Code(value=value, known=known):
            numeric = isinstance(type_, ir.IntType | ir.DateType)
            missing = np.int32(INT_MISSING if numeric else -1)
            return value if known is None else ops.select(known, value, missing)
        case _:
            return lowered


class Numbers:
    """Operations on lowered values of one shape, or scalars."""

    def __init__(self, ops: ArrayOps) -> None:
        self.ops = ops

    def column(self, type_: ir.Type, column: Array) -> Lowered:
        """A column as `rules.cases.encode` makes it, out of bounds unknown."""
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
            case ir.StringType():
                return Code(column, ops.less_equal(np.int32(0), column))
            case ir.IntType(low=low, high=high) | ir.DateType(low=low, high=high):
                return Code(column, self._between(column, np.int32(low), np.int32(high)))
            case _:
                return self.bounded(type_, self._canonical(column))

    def bounded(self, type_: ir.Type, lowered: Lowered) -> Lowered:
        """The same value, unknown where it is out of the bounds of a type."""
        ops = self.ops
        match type_:
            case ir.IntType(low=low, high=high) | ir.DateType(low=low, high=high) if (
                type_ != ir.IntType()
            ):
                inside = self._between(lowered.value, np.int32(low), np.int32(high))
                return Code(lowered.value, both(ops, lowered.known, inside))
            case ir.FloatType(low=low, high=high) if low is not None or high is not None:
                inside = None
                if low is not None:
                    above = ops.less if type_.low_open else ops.less_equal
                    inside = above(_constant(low), lowered)
                if high is not None:
                    below = ops.less if type_.high_open else ops.less_equal
                    inside = both(ops, inside, below(lowered, _constant(high)))
                return ops.select(inside, lowered, NAN)
            case _:
                return lowered

    def _between(self, value: Array, low: Array, high: Array) -> Array:
        ops = self.ops
        return ops.conjoin(ops.less_equal(low, value), ops.less_equal(value, high))

    def _canonical(self, result: Array) -> Array:
        ops = self.ops
        magnitude = ops.absolute(result)
        finite = ops.select(ops.less_equal(magnitude, np.float32(FLOAT_MAX)), result, NAN)
        return ops.select(ops.less_equal(magnitude, np.float32(TINY)), ZERO, finite)

    def where(self, mask: Array, lowered: Lowered) -> Lowered:
        """A number or code, unknown where the mask does not hold."""
        if isinstance(lowered, Code):
            return Code(lowered.value, both(self.ops, lowered.known, mask))
        return self.ops.select(mask, lowered, NAN)

    def to_float(self, lowered: Lowered) -> Array:
        """Whole numbers rounded to float32; floats as they are."""
        if not isinstance(lowered, Code):
            return lowered
        value = self.ops.convert(lowered.value, np.float32)
        return value if lowered.known is None else self.ops.select(lowered.known, value, NAN)

    def arithmetic(self, op: str, type_: ir.Type, left: Lowered, right: Lowered) -> Lowered:
        """`+ - * / mod`, to a type; a date out of the calendar is unknown."""
        ops = self.ops
        if not isinstance(left, Code):
            if op == "/":
                right = ops.select(ops.equal(left, left), right, NAN)
                return self._canonical(ops.divide(left, right))
            return self._canonical(self._operation(op)(left, right))
        known = both(ops, left.known, right.known)
        if op != "mod":
            result = Code(self._operation(op)(left.value, right.value), known)
            # Wrapping int32 arithmetic cannot lead from the calendar back into it.
            return self.bounded(ir.DateType(), result) if isinstance(type_, ir.DateType) else result
        zero = ops.equal(right.value, np.int32(0))
        divisor = ops.select(zero, np.int32(1), right.value)
        return Code(ops.modulo(left.value, divisor), both(ops, known, ops.invert(zero)))

    def _operation(self, op: str) -> Any:
        return {"+": self.ops.add, "-": self.ops.subtract, "*": self.ops.multiply}[op]

    def call(self, function: str, arguments: Sequence[Lowered]) -> Lowered:
        """A function of `rules.language.functions`."""
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
            return Code(value, both(ops, left.known, right.known))
        # Where neither is before the other, one is NaN, and so must be the result.
        other = ops.select(before(right, left), right, NAN)
        return ops.select(before(left, right), left, other)

    def choose(self, condition: Truth, then: Lowered, otherwise: Lowered) -> Lowered:
        """`if condition then ... else ...`."""
        ops = self.ops
        if isinstance(then, Truth):
            return kleene.choice(ops, condition, then, otherwise)
        if isinstance(then, Code):
            value = ops.select(condition.true, then.value, otherwise.value)
            known = kleene.known(ops, condition)
            if then.known is not None or otherwise.known is not None:
                sides = [np.bool_(True) if k is None else k for k in (then.known, otherwise.known)]
                known = both(ops, known, ops.select(condition.true, *sides))
            return Code(value, known)
        if condition.possible is not None:
            otherwise = ops.select(condition.possible, NAN, otherwise)
        return ops.select(condition.true, then, otherwise)

    def compare(
        self, op: str, left_type: ir.Type, right_type: ir.Type, left: Lowered, right: Lowered
    ) -> Truth:
        """`<`, `<=` or `=`: unknown where a side is."""
        ops = self.ops
        if isinstance(left, Code):
            known = both(ops, left.known, right.known)
            if known is None or not (_is_short(left_type, left) and _is_short(right_type, right)):
                holds = self._order(op)(left.value, right.value)
                if known is None:
                    return Truth(holds, None)
                return Truth(ops.conjoin(known, holds), ops.disjoin(ops.invert(known), holds))
            left, right = self.to_float(left), self.to_float(right)
        # NaN makes each comparison false, so what could hold is what is not known to fail.
        if op == "=":
            differs = ops.disjoin(ops.less(left, right), ops.less(right, left))
            return Truth(ops.equal(left, right), ops.invert(differs))
        fails = self._order("<=" if op == "<" else "<")(right, left)
        return Truth(self._order(op)(left, right), ops.invert(fails))

    def _order(self, op: str) -> Any:
        return {"<": self.ops.less, "<=": self.ops.less_equal, "=": self.ops.equal}[op]

    def total(self, terms: Array) -> Array:
        """float32 `[...]`: the sum over the last axis, in order, rounded after each addition."""
        return self.ops.fold(
            lambda so_far, term: self._canonical(self.ops.add(so_far, term)), terms
        )


def _is_short(type_: ir.Type, code: Code) -> bool:
    """Whether float32 holds a constant, or every value of a type of whole numbers or codes."""
    if isinstance(code.value, np.generic):
        return -SHORT <= int(code.value) <= SHORT
    match type_:
        case ir.IntType(low=low, high=high) | ir.DateType(low=low, high=high):
            return low >= -SHORT and high <= SHORT
        case _:
            return isinstance(type_, ir.EnumType)


def _constant(number: float) -> np.float32:
    value = canonical(number)
    return NAN if value is None else np.float32(value)
