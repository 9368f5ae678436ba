"""Hit policies over whole columns: from truths to outcomes and deciding rules.

The array form of `hit_policy.py`. Rank and outcome travel in one word through one chain of
selects: each further output of an XLA fusion computes all conditions again.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Sequence

import numpy as np

from rules.engines import kleene
from rules.engines.array_ops import Array, ArrayOps
from rules.engines.decisions import CONFLICT, DEFAULT, UNKNOWN
from rules.engines.kleene import Truth
from rules.language import ir

__all__ = ["MAX_COLLECTED", "fired_bits", "verdict"]

MAX_COLLECTED = 31  # outcomes that fit into the bits of a non-negative int32


def verdict(
    ops: ArrayOps, decision: ir.Decision, outcomes: Sequence[str], truths: Sequence[Truth]
) -> tuple[Array, Array]:
    """Outcomes and deciding rules.

    Args:
        ops: the primitives to compute with.
        decision: the hit policy and the two fall-backs.
        outcomes: the outcome of each rule, in order of precedence.
        truths: of each rule, in the same order.

    Returns:
        int32 `[...]` outcome and int32 `[...]` rule, as in `Decisions`; scalars when no
        truth depends on a column.
    """
    codes = tuple(decision.outcomes.index(outcome) for outcome in outcomes)
    if decision.policy == "collect":
        return _collect(ops, decision, codes, truths)
    words = _Words(ops, decision)
    chain = {"unique": _unique, "any": _any}.get(decision.policy, _first)
    return words.split(ops.settle(chain(words, codes, truths)))


def fired_bits(ops: ArrayOps, truths: Sequence[Truth], shape: tuple[int, ...]) -> Array:
    """uint32 `[..., ceil(R / 32)]`: bit r % 32 of word r // 32 is set where rule r fires."""
    words = []
    for start in range(0, len(truths), 32):
        bits = [
            ops.select(truth.true, np.uint32(1 << bit), np.uint32(0))
            for bit, truth in enumerate(truths[start : start + 32])
        ]
        words.append(ops.spread(functools.reduce(ops.bit_or, bits), shape))
    return ops.stack(words) if words else np.zeros((*shape, 0), np.uint32)


class _Words:
    """Rank and outcome packed into one int32: `(rank - CONFLICT) << bits | outcome`."""

    def __init__(self, ops: ArrayOps, decision: ir.Decision) -> None:
        self.ops = ops
        self.bits = max(1, (len(decision.outcomes) - 1).bit_length())
        self.default_code = decision.outcomes.index(str(decision.default))
        unknown = decision.outcomes.index(decision.unknown)
        self.default = self.pack(DEFAULT, self.default_code)
        self.unknown = self.pack(UNKNOWN, unknown)
        self.conflict = self.pack(CONFLICT, unknown)

    def pack(self, rank: int, code: int) -> np.int32:
        return np.int32((rank - CONFLICT) << self.bits | code)

    def code(self, word: Array) -> Array:
        return self.ops.bit_and(word, np.int32((1 << self.bits) - 1))

    def split(self, word: Array) -> tuple[Array, Array]:
        rank = self.ops.shift_right(word, np.int32(self.bits))
        return self.code(word), self.ops.add(rank, np.int32(CONFLICT))


def _first(words: _Words, codes: Sequence[int], truths: Sequence[Truth]) -> Array:
    """From the last rule up; neighbours of one outcome never contest each other."""
    ops, word = words.ops, words.default
    ranked = list(enumerate(zip(codes, truths, strict=True)))
    for code, group in itertools.groupby(reversed(ranked), key=lambda item: item[1][0]):
        members = [(rank, truth) for rank, (_, truth) in group]
        contested = _some(ops, [kleene.unknown(ops, truth) for _, truth in members])
        if contested is not None:
            other = ops.invert(ops.equal(words.code(word), np.int32(code)))
            word = ops.select(ops.conjoin(contested, other), words.unknown, word)
        for rank, truth in members:
            word = ops.select(truth.true, words.pack(rank, code), word)
    return word


