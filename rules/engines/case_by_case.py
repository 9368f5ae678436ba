"""Engines that take one case at a time, over a batch: what they say, as arrays."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from rules.encoding.values import Column, encode_values, missing_column
from rules.engines.arrays import Extras
from rules.engines.decisions import Decisions
from rules.engines.hit_policy import Outcome, required_decision
from rules.engines.kept import generated
from rules.engines.reference import Evaluation, evaluate
from rules.engines.verdict import outcome_type, rank_type
from rules.engines.world import Object
from rules.language import ir

__all__ = ["HOSTS", "Batch", "bits", "decide_by_reference", "verdicts"]


class Batch(Protocol):
    """Cases as `rules.cases.Encoded` has them."""

    @property
    def count(self) -> int:
        """The number of cases."""

    def case(self, row: int) -> dict[str, Any]:
        """One case as the engines take it."""

    def objects(self, entity: str, row: int) -> dict[int, Object]:
        """The objects of a case by slot."""

    def size(self, entity: str) -> int:
        """How many slots an entity has."""


Verdicts = Iterable[tuple[Outcome | None, int]]


def _python(ruleset: ir.Ruleset, cases: Iterable[dict[str, Any]]) -> Verdicts:
    return map(generated(ruleset), cases)


def _backward(ruleset: ir.Ruleset, cases: Iterable[dict[str, Any]]) -> Verdicts:
    from rules.engines.backward import Query

    return (Query(ruleset, case).decide() for case in cases)


def _rete(ruleset: ir.Ruleset, cases: Iterable[dict[str, Any]]) -> Verdicts:
    from rules.engines.rete import Rete

    with Rete(ruleset) as engine:
        yield from engine.decide(cases)


HOSTS: Mapping[str, Callable[[ir.Ruleset, Iterable[dict[str, Any]]], Verdicts]] = MappingProxyType(
    {"python": _python, "backward": _backward, "rete": _rete}
)


def verdicts(ruleset: ir.Ruleset, batch: Batch, engine: str) -> Decisions:
    """Outcomes and deciding rules, nothing else.

    Args:
        ruleset: what decides.
        batch: the cases.
        engine: one of `HOSTS`.
    """
    made = list(HOSTS[engine](ruleset, map(batch.case, range(batch.count))))
    return Decisions(
        outcome=np.array(
            [_code(ruleset, outcome) for outcome, _ in made],
            outcome_type(required_decision(ruleset)),
        ),
        rule=np.array([rule for _, rule in made], rank_type(ruleset)),
    )


def decide_by_reference(ruleset: ir.Ruleset, batch: Batch, extras: Extras) -> Decisions:
    """Decides by the specification.

    Args:
        ruleset: what decides.
        batch: the cases.
        extras: what to return beside outcome and rule.
    """
    made = [evaluate(ruleset, batch.case(row), margin=extras.margin) for row in range(batch.count)]
    items = {item.name: item for item in ruleset.derived}
    rules, constraints = len(ruleset.ranked), len(ruleset.constraints)
    return Decisions(
        outcome=np.array(
            [_code(ruleset, one.outcome) for one in made], outcome_type(required_decision(ruleset))
        ),
        rule=np.array([one.rule for one in made], rank_type(ruleset)),
        fired=bits([one.truths for one in made], rules) if extras.fired else None,
        margin=np.array([one.margin for one in made], np.float32) if extras.margin else None,
        derived={name: _derived(items[name], made, batch) for name in extras.derived},
        violated=bits([one.violated for one in made], constraints) if extras.violated else None,
    )


def bits(truths: Sequence[Sequence[bool | None]], width: int) -> npt.NDArray[np.uint32]:
    """uint32 `[B, ceil(width / 32)]`: bit i % 32 of word i // 32 is set where truth i holds."""
    words = np.zeros((len(truths), -(-width // 32)), np.uint32)
    for row, these in enumerate(truths):
        for index, truth in enumerate(these):
            if truth:
                words[row, index // 32] |= np.uint32(1 << index % 32)
    return words


def _code(ruleset: ir.Ruleset, outcome: Outcome | None) -> int:
    assert ruleset.decision is not None
    names = ruleset.decision.outcomes
    if isinstance(outcome, frozenset):
        return sum(1 << names.index(name) for name in outcome)
    return names.index(str(outcome))


def _derived(item: ir.Derived, made: Sequence[Evaluation], batch: Batch) -> Column:
    """A derived value as a column `[B, n1, ..., nk]`."""
    if not item.parameters:
        return encode_values(item.type, [one.world.read(item.name) for one in made])
    entities = [parameter.entity for parameter in item.parameters]
    column = missing_column(item.type, (len(made), *map(batch.size, entities)))
    if isinstance(item.type, ir.BoolType):
        column[...] = 0  # nothing holds of what is not there
    for row, one in enumerate(made):
        slots = [
            {label: slot for slot, label in batch.objects(entity, row).items()}
            for entity in entities
        ]
        keys = list(itertools.product(*(one.world.objects[entity] for entity in entities)))
        values = encode_values(item.type, [one.world.read(item.name, key) for key in keys])
        for key, value in zip(keys, values, strict=True):
            index = tuple(slot[label] for slot, label in zip(slots, key, strict=True))
            column[(row, *index)] = value
    return column
