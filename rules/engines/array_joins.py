"""`some` over whole columns: variables eliminated one after the other.

The `or` over the objects y of `a(x, y) and b(y, z)` is a product of boolean matrices. Here
both are packed along y, 32 objects in a word, so that a word operation stands for 32
conjunctions, and nothing of size x * y * z is made. True and possible parts are joined
alike, which Kleene's connectives allow: they are monotone. Larger products are united from
rows of bits instead, see `array_rows.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from rules.engines import kleene
from rules.engines.array_costs import by_rows
from rules.engines.array_ops import Array, ArrayOps
from rules.engines.array_rows import Steps, product, steps_of
from rules.engines.kleene import Truth
from rules.engines.lowered import Axes, Axis, Placed, Space, union
from rules.language import ir

__all__ = ["Joins", "parts"]

WORD = 32  # objects in a word
NONE, ONE = np.uint32(0), np.uint32(1)


def parts(expr: ir.Expr, connective: type[ir.And] | type[ir.Or]) -> list[ir.Expr]:
    """What a connective joins, also through nested ones of the same kind."""
    if isinstance(expr, connective):
        return [part for operand in expr.operands for part in parts(operand, connective)]
    return [expr]


class Joins:
    """Joins of truths; what stays fixed in a recursion is prepared once."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._ops = space.ops
        # By identity and axes; arrays are kept, so that no other takes their place in memory.
        self._packed: dict[tuple[_Key, Axis], tuple[Truth, Placed]] = {}
        self._steps: dict[tuple[_Key, Axis, bool], tuple[Truth, Steps]] = {}
        self._joined: dict[tuple[_Key, ...], tuple[list[Truth], Placed]] = {}

    def all_of(self, items: Sequence[Placed]) -> Placed:
        """Their `and`, over the union of their axes."""
        if len(items) == 1:
            return items[0]
        fixed = all(item.fixed for item in items)
        key = tuple(map(_key, items))
        if fixed and key in self._joined:
            return self._joined[key][1]
        truths, axes = self._space.align(*items)
        joined = Placed(kleene.all_of(self._ops, truths), axes, fixed)
        if fixed:
            self._joined[key] = ([item.value for item in items], joined)
        return joined

    def some(self, items: Sequence[Placed], bound: Axes) -> Placed:
        """The `or`, over the objects of the bound variables, of the `and` of truths."""
        pending, left = list(items), list(bound)
        while left:
            costs = [_size(union([item for item in pending if axis in item.axes])) for axis in left]
            axis = left.pop(costs.index(min(costs)))
            inside = [item for item in pending if axis in item.axes]
            if inside:  # else it ranges over a fixed domain, which is never empty
                pending = [item for item in pending if axis not in item.axes]
                pending.append(self._eliminate(inside, axis))
        return self.all_of(pending)

    def _eliminate(self, items: list[Placed], axis: Axis) -> Placed:
        groups = _merge(items)
        while len(groups) > 2:
            pairs = [(i, j) for j in range(len(groups)) for i in range(j)]
            i, j = min(pairs, key=lambda pair: _size(union([*groups[pair[0]], *groups[pair[1]]])))
            groups[i] += groups.pop(j)
        sides = [self.all_of(group) for group in groups]
        if len(sides) == 2:
            return self._product(sides[0], sides[1], axis)
        (side,) = sides
        axes = tuple(other for other in side.axes if other != axis)
        truth = self._space.spread(side, (*axes, axis))
        return Placed(kleene.some(self._ops, truth), axes, side.fixed)

    def _product(self, left: Placed, right: Placed, axis: Axis) -> Placed:
        shared = set(left.axes) & set(right.axes)
        if right.fixed and not left.fixed:  # what is prepared is better what stays the same
            left, right = right, left
        outer, inner = (
            tuple(other for other in side.axes if other != axis) for side in (left, right)
        )
        if shared == {axis} and by_rows(_size(outer), axis.size, _size(inner)):
            return self._united(left, right, axis, outer, inner)
        return self._met(left, right, axis)

    def _united(self, left: Placed, right: Placed, axis: Axis, outer: Axes, inner: Axes) -> Placed:
        """The product as unions of rows of the right side."""
        ops, batch = self._ops, self._space.shape
        one_plane = left.value.possible is None and right.value.possible is None
        key = (_key(left), axis, one_plane)
        if left.fixed and key in self._steps:
            steps = self._steps[key][1]
        else:
            shape = (*batch, _size(outer), axis.size)
            steps = steps_of(ops, self._planes(left, (*outer, axis), shape, one_plane))
        if left.fixed:
            self._steps[key] = (left.value, steps)
        shape = (*batch, axis.size, _size(inner))
        rows = ops.to_bits(self._planes(right, (axis, *inner), shape, one_plane))
        found = ops.from_bits(product(ops, steps, rows), _size(inner))
        axes = (*outer, *inner)
        if one_plane:
            truth = Truth(ops.reshape(found, self._space.full(axes)), None)
        else:
            planes = ops.reshape(found, (2, *self._space.full(axes)))
            truth = Truth(ops.at(planes, NONE, 0), ops.at(planes, ONE, 0))
        return Placed(truth, axes, left.fixed and right.fixed)

    def _planes(self, item: Placed, axes: Axes, shape: tuple[int, ...], one_plane: bool) -> Array:
        """Where a truth holds, and before one plane more, where it could."""
        truth: Truth = self._space.spread(item, axes)
        true = self._ops.reshape(truth.true, shape)
        if one_plane:
            return true
        return self._ops.pair(true, self._ops.reshape(kleene.possible(truth), shape))

    def _met(self, left: Placed, right: Placed, axis: Axis) -> Placed:
        """The product entry by entry, both sides packed along the axis."""
        (left_words, right_words), axes = self._space.align(
            *(self._pack(side, axis) for side in (left, right))
        )
        words = next(other for other in axes if other.name == "")
        order = (*(other for other in axes if other != words), words)
        sides = (self._space.move(Placed(w, axes), order) for w in (left_words, right_words))
        truth = _meet(self._ops, *sides)
        return Placed(truth, order[:-1], left.fixed and right.fixed)

    def _pack(self, item: Placed, axis: Axis) -> Placed:
        key = (_key(item), axis)
        if item.fixed and key in self._packed:
            return self._packed[key][1]
        axes = tuple(other for other in item.axes if other != axis)
        truth: Truth = self._space.spread(item, (*axes, axis))
        possible = None if truth.possible is None else self._ops.to_bits(truth.possible)
        words = Axis("", axis.entity, -(-axis.size // WORD))
        packed = Placed(Truth(self._ops.to_bits(truth.true), possible), (*axes, words), item.fixed)
        if item.fixed:
            self._packed[key] = (item.value, packed)
        return packed


def _meet(ops: ArrayOps, left: Truth, right: Truth) -> Truth:
    def meet(this: Array, other: Array) -> Array:
        return ops.some(ops.not_equal(ops.bit_and(this, other), NONE))

    true = meet(left.true, right.true)
    if left.possible is None and right.possible is None:
        return Truth(true, None)
    possible = [side.true if side.possible is None else side.possible for side in (left, right)]
    return Truth(true, meet(*possible))


def _merge(items: Sequence[Placed]) -> list[list[Placed]]:
    """Groups of items that have no more axes together than one of them has alone.

    What changes in a recursion and what does not stay apart.
    """
    groups: list[tuple[frozenset[Axis], list[Placed]]] = []
    for item in sorted(items, key=lambda item: -len(item.axes)):
        for axes, group in groups:
            if axes >= set(item.axes) and group[0].fixed == item.fixed:
                group.append(item)
                break
        else:
            groups.append((frozenset(item.axes), [item]))
    return [group for _, group in groups]


_Key: TypeAlias = tuple[int, Axes]


def _key(item: Placed) -> _Key:
    return id(item.value), item.axes


def _size(axes: Axes) -> int:
    return math.prod(axis.size for axis in axes)
