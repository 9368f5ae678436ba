"""Kleene's three-valued logic over arrays, as two arrays of plain truths."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import NamedTuple

from rules.engines.array_ops import Array, ArrayOps

__all__ = ["Truth", "all_of", "any_of", "equivalent", "known", "negation", "unknown"]


class Truth(NamedTuple):
    """Where a condition holds and where it fails; it is unknown where neither is set.

    Attributes:
        true: bool `[...]`.
        false: bool `[...]`, or None when no case can be unknown: then it fails where it
            does not hold, and half of the operations are spared.
    """

    true: Array
    false: Array | None


def negation(ops: ArrayOps, truth: Truth) -> Truth:
    """`not`."""
    if truth.false is None:
        return Truth(ops.invert(truth.true), None)
    return Truth(truth.false, truth.true)


def all_of(ops: ArrayOps, truths: Sequence[Truth]) -> Truth:
    """`and`: true where all are true, false where one is false."""
    return _join(ops, truths, ops.conjoin, ops.disjoin)


def any_of(ops: ArrayOps, truths: Sequence[Truth]) -> Truth:
    """`or`: true where one is true, false where all are false."""
    return _join(ops, truths, ops.disjoin, ops.conjoin)


def equivalent(ops: ArrayOps, left: Truth, right: Truth) -> Truth:
    """`=` on truths: unknown where a side is."""
    if left.false is None and right.false is None:
        return Truth(ops.equal(left.true, right.true), None)
    same = _both(ops, left.true, right.true, _false(ops, left), _false(ops, right))
    differ = _both(ops, left.true, _false(ops, right), _false(ops, left), right.true)
    return Truth(same, differ)


def known(ops: ArrayOps, truth: Truth) -> Array | None:
    """bool `[...]`, where the truth is known; None when it is everywhere."""
    return None if truth.false is None else ops.disjoin(truth.true, truth.false)


def unknown(ops: ArrayOps, truth: Truth) -> Array | None:
    """bool `[...]`, where the truth is unknown; None when it is nowhere."""
    where = known(ops, truth)
    return None if where is None else ops.invert(where)


def _join(
    ops: ArrayOps,
    truths: Sequence[Truth],
    join_true: Callable[[Array, Array], Array],
    join_false: Callable[[Array, Array], Array],
) -> Truth:
    true = functools.reduce(join_true, [truth.true for truth in truths])
    if all(truth.false is None for truth in truths):
        return Truth(true, None)
    return Truth(true, functools.reduce(join_false, [_false(ops, truth) for truth in truths]))


def _false(ops: ArrayOps, truth: Truth) -> Array:
    return ops.invert(truth.true) if truth.false is None else truth.false


def _both(ops: ArrayOps, a: Array, b: Array, c: Array, d: Array) -> Array:
    return ops.disjoin(ops.conjoin(a, b), ops.conjoin(c, d))
