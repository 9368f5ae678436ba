"""The specification: what a rule set means for one case, in plain Python.

Nothing here is fast; everything is meant to be read. The other engines are right when
they agree with this one, which the property tests check value by value and bit by bit.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping

from rules.engines import hit_policy, robustness
from rules.engines.decisions import DEFAULT
from rules.engines.semantics import disjunction, truth, value
from rules.engines.values import Value, admit, within
from rules.language import ir

__all__ = ["Evaluation", "evaluate", "truth", "value"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What a rule set says about one case.

    Attributes:
        values: of every input and derived name; None is unknown.
        truths: one per rule, in the order of `ruleset.ranked`; None is unknown.
        outcome: the outcome, a set of outcomes under `collect`, or None when the rule
            set decides nothing.
        rule: the rank of the deciding rule, or DEFAULT, UNKNOWN or CONFLICT.
        margin: how far the nearest comparison that could change the outcome is from
            flipping; infinite when none can, 0 for UNKNOWN and CONFLICT.
    """

    values: dict[str, Value | None]
    truths: tuple[bool | None, ...]
    outcome: hit_policy.Outcome | None
    rule: int
    margin: float


def evaluate(ruleset: ir.Ruleset, case: Mapping[str, Value | None]) -> Evaluation:
    """Decides one case.

    Args:
        ruleset: a checked rule set.
        case: input values by name; absent, None, not finite or out of bounds is missing.

    Raises:
        TypeError: when a value is of another kind than its input.
    """
    values = {
        item.name: admit(item.name, item.type, case.get(item.name)) for item in ruleset.inputs
    }
    for item in ruleset.derived:
        values[item.name] = _derive(item, values)
    truths = tuple(truth(rule.condition, values) for rule in ruleset.ranked)
    if ruleset.decision is None:
        return Evaluation(values=values, truths=truths, outcome=None, rule=DEFAULT, margin=math.inf)
    outcomes = [rule.outcome for rule in ruleset.ranked]
    outcome, rule = hit_policy.decide(ruleset.decision, outcomes, truths)
    margin = robustness.decision_margin(ruleset, values, truths, rule)
    return Evaluation(values=values, truths=truths, outcome=outcome, rule=rule, margin=margin)


def _derive(item: ir.Derived, values: Mapping[str, Value | None]) -> Value | None:
    if isinstance(item.type, ir.BoolType):
        return disjunction(truth(clause, values) for clause in item.clauses)
    derived = value(item.clauses[0], values)
    return derived if derived is not None and within(item.type, derived) else None
