"""Hit policies over whole columns: from truths to outcomes and deciding rules.

The array form of `hit_policy.py`. Memory sets the pace and every output of a fusion computes
all conditions anew, so the conditions make one array, as narrow as the ranks allow: the
deciding rule. The outcome is looked up from it. Policies that ask for more than the first rule
have the truths of 16 rules packed into one word (see `kleene.pack`), 16 bits for the rules that
fire and 16 for those that could.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence

import numpy as np

from rules.engines.array_ops import Array, ArrayOps
from rules.engines.decisions import CONFLICT, DEFAULT, UNKNOWN
from rules.engines.kleene import LOW, WIDTH, Truth, pack
from rules.language import ir

__all__ = ["fired_bits", "outcome_of", "outcome_type", "rank_type", "verdict"]

NONE, ONE = np.uint32(0), np.uint32(1)
BITS = 32


def fired_bits(ops: ArrayOps, truths: Sequence[Truth], shape: tuple[int, ...]) -> Array:
    """uint32 `[..., ceil(R / 32)]`: bit r % 32 of word r // 32 is set where rule r fires."""
    words = []
    for start in range(0, len(truths), BITS):
        bits = [
            ops.select(truth.true, np.uint32(1 << bit), NONE)
            for bit, truth in enumerate(truths[start : start + BITS])
        ]
        words.append(ops.spread(functools.reduce(ops.bit_or, bits), shape))
    return ops.stack(words) if words else np.zeros((*shape, 0), np.uint32)


def rank_type(ruleset: ir.Ruleset) -> type[np.signedinteger]:
    """The dtype of `Decisions.rule`: the narrowest that has room for all ranks."""
    return _narrowest(len(ruleset.rules))


def outcome_type(decision: ir.Decision) -> type[np.signedinteger]:
    """The dtype of `Decisions.outcome`; that of sets has room for 31 outcomes."""
    return np.int32 if decision.policy == "collect" else _narrowest(len(decision.outcomes))


def _narrowest(count: int) -> type[np.signedinteger]:
    return next(kind for kind in (np.int8, np.int16, np.int32) if count <= np.iinfo(kind).max)


def verdict(
    ops: ArrayOps, decision: ir.Decision, outcomes: Sequence[str], truths: Sequence[Truth]
) -> tuple[Array, Array]:
    """Outcomes and deciding rules.

    Args:
        ops: the primitives to compute with.
        decision: the hit policy and the two fall-backs.
        outcomes: the outcome of each rule, in order of precedence.
        truths: of the rules in this order.

    Returns:
        int32 `[...]` outcome and int32 `[...]` rule, as in `Decisions`; scalars when no
        truth depends on a column.
    """
    if decision.policy in ("first", "priority"):
        rule = _first(ops, decision, outcomes, truths)
        return ops.convert(outcome_of(ops, decision, outcomes, rule), np.int32), rule
    rules = _Rules(ops, decision, outcomes, pack(ops, truths))
    outcome, rule, conflict = rules.outcome(), rules.rule(), None
    unknown = decision.outcomes.index(decision.unknown)
    match decision.policy:
        case "unique":
            conflict, contested = rules.twice(rules.fires), rules.contested_unique()
        case "any":
            conflict, contested = rules.outcomes_differ(), rules.newcomer()
        case _:
            outcome, contested, unknown = rules.collected(), rules.newcomer(), 1 << unknown
    for where, status in ((contested, UNKNOWN), (conflict, CONFLICT)):
        if where is not None:
            outcome = ops.select(where, np.int32(unknown), outcome)
            rule = ops.select(where, np.int32(status), rule)
    return outcome, rule


def outcome_of(ops: ArrayOps, decision: ir.Decision, outcomes: Sequence[str], rule: Array) -> Array:
    """The outcome `[...]` that goes with a deciding rule, unless outcomes are collected.

    Args:
        ops: the primitives to compute with.
        decision: the fall-backs.
        outcomes: the outcome of each rule, in order of precedence.
        rule: signed integers `[...]`, as in `Decisions`.
    """
    codes = [decision.outcomes.index(name) for name in (decision.unknown, *outcomes)]
    if decision.default is not None:
        codes.insert(1, decision.outcomes.index(decision.default))
    return ops.look_up(np.array(codes, outcome_type(decision)), DEFAULT - 1, rule)


def _first(
    ops: ArrayOps, decision: ir.Decision, outcomes: Sequence[str], truths: Sequence[Truth]
) -> Array:
    """The first rule that fires, unless an unknown one with another outcome comes before it.

    For each outcome the first of its rules that fires and the first that could: two selects
    for each rule, and no long chain of them that wait for one another.
    """
    default, after = np.int32(len(truths)), np.int32(len(truths) + 1)
    fires: dict[str | None, Array] = dict.fromkeys((*outcomes, decision.default), after)
    fires[decision.default] = default  # as if by a last rule that always fires
    could: dict[str, Array] = {}
    for rank in reversed(range(len(truths))):
        name, (true, possible) = outcomes[rank], truths[rank]
        fires[name] = ops.select(true, np.int32(rank), fires[name])
        if possible is not None:
            could[name] = ops.select(possible, np.int32(rank), could.get(name, after))
    first = functools.reduce(functools.partial(_lesser, ops), fires.values())
    rule = ops.select(ops.equal(first, default), np.int32(DEFAULT), first)
    for name, rank in could.items():
        other = ops.not_equal(fires[name], first)
        rule = ops.select(ops.conjoin(other, ops.less(rank, first)), np.int32(UNKNOWN), rule)
    return rule


def _lesser(ops: ArrayOps, this: Array, other: Array) -> Array:
    return ops.select(ops.less(this, other), this, other)


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
