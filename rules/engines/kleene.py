"""Kleene's three-valued logic over arrays, as two arrays of plain truths."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from rules.engines.array_ops import Array, ArrayOps

__all__ = [
    "LOW",
    "WIDTH",
    "Truth",
    "all_of",
    "any_of",
    "choice",
    "equivalent",
    "known",
    "negation",
    "pack",
    "possible",
    "some",
    "unknown",
]

WIDTH = 16  # truths in a word
LOW = np.uint32((1 << WIDTH) - 1)
NONE = np.uint32(0)


class Truth(NamedTuple):
    """Where a condition holds, and where it could hold; between the two it is unknown.

    Attributes:
        true: bool `[...]`.
        possible: bool `[...]`, set wherever `true` is; None when no case is unknown, which
            spares half of the operations.
    """

    true: Array
    possible: Array | None


def negation(ops: ArrayOps, truth: Truth) -> Truth:
    """`not`."""
    impossible = ops.invert(possible(truth))
    return Truth(impossible, None if truth.possible is None else ops.invert(truth.true))


def all_of(ops: ArrayOps, truths: Sequence[Truth]) -> Truth:
    """`and`: true where all are true, false where one is false."""
    if len(truths) > WIDTH:
        return negation(ops, any_of(ops, [negation(ops, truth) for truth in truths]))
    return _join(truths, ops.conjoin)


def any_of(ops: ArrayOps, truths: Sequence[Truth]) -> Truth:
    """`or`: true where one is true, false where all are false."""
    if len(truths) > WIDTH:
        return _any_word(ops, pack(ops, truths))
    return _join(truths, ops.disjoin)


def pack(ops: ArrayOps, truths: Sequence[Truth]) -> list[Array]:
    """Truths as uint32 `[...]` words of 16.

    Each word is settled, which keeps the fusions of long conditions and of large rule sets
    small: the compiler's time and memory grow much faster than the size of a fusion.

    Returns:
        Bit i % 16 of word i // 16 is set where truth i holds, bit 16 + i % 16 where it could.
    """
    words = []
    for start in range(0, len(truths), WIDTH):
        bits: list[Array] = []
        for bit, (true, maybe) in enumerate(truths[start : start + WIDTH]):
            holds, could = np.uint32(1 << bit), np.uint32(1 << bit + WIDTH)
            if maybe is None:
                bits.append(ops.select(true, holds | could, NONE))
            else:
                bits += [ops.select(true, holds, NONE), ops.select(maybe, could, NONE)]
        words.append(ops.settle(functools.reduce(ops.bit_or, bits)))
    return words


def equivalent(ops: ArrayOps, left: Truth, right: Truth) -> Truth:
    """`=` on truths: unknown where a side is."""
    both_true = ops.conjoin(left.true, right.true)
    both_false = ops.invert(ops.disjoin(possible(left), possible(right)))
    same = ops.disjoin(both_true, both_false)
    if left.possible is None and right.possible is None:
        return Truth(same, None)
    right_only = ops.conjoin(right.true, ops.invert(possible(left)))
    left_only = ops.conjoin(left.true, ops.invert(possible(right)))
    return Truth(same, ops.invert(ops.disjoin(left_only, right_only)))


def choice(ops: ArrayOps, condition: Truth, then: Truth, otherwise: Truth) -> Truth:
    """`if condition then ... else ...` on truths: unknown where the condition is."""
    if condition.possible is None:
        true = ops.select(condition.true, then.true, otherwise.true)
        if then.possible is None and otherwise.possible is None:
            return Truth(true, None)
        return Truth(true, ops.select(condition.true, possible(then), possible(otherwise)))
    refused = ops.conjoin(otherwise.true, ops.invert(condition.possible))
    spared = ops.disjoin(possible(otherwise), condition.possible)
    return Truth(
        ops.select(condition.true, then.true, refused),
        ops.select(condition.true, possible(then), spared),
    )


def some(ops: ArrayOps, truth: Truth) -> Truth:
    """The `or` over the last axis."""
    maybe = None if truth.possible is None else ops.some(truth.possible)
    return Truth(ops.some(truth.true), maybe)


def known(ops: ArrayOps, truth: Truth) -> Array | None:
    """Bool `[...]`, where the truth is known; None when it is everywhere."""
    where = unknown(ops, truth)
    return None if where is None else ops.invert(where)


def unknown(ops: ArrayOps, truth: Truth) -> Array | None:
    """Bool `[...]`, where the truth is unknown; None when it is nowhere."""
    if truth.possible is None:
        return None
    return ops.conjoin(truth.possible, ops.invert(truth.true))


def _join(truths: Sequence[Truth], join: Callable[[Array, Array], Array]) -> Truth:
    true = functools.reduce(join, [truth.true for truth in truths])
    if all(truth.possible is None for truth in truths):
        return Truth(true, None)
    return Truth(true, functools.reduce(join, map(possible, truths)))


def _any_word(ops: ArrayOps, words: Sequence[Array]) -> Truth:
    """The `or` of packed truths."""
    word = ops.unite(words)
    return Truth(ops.less(NONE, ops.bit_and(word, LOW)), ops.less(LOW, word))


def possible(truth: Truth) -> Array:
    """Bool `[...]`, where the truth could hold."""
    return truth.true if truth.possible is None else truth.possible
