"""Hit policies over whole columns: from truths to outcomes and deciding rules.

The array form of `hit_policy.py`. The truths of 16 rules are packed into one word (see
`kleene.pack`), 16 bits for the rules that fire and 16 for those that could, and the policies
work on words. Each word is one output of one fusion: two outputs would compute all
conditions twice.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence

import numpy as np

from rules.engines.array_ops import Array, ArrayOps
from rules.engines.decisions import CONFLICT, DEFAULT, UNKNOWN
from rules.engines.kleene import LOW, WIDTH
from rules.language import ir

__all__ = ["fired_bits", "verdict"]

NONE, ONE = np.uint32(0), np.uint32(1)


def fired_bits(ops: ArrayOps, words: Sequence[Array], shape: tuple[int, ...]) -> Array:
    """uint32 `[..., ceil(R / 32)]`: bit r % 32 of word r // 32 is set where rule r fires."""
    halves = [ops.bit_and(word, LOW) for word in words]
    halves += [NONE] * (len(halves) % 2)
    fired = [
        ops.bit_or(low, ops.shift_left(high, np.uint32(WIDTH)))
        for low, high in zip(halves[::2], halves[1::2], strict=True)
    ]
    if not fired:
        return np.zeros((*shape, 0), np.uint32)
    return ops.stack([ops.spread(word, shape) for word in fired])


def verdict(
    ops: ArrayOps, decision: ir.Decision, outcomes: Sequence[str], words: Sequence[Array]
) -> tuple[Array, Array]:
    """Outcomes and deciding rules.

    Args:
        ops: the primitives to compute with.
        decision: the hit policy and the two fall-backs.
        outcomes: the outcome of each rule, in order of precedence.
        words: the truths of the rules in this order, packed.

    Returns:
        int32 `[...]` outcome and int32 `[...]` rule, as in `Decisions`; scalars when no
        truth depends on a column.
    """
    rules = _Rules(ops, decision, outcomes, words)
    outcome, rule, conflict = rules.outcome(), rules.rule(), None
    unknown = decision.outcomes.index(decision.unknown)
    match decision.policy:
        case "unique":
            conflict, contested = rules.twice(rules.fires), rules.contested_unique()
        case "any":
            conflict, contested = rules.outcomes_differ(), rules.newcomer()
        case "collect":
            outcome, contested, unknown = rules.collected(), rules.newcomer(), 1 << unknown
        case _:
            contested = rules.contested_first()
    for where, status in ((contested, UNKNOWN), (conflict, CONFLICT)):
        if where is not None:
            outcome = ops.select(where, np.int32(unknown), outcome)
            rule = ops.select(where, np.int32(status), rule)
    return outcome, rule


