"""From the atoms that an oracle derives to what it says about a case."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any, TypeAlias

from rules.engines.agree.comparison import Facts, Said
from rules.engines.agree.oracles.facts import number_of
from rules.engines.agree.oracles.lowering import Logic
from rules.engines.agree.oracles.verdicts import verdict
from rules.engines.world import Objects, World
from rules.language import ir

__all__ = ["Found", "answer_from", "beyond"]

Found: TypeAlias = dict[str, set[tuple[Any, ...]]]


def beyond(logic: Logic, able: frozenset[str]) -> str:
    """What a program needs and an oracle has not; empty when it can take it."""
    return ", ".join(sorted(logic.needs - able))


def answer_from(ruleset: ir.Ruleset, logic: Logic, world: World, number: int, found: Found) -> Said:
    """What the atoms of one case say.

    Args:
        ruleset: with a decision.
        logic: its logic program.
        world: the case.
        number: of the case.
        found: the terms of the atoms that hold, by predicate.
    """

    def truth(pair: tuple[str, str], *objects: Any) -> bool | None:
        true, may = ((number, *objects) in found.get(name, ()) for name in pair)
        return True if true else None if may else False

    def values(item: ir.Derived) -> Iterable[tuple[Objects, Any]]:
        domains = [world.objects[binding.entity] for binding in item.parameters]
        rows = list(itertools.product(*domains))
        if isinstance(item.type, ir.BoolType):
            return [(row, truth((f"t_{item.name}", f"p_{item.name}"), *row)) for row in rows]
        known = {key[1:-1]: key[-1] for key in found.get(f"v_{item.name}", ()) if key[0] == number}
        if isinstance(item.type, ir.FloatType):
            known = {row: number_of(value) for row, value in known.items()}
        return [(row, known.get(row)) for row in rows]

    derived: Facts = {item.name: dict(values(item)) for item in ruleset.derived}
    truths = tuple(truth(pair) for pair in logic.conditions)
    limits = tuple(truth(pair) for pair in logic.limits)
    outcome, rule, violated = verdict(ruleset, truths, limits)
    return Said(outcome=outcome, rule=rule, truths=truths, violated=violated, derived=derived)
