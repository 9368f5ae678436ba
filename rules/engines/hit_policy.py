"""From the truths of the rules to one decision: the hit policies.

A decision is UNKNOWN exactly when two completions of the unknown truths would decide
differently (tests/rules/engines/test_hit_policy.py tries all of them).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from rules.engines.decisions import CONFLICT, DEFAULT, UNKNOWN, VIOLATED
from rules.language import ir

__all__ = [
    "Outcome",
    "Truths",
    "constrain",
    "decide",
    "required_decision",
    "undecided",
    "unknown_outcome",
]

Outcome: TypeAlias = str | frozenset[str]
Truths: TypeAlias = Sequence[bool | None]


def required_decision(ruleset: ir.Ruleset) -> ir.Decision:
    """What a rule set decides.

    Raises:
        ValueError: nothing.
    """
    if ruleset.decision is None:
        raise ValueError(
            f"rule set {ruleset.name} decides nothing; add `decide NAME in {{...}}`, or ask "
            "rules.engines.reference.evaluate for its derived values"
        )
    return ruleset.decision


def decide(decision: ir.Decision, outcomes: Sequence[str], truths: Truths) -> tuple[Outcome, int]:
    """The outcome and the rank of the deciding rule, or DEFAULT, UNKNOWN or CONFLICT.

    Args:
        decision: the hit policy and the two fall-backs.
        outcomes: the outcome of each rule, in order of precedence.
        truths: whether each rule's condition holds; None is unknown.
    """
    fires = [rank for rank, truth in enumerate(truths) if truth is True]
    if decision.policy in ("unique", "any") and _conflict(decision.policy, outcomes, fires):
        return decision.unknown, CONFLICT
    if undecided(decision, outcomes, truths):
        return unknown_outcome(decision), UNKNOWN
    rule = fires[0] if fires else DEFAULT
    if decision.policy == "collect":
        return _collected(decision, outcomes, fires), rule
    return (outcomes[rule] if fires else _default(decision)), rule


def constrain(
    decision: ir.Decision,
    constraints: Sequence[ir.Constraint],
    truths: Truths,
    outcome: Outcome,
    rule: int,
) -> tuple[Outcome, int, tuple[bool, ...]]:
    """What the constraints make of a decision, and whether it breaks each of them.

    Args:
        decision: the hit policy and the two fall-backs.
        constraints: binding ones, and those with a weight, which change nothing.
        truths: whether the condition of each constraint holds; None is unknown.
        outcome: as `decide` returns it.
        rule: likewise.
    """
    if rule in (UNKNOWN, CONFLICT):
        return outcome, rule, (False,) * len(constraints)
    decided = outcome if isinstance(outcome, frozenset) else {outcome}
    excluded = [not decided <= set(item.allowed) for item in constraints]
    violated = tuple(held is True and out for held, out in zip(truths, excluded, strict=True))
    binding = [
        held
        for item, held, out in zip(constraints, truths, excluded, strict=True)
        if out and item.weight is None
    ]
    if True in binding:
        return unknown_outcome(decision), VIOLATED, violated
    if None in binding:
        return unknown_outcome(decision), UNKNOWN, violated
    return outcome, rule, violated


def undecided(decision: ir.Decision, outcomes: Sequence[str], truths: Truths) -> list[int]:
    """The ranks of the rules of unknown truth that could change the outcome.

    Takes truths without a conflict; arguments as in `decide`.
    """
    fires = [rank for rank, truth in enumerate(truths) if truth is True]
    unknown = [rank for rank, truth in enumerate(truths) if truth is None]
    match decision.policy:
        case "first" | "priority" if fires:
            winner = fires[0]
            return [r for r in unknown if r < winner and outcomes[r] != outcomes[winner]]
        case "any" if fires:
            return [r for r in unknown if outcomes[r] != outcomes[fires[0]]]
        case "unique" if fires or len(unknown) > 1:
            return unknown
        case "collect":
            collected = _collected(decision, outcomes, fires)
            return [r for r in unknown if outcomes[r] not in collected]
        case _:
            return [r for r in unknown if outcomes[r] != decision.default]


def unknown_outcome(decision: ir.Decision) -> Outcome:
    """What comes out where nothing can be decided."""
    return frozenset({decision.unknown}) if decision.policy == "collect" else decision.unknown


def _conflict(policy: str, outcomes: Sequence[str], fires: list[int]) -> bool:
    if policy == "unique":
        return len(fires) > 1
    return len({outcomes[rank] for rank in fires}) > 1


def _collected(decision: ir.Decision, outcomes: Sequence[str], fires: list[int]) -> frozenset[str]:
    if fires or decision.default is None:
        return frozenset(outcomes[rank] for rank in fires)
    return frozenset({decision.default})


def _default(decision: ir.Decision) -> str:
    if decision.default is None:
        raise ValueError(
            f"decision {decision.name}: policy {decision.policy} needs a default outcome; "
            "only collect can do without"
        )
    return decision.default
