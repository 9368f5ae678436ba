"""Aggregates over whole columns."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from rules.engines import kleene
from rules.engines.array_numbers import Numbers, both
from rules.engines.array_ops import Array
from rules.engines.kleene import Truth
from rules.engines.lowered import Axes, Code, Lowered, Placed, Space, each
from rules.language import ir

__all__ = ["aggregate"]

ZERO, NAN = np.float32(0), np.float32(np.nan)


def aggregate(
    space: Space, function: str, bound: Axes, counted: Sequence[Placed], body: Placed | None
) -> Placed:
    """An aggregate over the objects of the bound variables.

    Args:
        space: of the batch.
        function: one of `ir.AGGREGATES`.
        bound: the variables, the last fastest.
        counted: the truths that together say whether an object counts: its presence, `where`,
            and the body of `count`.
        body: the values; None for `count`.
    """
    items = [*counted, *([] if body is None else [body])]
    free = tuple(a for a in space.align(*items)[1] if a not in bound) if items else ()
    every = Placed(Truth(np.bool_(True), None))
    truths = [_flat(space, item, free, bound) for item in (counted or [every])]
    counts: Truth = kleene.all_of(space.ops, truths)
    if body is None:
        return Placed(_count(space, counts), free)
    return Placed(_of_values(space, function, counts, _flat(space, body, free, bound)), free)


def _flat(space: Space, item: Placed, free: Axes, bound: Axes) -> Lowered:
    """A value `[..., *free, N]`, with all bound variables on one axis."""
    value = space.spread(item, (*free, *bound))
    shape = (*space.full(free), math.prod(axis.size for axis in bound))
    if len(bound) == 1:
        return value
    return each(space.ops.reshape, value, shape)


def _count(space: Space, counts: Truth) -> Code:
    ops = space.ops
    number = ops.total(ops.convert(counts.true, np.int32))
    unknown = kleene.unknown(ops, counts)
    return Code(number, None if unknown is None else ops.invert(ops.some(unknown)))


def _of_values(space: Space, function: str, counts: Truth, values: Lowered) -> Lowered:
    ops, numbers = space.ops, Numbers(space.ops)
    if function == "mean":
        values = numbers.to_float(values)
    if isinstance(values, Code):
        return _of_ints(space, function, counts, values)
    unsure = kleene.unknown(ops, counts)
    if unsure is not None:
        values = ops.select(unsure, NAN, values)
        # What may count is NaN, so that the result is.
        counts = Truth(ops.disjoin(counts.true, unsure), None)
    if function in ("sum", "mean"):
        total = numbers.total(ops.select(counts.true, values, ZERO))
        if function == "sum":
            return total
        number = ops.convert(ops.total(ops.convert(counts.true, np.int32)), np.float32)
        return numbers.arithmetic("/", ir.FloatType(), total, number)
    return _extreme_float(space, function, counts.true, values)


def _extreme_float(space: Space, function: str, counts: Array, values: Array) -> Array:
    ops = space.ops
    unknown = ops.some(ops.conjoin(counts, ops.not_equal(values, values)))
    nobody = ops.invert(ops.some(counts))
    bound, reduce = (np.inf, ops.least) if function == "min" else (-np.inf, ops.greatest)
    chosen = ops.conjoin(counts, ops.equal(values, values))
    found = reduce(ops.select(chosen, values, np.float32(bound)))
    return ops.select(ops.disjoin(unknown, nobody), NAN, found)


def _of_ints(space: Space, function: str, counts: Truth, values: Code) -> Code:
    ops = space.ops
    doubts = [kleene.unknown(ops, counts)]
    if values.known is not None:
        doubts.append(ops.conjoin(counts.true, ops.invert(values.known)))
    known: Array | None = None
    for doubt in doubts:
        if doubt is not None:
            known = both(ops, known, ops.invert(ops.some(doubt)))
    if function == "sum":
        return Code(ops.total(ops.select(counts.true, values.value, np.int32(0))), known)
    bound, reduce = (ir.INT_MAX, ops.least) if function == "min" else (ir.INT_MIN, ops.greatest)
    found = reduce(ops.select(counts.true, values.value, np.int32(bound)))
    return Code(found, both(ops, known, ops.some(counts.true)))
