"""Recursive truths over whole columns: least fixpoints.

The true part and the possible part of a group of recursive truths are least fixpoints of
their own, since recursion is monotone. They are iterated together until nothing changes, or,
where the group is linear in the sense of `array_closure.py`, eliminated at once.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from rules.engines import array_costs, kleene
from rules.engines.array_closure import Closure, closure_of
from rules.engines.array_ops import Array, ArrayOps
from rules.engines.array_rows import between, star_times
from rules.engines.kleene import Truth
from rules.engines.lowered import Axis, Placed, Space
from rules.language import ir

if TYPE_CHECKING:
    from rules.engines.lowering import Lowering

__all__ = ["solve"]


def solve(lowering: Lowering, group: Sequence[ir.Derived]) -> Mapping[str, Placed]:
    """The truths of a recursive group, each over its parameters."""
    closure = closure_of(group[0]) if len(group) == 1 else None
    if closure is not None and (not closure.both or _large(lowering, group[0])):
        return {group[0].name: _closed(lowering, group[0], closure)}
    return _iterated(lowering, group)


def _large(lowering: Lowering, item: ir.Derived) -> bool:
    return lowering.axes(item.parameters)[0].size > array_costs.SMALL


def _iterated(lowering: Lowering, group: Sequence[ir.Derived]) -> Mapping[str, Placed]:
    ops, space = lowering.ops, lowering.space
    axes = {item.name: lowering.axes(item.parameters) for item in group}
    nothing = {
        name: Truth(ops.spread(np.bool_(False), space.full(a)), None) for name, a in axes.items()
    }

    def step(state: Mapping[str, Truth]) -> dict[str, Truth]:
        placed = {name: Placed(truth, axes[name], False) for name, truth in state.items()}
        found = lowering.derive_anew(group, placed)
        return {name: space.spread(found[name], axes[name]) for name in axes}

    # The first step, outside of the loop, prepares whatever stays the same in the others.
    first = step(nothing)
    three_valued = any(truth.possible is not None for truth in first.values())

    def planes(state: Mapping[str, Truth]) -> tuple[Array, ...]:
        true = [truth.true for truth in state.values()]
        if not three_valued:
            return tuple(true)
        return (*true, *(kleene.possible(truth) for truth in state.values()))

    def truths(arrays: Sequence[Array]) -> dict[str, Truth]:
        possible = arrays[len(axes) :] if three_valued else [None] * len(axes)
        return dict(zip(axes, map(Truth, arrays[: len(axes)], possible), strict=True))

    last = truths(ops.fixpoint(lambda arrays: planes(step(truths(arrays))), planes(first)))
    return {name: Placed(truth, axes[name]) for name, truth in last.items()}


def _closed(lowering: Lowering, item: ir.Derived, closure: Closure) -> Placed:
    space, ops = lowering.space, lowering.ops
    x, z = lowering.axes(item.parameters)
    size = x.size
    if not closure.base:
        return Placed(Truth(ops.spread(np.bool_(False), space.full((x, z))), None), (x, z))

    def matrix(truths: Sequence[tuple[ir.Expr, tuple[Axis, Axis]]]) -> Truth:
        """The `or` of truths, each over two variables whose objects are present."""
        entries: list[Truth] = []
        for expr, axes in truths:
            masked = [lowering.placed(expr), *lowering.present(axes)]
            entries.append(space.spread(lowering.joins.all_of(masked), axes))
        return kleene.any_of(ops, entries)

    def middle(name: str) -> Axis:
        return Axis(name, x.entity, size)

    solved = matrix([(expr, (x, z)) for expr in closure.base])
    base = solved
    if closure.both:
        sides = [
            (matrix([(left, (x, middle(p)))]), matrix([(right, (z, middle(q)))]))
            for left, p, right, q in closure.both
        ]
        return Placed(_between(lowering, base, sides), (x, z))
    if closure.left:
        same = _same(lowering, closure.base, [expr for expr, _ in closure.left], x)
        steps = base if same else matrix([(expr, (x, middle(y))) for expr, y in closure.left])
        solved = _star_times(lowering, steps, solved)
    if closure.right:
        same = _same(lowering, closure.base, [expr for expr, _ in closure.right], z)
        steps = base if same else matrix([(expr, (middle(y), z)) for expr, y in closure.right])
        if steps is solved:
            solved = _star_times(lowering, steps, solved)
        else:
            turned = _star_times(lowering, _transposed(space, steps), _transposed(space, solved))
            solved = _transposed(space, turned)
    if closure.square:
        solved = _star_times(lowering, solved, solved)
    return Placed(solved, (x, z))


def _same(
    lowering: Lowering, base: Sequence[ir.Expr], steps: Sequence[ir.Expr], shared: Axis
) -> bool:
    """Whether the steps are the base, as in `parent(x, z)` and `parent(x, y)`."""
    if len(base) != 1 or len(steps) != 1:
        return False
    left, right = lowering.placed(base[0]), lowering.placed(steps[0])
    places = [item.axes.index(shared) for item in (left, right) if shared in item.axes]
    return left.value is right.value and len(places) == 2 and places[0] == places[1]


def _star_times(lowering: Lowering, left: Truth, right: Truth) -> Truth:
    if left is right:
        return _on_planes(lowering.ops, lambda both: star_times(lowering.ops, both, both), [left])
    return _on_planes(lowering.ops, functools.partial(star_times, lowering.ops), [left, right])


def _between(lowering: Lowering, base: Truth, sides: Sequence[tuple[Truth, Truth]]) -> Truth:
    def solved(*matrices: Array) -> Array:
        *flat, first = matrices
        return between(lowering.ops, first, list(zip(flat[::2], flat[1::2], strict=True)))

    return _on_planes(lowering.ops, solved, [*(side for pair in sides for side in pair), base])


def _on_planes(ops: ArrayOps, solved: Callable[..., Array], truths: Sequence[Truth]) -> Truth:
    """A monotone function of matrices, of the true and of the possible part.

    It returns matrices of the shape of the last.
    """
    true = [truth.true for truth in truths]
    if all(truth.possible is None for truth in truths):
        return Truth(solved(*true), None)
    planes = [ops.pair(truth.true, kleene.possible(truth)) for truth in truths]
    unknown = functools.reduce(ops.disjoin, [_unknown_anywhere(ops, truth) for truth in truths])

    def solve_plane(plane: Array, found: Array) -> Array:
        return ops.put(found, plane, solved(*(ops.at(both, plane, 0) for both in planes)))

    # What could be unknown mostly isn't, and then one part is both.
    count = ops.select(unknown, np.uint32(2), np.uint32(1))
    found = ops.repeat(count, solve_plane, planes[-1])
    true, other = ops.at(found, np.uint32(0), 0), ops.at(found, np.uint32(1), 0)
    return Truth(true, ops.select(ops.spread(unknown, true.shape), other, true))


def _unknown_anywhere(ops: ArrayOps, truth: Truth) -> Array:
    differ = ops.not_equal(truth.true, kleene.possible(truth))
    return ops.some(ops.reshape(differ, (-1,)))


def _transposed(space: Space, truth: Truth) -> Truth:
    lead = len(space.shape)
    order = [*range(lead), lead + 1, lead]
    possible = None if truth.possible is None else space.ops.transpose(truth.possible, order)
    return Truth(space.ops.transpose(truth.true, order), possible)
