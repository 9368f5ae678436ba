"""Hit policies over rows of bits: the form of `hit_policy.py` for many rules.

For each outcome, the first of its rules that fires and the first that could are all that the
policies ask for, but for `unique`, which counts to two.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax

from rules.engines.array_ops import Array
from rules.engines.decisions import CONFLICT, DEFAULT, UNKNOWN
from rules.engines.table_plan import Chunks, Tables
from rules.engines.table_planes import BITS, first, read, unpacked
from rules.language import ir

__all__ = ["Verdict", "fired_words", "table_verdict"]

NONE = np.uint32(0)
NEVER = np.int32(2**31 - 1)


class Verdict(NamedTuple):
    """int32 `[B]`, as in `Decisions`, before constraints."""

    outcome: Array
    rule: Array


def table_verdict(decision: ir.Decision, tables: Tables, rows: Array) -> Verdict:
    """Outcomes and deciding rules of a block.

    Args:
        decision: the hit policy and the two fall-backs.
        tables: the rules by outcome.
        rows: uint32 `[rows, 2 * c]`, the truths.
    """
    found = _Outcomes(decision, tables, rows)
    outcome, rule, conflict = found.outcome(), found.rule(), None
    unknown = decision.outcomes.index(decision.unknown)
    match decision.policy:
        case "unique":
            conflict, contested = found.unique()
        case "any":
            conflict, contested = found.differ(), found.newcomer()
        case "collect":
            outcome, contested, unknown = found.collected(), found.newcomer(), 1 << unknown
        case _:
            contested = found.contested(outcome)
    for where, status in ((contested, UNKNOWN), (conflict, CONFLICT)):
        if where is not None:
            outcome = jnp.where(where, np.int32(unknown), outcome)
            rule = jnp.where(where, np.int32(status), rule)
    return Verdict(outcome, rule)


class _Outcomes:
    def __init__(self, decision: ir.Decision, tables: Tables, rows: Array) -> None:
        self.default = (
            None if decision.default is None else decision.outcomes.index(decision.default)
        )
        self.half = rows.shape[1] // 2
        self.cases = self.half * BITS
        self.rows = rows
        self.chunks = tables.rules
        # The ranks of the first rule of each outcome that fires, and of the first that could.
        ranks = _ranks(rows, tables.rules, len(decision.outcomes))
        codes = range(len(decision.outcomes))
        self.fires = {code: ranks[code, 0] for code in codes}
        self.could = {code: ranks[code, 1] for code in codes}
        self.best: Array = functools.reduce(
            jnp.minimum, self.fires.values(), jnp.full(self.cases, NEVER)
        )

    def _some(self, masks: list[Array]) -> Array:
        return functools.reduce(lax.bitwise_or, masks, jnp.zeros(self.cases, bool))

    def rule(self) -> Array:
        return jnp.where(self.best == NEVER, np.int32(DEFAULT), self.best)

    def outcome(self) -> Array:
        outcome: Array = jnp.full(self.cases, np.int32(self.default or 0))
        for code, rank in self.fires.items():
            outcome = jnp.where((rank == self.best) & (rank != NEVER), np.int32(code), outcome)
        return outcome

    def contested(self, outcome: Array) -> Array:
        """Where an unknown rule comes before the first that fires, with another outcome."""
        return self._some(
            [(rank < self.best) & (outcome != code) for code, rank in self.could.items()]
        )

    def differ(self) -> Array:
        """Where two rules with different outcomes fire."""
        return self._some([(rank != NEVER) & (rank != self.best) for rank in self.fires.values()])

    def newcomer(self) -> Array:
        """Where an outcome that is not given yet could be given by an unknown rule."""
        found = []
        for code, rank in self.could.items():
            new = (rank != NEVER) & (self.fires[code] == NEVER)
            if code == self.default:  # then it is given unless something else is
                new &= self.best != NEVER
            found.append(new)
        return self._some(found)

    def collected(self) -> Array:
        """The set of the outcomes of the rules that fire, or the default's."""
        collected = jnp.zeros(self.cases, np.int32)
        for code, rank in self.fires.items():
            collected |= jnp.where(rank != NEVER, np.int32(1 << code), np.int32(0))
        if self.default is None:
            return collected
        return jnp.where(collected == 0, np.int32(1 << self.default), collected)

    def unique(self) -> tuple[Array, Array]:
        """Where two rules fire; and where an unknown one could join one, or the default."""

        def step(counts: Array, chunk: tuple[Array, Array]) -> tuple[Array, None]:
            outcome, index = chunk
            fired, doubt, lone = counts[:2], counts[2:4], counts[4]
            own = read(self.rows, index)
            unknown = own[:, self.half :] & ~own[:, : self.half]
            fired = _counted(own[:, : self.half], fired)
            doubt = _counted(unknown, doubt)
            other = functools.reduce(lax.bitwise_or, list(unknown))
            lone = jnp.where(outcome == self.default, lone, lone | other)
            return jnp.concatenate([fired, doubt, lone[None]]), None

        start = jnp.broadcast_to(self.rows[0, : self.half] & NONE, (5, self.half))
        parts = jnp.asarray(self.chunks.outcome), jnp.asarray(self.chunks.row)
        (once, twice, doubt, doubts, lone), _ = lax.scan(step, start, parts)
        return unpacked(twice), unpacked(lone | (doubt & once) | doubts)


def _counted(rows: Array, counts: Array) -> Array:
    """`[2, c]`: where at least one bit is set, and at least two, with those from before."""
    once, twice = counts
    for row in list(rows):
        once, twice = once | row, twice | (once & row)
    return jnp.stack([once, twice])


def _ranks(rows: Array, chunks: Chunks, outcomes: int) -> Array:
    """int32 `[K, 2, B]`: the rank of the first rule of each outcome that holds, and that could.

    NEVER where there is none.
    """
    digits = (chunks.rank.shape[0] * chunks.rank.shape[1]).bit_length()
    found = first(rows, chunks, outcomes, digits)
    bits = unpacked(found.reshape(outcomes, digits, 2, rows.shape[1] // 2))
    ordinal = functools.reduce(
        lax.bitwise_or,
        [bits[:, place].astype(np.int32) << np.int32(place) for place in range(digits)],
    )
    return jnp.where(ordinal == 0, NEVER, ordinal - 1)


def fired_words(rows: Array) -> Array:
    """uint32 `[B, ceil(R / 32)]` of the rows `[R, c]` of rules in order of precedence."""
    words = rows.reshape(len(rows) // BITS, BITS, rows.shape[-1])
    places = jnp.arange(BITS, dtype=np.uint32)[:, None, None]
    bits = [
        (((words[None, :, rule] >> places) & np.uint32(1)) << np.uint32(rule))
        for rule in range(BITS)
    ]
    fired = functools.reduce(lax.bitwise_or, bits)  # [32, words, c]
    return jnp.moveaxis(fired, 1, 2).reshape(BITS * rows.shape[-1], len(words))
