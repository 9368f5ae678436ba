"""How far a condition, and a decision, is from flipping.

The quantitative semantics of signal temporal logic (Fainekos and Pappas, "Robustness of
temporal logic specifications for continuous-time signals", 2009, section 3), made
unit-free: a comparison of numbers has the signed slack `(a - b) / max(|a|, |b|, 1)`,
positive where it holds; `and` and `all` are min, `or` and `some` are max, `not` is negation.
What has no distance (truths, names, dates, `is unknown`, recursive truths) has an infinite
one.

Robustness is defined where a condition is known. An unknown operand of a known `and` or
`or` is left out: it did not decide the truth, so it does not bound the distance. So are,
under `some` and `all`, objects that may not be present.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias, cast

from rules.engines.decisions import CONFLICT, DEFAULT, UNKNOWN, VIOLATED
from rules.engines.semantics import NO_BINDING, Bound, Facts, rows, truth, value
from rules.engines.values import Value, canonical
from rules.engines.world import Object, Objects
from rules.language import ir
from rules.language.strata import is_recursive

__all__ = ["Distances", "can_change", "decision_margin", "derived_distances", "robustness", "slack"]

Distances: TypeAlias = Mapping[tuple[str, Objects], float]


def robustness(expr: ir.Expr, facts: Facts, derived: Distances, bound: Bound = NO_BINDING) -> float:
    """The signed distance of a known condition from flipping.

    Args:
        expr: an expression of type bool whose truth is known.
        facts: the params, inputs and derived names that it reads.
        derived: the robustness of the derived truths that it reads, see `derived_distances`.
        bound: the objects that its free variables stand for.
    """
    match expr:
        case ir.Not(operand=operand):
            return -robustness(operand, facts, derived, bound)
        case ir.And(operands=operands):
            return min(_known(operands, facts, derived, bound))
        case ir.Or(operands=operands):
            return max(_known(operands, facts, derived, bound))
        case ir.Quantified(kind=kind, bindings=bindings, body=body):
            each = (
                distance
                for row, present in rows(bindings, facts, bound)
                if present
                for distance in _known((body,), facts, derived, row)
            )
            return max(each, default=-math.inf) if kind == "some" else min(each, default=math.inf)
        case ir.Choose(condition=condition, then=then, otherwise=otherwise):
            chosen = then if truth(condition, facts, bound) else otherwise
            return robustness(chosen, facts, derived, bound)
        case ir.Ref(name=name, arguments=arguments):
            objects = tuple(cast(Object, value(item, facts, bound)) for item in arguments)
            if (name, objects) in derived:
                return derived[name, objects]
        case ir.Compare(op=op, left=left, right=right) if isinstance(
            left.type, ir.FloatType | ir.IntType
        ):
            return slack(op, value(left, facts, bound), value(right, facts, bound))
    return math.inf if truth(expr, facts, bound) else -math.inf


def _known(
    operands: Sequence[ir.Expr], facts: Facts, derived: Distances, bound: Bound
) -> Iterator[float]:
    for operand in operands:
        if truth(operand, facts, bound) is not None:
            yield robustness(operand, facts, derived, bound)


def derived_distances(ruleset: ir.Ruleset, facts: Facts) -> Distances:
    """The robustness of the derived truths that are known, about objects that are present.

    Recursive truths, which have no distance, are left out.
    """
    found: dict[tuple[str, Objects], float] = {}
    for group in ruleset.strata:
        item = group[0]
        if is_recursive(group) or not isinstance(item.type, ir.BoolType):
            continue
        for bound, present in rows(item.parameters, facts, NO_BINDING):
            objects = tuple(bound.values())
            if present and facts.read(item.name, objects) is not None:
                found[item.name, objects] = max(_known(item.clauses, facts, found, bound))
    return found


def slack(op: str, left: Value | None, right: Value | None) -> float:
    """The signed slack of a comparison of known numbers: positive where it holds."""
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
    ruleset: ir.Ruleset, facts: Facts, truths: Sequence[bool | None], rule: int
) -> float:
    """How far the nearest flip that could change the outcome is.

    Args:
        ruleset: a rule set with a decision.
        facts: every param, input and derived name.
        truths: of the ranked rules.
        rule: the rank of the deciding rule, or DEFAULT, UNKNOWN, CONFLICT or VIOLATED.
    """
    if rule in (UNKNOWN, CONFLICT, VIOLATED):
        return 0.0
    decision, rules = ruleset.decision, ruleset.ranked
    assert decision is not None
    derived = derived_distances(ruleset, facts)
    distances = [
        math.inf if held is None else abs(robustness(rule.condition, facts, derived))
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
