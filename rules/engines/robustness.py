"""How far a condition, and a decision, is from flipping.

The quantitative semantics of signal temporal logic (Fainekos and Pappas, "Robustness of
temporal logic specifications for continuous-time signals", 2009, section 3), made
unit-free: a comparison of numbers has the signed slack `(a - b) / max(|a|, |b|, 1)`,
positive where it holds; `and` is min, `or` is max, `not` is negation. What has no distance
(truths, names, `is unknown`) has an infinite one.

Robustness is defined where a condition is known. An unknown operand of a known `and` or
`or` is left out: it did not decide the truth, so it does not bound the distance.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import cast

from rules.engines.decisions import CONFLICT, DEFAULT, UNKNOWN
from rules.engines.semantics import Values, truth, value
from rules.engines.values import Value, canonical
from rules.language import ir

__all__ = ["can_change", "decision_margin", "robustness"]


def robustness(expr: ir.Expr, values: Values, derived: Mapping[str, float]) -> float:
    """The signed distance of a known condition from flipping.

    Args:
        expr: an expression of type bool whose truth is known.
        values: of the inputs and derived names that it reads.
        derived: the robustness of the derived truths that it reads.
    """
    match expr:
        case ir.Not(operand=operand):
            return -robustness(operand, values, derived)
        case ir.And(operands=operands):
            return min(_known(operands, values, derived))
        case ir.Or(operands=operands):
            return max(_known(operands, values, derived))
        case ir.Choose(condition=condition, then=then, otherwise=otherwise):
            chosen = then if truth(condition, values) else otherwise
            return robustness(chosen, values, derived)
        case ir.Ref(name=name) if name in derived:
            return derived[name]
        case ir.Compare(op=op, left=left, right=right) if isinstance(
            left.type, ir.FloatType | ir.IntType
        ):
            return _slack(op, value(left, values), value(right, values))
        case _:
            return math.inf if truth(expr, values) else -math.inf


def _known(
    operands: Sequence[ir.Expr], values: Values, derived: Mapping[str, float]
) -> list[float]:
    return [
        robustness(operand, values, derived)
        for operand in operands
        if truth(operand, values) is not None
    ]


def _slack(op: str, left: Value | None, right: Value | None) -> float:
    a, b = (cast(float, canonical(cast(float, side))) for side in (left, right))
    distance = (a - b) / max(abs(a), abs(b), 1.0)
    match op:
        case ">" | ">=":
            return distance
        case "<" | "<=":
            return -distance
        case "=":
            return -abs(distance)
        case _:
            return abs(distance)


def can_change(decision: ir.Decision, outcomes: Sequence[str], winner: int) -> bool:
    """Whether another outcome could come out if the winning rule did not fire.

    For the policies `first` and `priority`; `outcomes` are those of the ranked rules.
    """
    below = {*outcomes[winner + 1 :], decision.default}
    return below != {outcomes[winner]}


def decision_margin(
    ruleset: ir.Ruleset, values: Values, truths: Sequence[bool | None], rule: int
) -> float:
    """How far the nearest flip that could change the outcome is.

    Args:
        ruleset: a rule set with a decision.
        values: of every input and derived name.
        truths: of the ranked rules.
        rule: the rank of the deciding rule, or DEFAULT, UNKNOWN or CONFLICT.
    """
    if rule in (UNKNOWN, CONFLICT):
        return 0.0
    decision, rules = ruleset.decision, ruleset.ranked
    assert decision is not None
    derived: dict[str, float] = {}
    for item in ruleset.derived:
        if isinstance(item.type, ir.BoolType) and values[item.name] is not None:
            derived[item.name] = max(_known(item.clauses, values, derived))
    distances = [
        math.inf if held is None else abs(robustness(rule.condition, values, derived))
        for rule, held in zip(rules, truths, strict=True)
    ]
    if decision.policy not in ("first", "priority"):
        return min(distances, default=math.inf)
    outcomes = [item.outcome for item in rules]
    outcome = decision.default if rule == DEFAULT else outcomes[rule]
    above = range(len(rules) if rule == DEFAULT else rule)
    rivals = [rank for rank in above if outcomes[rank] != outcome]
    if rule != DEFAULT and can_change(decision, outcomes, rule):
        rivals.append(rule)
    return min((distances[rank] for rank in rivals), default=math.inf)
