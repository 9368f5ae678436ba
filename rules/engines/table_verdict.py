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

__all__ = ["Verdict", "VerdictRows", "fired_words", "table_verdict", "verdict_rows"]

NONE = np.uint32(0)
NEVER = np.int32(2**31 - 1)


class Verdict(NamedTuple):
    """int32 `[B]`, as in `Decisions`, before constraints."""

    outcome: Array
    rule: Array


class VerdictRows(NamedTuple):
    """What a verdict needs of the rows of a plane.

    Attributes:
        ranks: int32 `[K, B]`, of the first rule of each outcome; NEVER where there is none.
        rules: uint32 `[chunks, RULES, c]`, of all rules if the policy counts them, else none.
    """

    ranks: Array
    rules: Array


def verdict_rows(decision: ir.Decision, tables: Tables, rows: Array) -> VerdictRows:
    """What `table_verdict` needs of rows uint32 `[rows, c]`."""
    index = tables.rules.row if decision.policy == "unique" else tables.rules.row[:0]
    return VerdictRows(
        _ranks(rows, tables.rules, len(decision.outcomes)), read(rows, jnp.asarray(index))
    )


def table_verdict(decision: ir.Decision, tables: Tables, found_rows: VerdictRows) -> Verdict:
    """Outcomes and deciding rules of a block.

    Args:
        decision: the hit policy and the two fall-backs.
        tables: the rules by outcome.
        found_rows: of both planes, on a first axis.
    """
    found = _Outcomes(decision, tables, found_rows)
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
    def __init__(self, decision: ir.Decision, tables: Tables, rows: VerdictRows) -> None:
        self.default = (
            None if decision.default is None else decision.outcomes.index(decision.default)
        )
        self.cases = rows.ranks.shape[-1]
        self.rows = rows.rules
        self.chunks = tables.rules
        # The ranks of the first rule of each outcome that fires, and of the first that could.
        codes = range(len(decision.outcomes))
        self.fires = {code: rows.ranks[0, code] for code in codes}
        self.could = {code: rows.ranks[1, code] for code in codes}
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

        def step(counts: Array, chunk: tuple[Array, Array, Array]) -> tuple[Array, None]:
            outcome, fires, could = chunk
            fired, doubt, lone = counts[:2], counts[2:4], counts[4]
            unknown = could & ~fires
            fired = _counted(fires, fired)
            doubt = _counted(unknown, doubt)
            other = functools.reduce(lax.bitwise_or, list(unknown))
            lone = jnp.where(outcome == self.default, lone, lone | other)
            return jnp.concatenate([fired, doubt, lone[None]]), None

        fires, could = self.rows
        start = jnp.broadcast_to(fires[0, 0] & NONE, (5, fires.shape[-1]))
        parts = jnp.asarray(self.chunks.outcome), fires, could
        (once, twice, doubt, doubts, lone), _ = lax.scan(step, start, parts)
        return unpacked(twice), unpacked(lone | (doubt & once) | doubts)


def _counted(rows: Array, counts: Array) -> Array:
    """`[2, c]`: where at least one bit is set, and at least two, with those from before."""
    once, twice = counts
    for row in list(rows):
        once, twice = once | row, twice | (once & row)
    return jnp.stack([once, twice])


def _ranks(rows: Array, chunks: Chunks, outcomes: int) -> Array:
    """int32 `[K, B]`: the rank of the first rule of each outcome; NEVER where there is none."""
    digits = (chunks.rank.shape[0] * chunks.rank.shape[1]).bit_length()
    bits = unpacked(first(rows, chunks, outcomes, digits))
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