class _Rules:
    """What hit policies ask of the packed truths; None stands for "in no case"."""

    def __init__(
        self,
        ops: ArrayOps,
        decision: ir.Decision,
        outcomes: Sequence[str],
        words: Sequence[Array],
    ) -> None:
        self.ops = ops
        self.fires = [ops.bit_and(word, LOW) for word in words]
        self.possible = [ops.shift_right(word, np.uint32(WIDTH)) for word in words]
        self.unknown = [
            ops.bit_and(maybe, ops.bit_not(fires))
            for maybe, fires in zip(self.possible, self.fires, strict=True)
        ]
        self.default = (
            None if decision.default is None else decision.outcomes.index(decision.default)
        )
        # For each word, the bits of the rules with each outcome that occurs in it.
        self.masks: list[dict[int, np.uint32]] = [{} for _ in words]
        for rank, outcome in enumerate(outcomes):
            mask = self.masks[rank // WIDTH]
            code = decision.outcomes.index(outcome)
            mask[code] = mask.get(code, NONE) | np.uint32(1 << rank % WIDTH)

    def _set(self, bits: Array) -> Array:
        return self.ops.less(NONE, bits)

    def _some(self, masks: Iterable[Array | None]) -> Array | None:
        present = [mask for mask in masks if mask is not None]
        return functools.reduce(self.ops.disjoin, present) if present else None

    def _both(self, left: Array | None, right: Array | None) -> Array | None:
        return None if left is None or right is None else self.ops.conjoin(left, right)

    def _before(self, fires: Array) -> Array:
        """The bits below the first one that is set; all when none is."""
        lowest = self.ops.bit_and(fires, self.ops.subtract(NONE, fires))
        return self.ops.subtract(lowest, ONE)

    def rule(self) -> Array:
        """int32 `[...]`: the rank of the first rule that fires, or DEFAULT."""
        ops = self.ops
        rule: Array = np.int32(DEFAULT)
        for index, fires in reversed(list(enumerate(self.fires))):
            bit = ops.convert(ops.bit_count(self._before(fires)), np.int32)
            rule = ops.select(self._set(fires), ops.add(bit, np.int32(index * WIDTH)), rule)
        return rule

    def outcome(self) -> Array:
        """int32 `[...]`: the outcome of the first rule that fires, or the default's."""
        outcome: Array = np.int32(self.default or 0)
        for index in reversed(range(len(self.fires))):
            outcome = self._outcome_of(index, outcome)
        return outcome

    def _outcome_of(self, index: int, later: Array) -> Array:
        ops, fires = self.ops, self.fires[index]
        first = ops.bit_and(fires, ops.subtract(NONE, fires))
        for code, mask in self.masks[index].items():
            later = ops.select(self._set(ops.bit_and(first, mask)), np.int32(code), later)
        return later

    def contested_first(self) -> Array | None:
        """Where an unknown rule comes before the first that fires, with another outcome."""
        ops = self.ops
        contested: Array | None = None
        outcome: Array = np.int32(self.default or 0)
        for index in reversed(range(len(self.fires))):
            outcome = self._outcome_of(index, outcome)
            ahead = ops.bit_and(self.possible[index], self._before(self.fires[index]))
            rivals = self._some(
                ops.conjoin(
                    self._set(ops.bit_and(ahead, mask)), ops.not_equal(outcome, np.int32(code))
                )
                for code, mask in self.masks[index].items()
            )
            later = self._both(contested, ops.equal(self.fires[index], NONE))
            contested = self._some([rivals, later])
        return contested

    def contested_unique(self) -> Array | None:
        """Where an unknown rule could fire beside another, or change the default."""
        lone = self._some(
            self._set(self.ops.bit_and(unknown, mask))
            for unknown, masks in zip(self.unknown, self.masks, strict=True)
            for code, mask in masks.items()
            if code != self.default
        )
        beside = self._both(self.some(self.unknown), self.some(self.fires))
        return self._some([lone, beside, self.twice(self.unknown)])

    def some(self, words: Sequence[Array]) -> Array | None:
        """Where at least one bit is set."""
        return self._some(map(self._set, words))

    def twice(self, words: Sequence[Array]) -> Array | None:
        """Where at least two bits are set."""
        ops = self.ops
        once: Array | None = None
        twice: Array | None = None
        for bits in words:
            present = self._set(bits)
            pair = self._set(ops.bit_and(bits, ops.subtract(bits, ONE)))
            twice = self._some([twice, pair, self._both(once, present)])
            once = self._some([once, present])
        return twice

    def _by_outcome(self, words: Sequence[Array]) -> dict[int, Array]:
        """For each outcome that a rule has, where a bit of one of its rules is set."""
        found: dict[int, Array] = {}
        for bits, masks in zip(words, self.masks, strict=True):
            for code, mask in masks.items():
                present = self._set(self.ops.bit_and(bits, mask))
                found[code] = self._some([found.get(code), present])
        return found

    def outcomes_differ(self) -> Array | None:
        """Where two rules with different outcomes fire."""
        once: Array | None = None
        twice: Array | None = None
        for present in self._by_outcome(self.fires).values():
            twice = self._some([twice, self._both(once, present)])
            once = self._some([once, present])
        return twice

    def newcomer(self) -> Array | None:
        """Where an outcome that is not given yet could be given by an unknown rule."""
        ops, fires = self.ops, self._by_outcome(self.fires)
        contested: list[Array | None] = []
        for code, unknown in self._by_outcome(self.unknown).items():
            new = ops.conjoin(unknown, ops.invert(fires[code]))
            if code == self.default:  # then it is given unless something else is
                new = self._both(new, self.some(self.fires))
            contested.append(new)
        return self._some(contested)

    def collected(self) -> Array:
        """int32 `[...]`: the set of the outcomes of the rules that fire, or the default's."""
        ops = self.ops
        collected: Array = np.int32(0)
        for code, present in self._by_outcome(self.fires).items():
            bit = ops.select(present, np.int32(1 << code), np.int32(0))
            collected = ops.bit_or(collected, bit)
        if self.default is None:
            return collected
        default = np.int32(1 << self.default)
        return ops.select(ops.equal(collected, np.int32(0)), default, collected)