def _winner(words: _Words, codes: Sequence[int], truths: Sequence[Truth]) -> Array:
    """The first rule that fires, whatever is unknown."""
    word: Array = words.default
    for rank, (code, truth) in reversed(list(enumerate(zip(codes, truths, strict=True)))):
        word = words.ops.select(truth.true, words.pack(rank, code), word)
    return word


def _unique(words: _Words, codes: Sequence[int], truths: Sequence[Truth]) -> Array:
    ops = words.ops
    fires, twice = _once_twice(ops, [truth.true for truth in truths])
    unknown = [kleene.unknown(ops, truth) for truth in truths]
    doubt, doubts = _once_twice(ops, unknown)
    rival = _some(ops, [u for u, code in zip(unknown, codes, strict=True) if code != words.default_code])
    contested = _some(ops, [rival, doubts, _conjoin(ops, doubt, fires)])
    word = _winner(words, codes, truths)
    for where, special in ((contested, words.unknown), (twice, words.conflict)):
        word = word if where is None else ops.select(where, special, word)
    return word


def _any(words: _Words, codes: Sequence[int], truths: Sequence[Truth]) -> Array:
    ops = words.ops
    groups = _by_outcome(ops, codes, truths)
    _, differ = _once_twice(ops, [truth.true for truth in groups.values()])
    contested = _contested(ops, groups, words.default_code)
    word = _winner(words, codes, truths)
    for where, special in ((contested, words.unknown), (differ, words.conflict)):
        word = word if where is None else ops.select(where, special, word)
    return word


def _collect(
    ops: ArrayOps, decision: ir.Decision, codes: Sequence[int], truths: Sequence[Truth]
) -> tuple[Array, Array]:
    default = None if decision.default is None else decision.outcomes.index(decision.default)
    unknown = np.int32(1 << decision.outcomes.index(decision.unknown))
    groups = _by_outcome(ops, codes, truths)
    collected: Array = np.int32(0)
    for code, truth in groups.items():
        bit = ops.select(truth.true, np.int32(1 << code), np.int32(0))
        collected = ops.bit_or(collected, bit)
    rule: Array = np.int32(DEFAULT)
    for rank, truth in reversed(list(enumerate(truths))):
        rule = ops.select(truth.true, np.int32(rank), rule)
    if default is not None:
        nothing = ops.equal(collected, np.int32(0))
        collected = ops.select(nothing, np.int32(1 << default), collected)
    contested = _contested(ops, groups, default)
    if contested is not None:
        collected = ops.select(contested, unknown, collected)
        rule = ops.select(contested, np.int32(UNKNOWN), rule)
    return collected, rule


def _by_outcome(
    ops: ArrayOps, codes: Sequence[int], truths: Sequence[Truth]
) -> dict[int, Truth]:
    """For each outcome that a rule has, whether one of its rules fires."""
    return {
        code: kleene.any_of(ops, [t for t, c in zip(truths, codes, strict=True) if c == code])
        for code in sorted(set(codes))
    }


def _contested(ops: ArrayOps, groups: dict[int, Truth], default: int | None) -> Array | None:
    """Where an outcome that nothing gives yet could still be given."""
    fires = _some(ops, [truth.true for truth in groups.values()])
    doubts = []
    for code, truth in groups.items():
        doubt = kleene.unknown(ops, truth)
        doubts.append(_conjoin(ops, doubt, fires) if code == default else doubt)
    return _some(ops, doubts)


def _once_twice(
    ops: ArrayOps, masks: Iterable[Array | None]
) -> tuple[Array | None, Array | None]:
    """Where at least one of the masks is set, and where at least two are."""
    once: Array | None = None
    twice: Array | None = None
    for mask in masks:
        twice = _some(ops, [twice, _conjoin(ops, once, mask)])
        once = _some(ops, [once, mask])
    return once, twice


def _some(ops: ArrayOps, masks: Iterable[Array | None]) -> Array | None:
    """Their disjunction; None stands for nowhere."""
    present = [mask for mask in masks if mask is not None]
    return functools.reduce(ops.disjoin, present) if present else None


def _conjoin(ops: ArrayOps, left: Array | None, right: Array | None) -> Array | None:
    """Their conjunction; None stands for nowhere."""
    return None if left is None or right is None else ops.conjoin(left, right)
