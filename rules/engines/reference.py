"""The specification: what a rule set means for one case, in plain Python.

Nothing here is fast; everything is meant to be read. The other engines are right when
they agree with this one, which the property tests check value by value and bit by bit.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterable, Mapping
from typing import Any

from rules.engines import hit_policy, robustness
from rules.engines.decisions import DEFAULT
from rules.engines.fixpoint import Fact, Rising
from rules.engines.semantics import Facts, derive, truth, value
from rules.engines.values import Value
from rules.engines.world import Objects, World, admit_case
from rules.language import ir
from rules.language.settings import refuse_undated
from rules.language.strata import is_recursive

__all__ = ["Evaluation", "evaluate", "truth", "value"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What a rule set says about one case.

    Attributes:
        world: the objects, and the values of every param, input and derived name.
        truths: one per rule, in the order of `ruleset.ranked`; None is unknown.
        outcome: the outcome, a set of outcomes under `collect`, or None when the rule
            set decides nothing.
        rule: the rank of the deciding rule, or DEFAULT, UNKNOWN, CONFLICT or VIOLATED.
        margin: how far the nearest comparison that could change the outcome is from
            flipping; infinite when none can, 0 for UNKNOWN, CONFLICT and VIOLATED.
        violated: for each constraint whether the outcome that the rules made breaks it.
    """

    world: World
    truths: tuple[bool | None, ...]
    outcome: hit_policy.Outcome | None
    rule: int
    margin: float
    violated: tuple[bool, ...] = ()

    @property
    def values(self) -> Mapping[str, Value | Mapping[Objects, Value | None] | None]:
        """By name: a value, or a mapping by tuples of objects; None is unknown."""
        return self.world.values


def evaluate(ruleset: ir.Ruleset, case: Mapping[str, Any], *, margin: bool = True) -> Evaluation:
    """Decides one case.

    Args:
        ruleset: a checked rule set.
        case: values, relations and objects by name, in the forms that `rules.engines.world`
            tells; absent, None, not finite or out of bounds is missing.
        margin: whether to compute the margin, which takes most of the time; else it is NaN.

    Raises:
        TypeError: when a value is of another kind than its input.
        ValueError: as `admit_case` tells, or when nothing says which day to decide for.
    """
    refuse_undated(ruleset)
    admitted = admit_case(ruleset, case)
    values = dict(admitted.values)
    world = World(objects=admitted.objects, values=values)
    for group in ruleset.strata:
        model = _model(group, world)
        for item in group:
            found = {objects: model[item.name, objects] for objects in _tuples(item, world)}
            values[item.name] = found if item.parameters else found[()]
    truths = tuple(truth(rule.condition, world) for rule in ruleset.ranked)
    if ruleset.decision is None:
        return Evaluation(world=world, truths=truths, outcome=None, rule=DEFAULT, margin=math.inf)
    outcomes = [rule.outcome for rule in ruleset.ranked]
    outcome, rule = hit_policy.decide(ruleset.decision, outcomes, truths)
    limits = [truth(item.condition, world) for item in ruleset.constraints]
    outcome, rule, violated = hit_policy.constrain(
        ruleset.decision, ruleset.constraints, limits, outcome, rule
    )
    return Evaluation(
        world=world,
        truths=truths,
        outcome=outcome,
        rule=rule,
        margin=robustness.decision_margin(ruleset, world, truths, rule) if margin else math.nan,
        violated=violated,
    )


def _tuples(item: ir.Derived, facts: Facts) -> Iterable[Objects]:
    return itertools.product(*(facts.objects[parameter.entity] for parameter in item.parameters))


def _model(group: tuple[ir.Derived, ...], world: World) -> dict[Fact, Value | None]:
    """What a group of derived names says about all objects."""
    items = {item.name: item for item in group}
    wanted = [(item.name, objects) for item in group for objects in _tuples(item, world)]
    if not is_recursive(group):
        return {(name, objects): derive(items[name], objects, world) for name, objects in wanted}
    rising = Rising(items, world)
    for name, objects in wanted:
        rising.read(name, objects)
    rising.settle()
    return dict(rising.truths)
