"""The decision that follows from truths, by trying all ways to complete what is unknown.

This is the definition of `unknown` in docs/numbers.md, word by word, and no rule of thumb.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from rules.engines.decisions import CONFLICT, DEFAULT, UNKNOWN, VIOLATED
from rules.engines.hit_policy import Outcome
from rules.language import ir

__all__ = ["verdict"]

_Decided = tuple[Outcome, int]


def verdict(
    ruleset: ir.Ruleset, truths: Sequence[bool | None], limits: Sequence[bool | None]
) -> tuple[Outcome, int, tuple[bool, ...]]:
    """The outcome, the rank of the deciding rule or a status, and the constraints broken.

    Args:
        ruleset: with a decision.
        truths: by rank, of the rules' conditions; None is unknown.
        limits: of the constraints' conditions.
    """
    decision = ruleset.decision
    assert decision is not None
    fallback: Outcome = decision.unknown
    if decision.policy == "collect":
        fallback = frozenset({decision.unknown})
    outcomes = [rule.outcome for rule in ruleset.ranked]
    nothing = (False,) * len(limits)
    if _complete(decision, outcomes, [truth is True for truth in truths]) is None:
        return fallback, CONFLICT, nothing
    completions = itertools.product(
        *((False, True) if truth is None else (truth,) for truth in truths)
    )
    made = {_complete(decision, outcomes, completed) for completed in completions}
    if len(made) != 1:
        return fallback, UNKNOWN, nothing
    (outcome,) = made
    assert outcome is not None
    rule = next((rank for rank, truth in enumerate(truths) if truth), DEFAULT)
    allowed = [_is_allowed(item, outcome) for item in ruleset.constraints]
    broken = tuple(limit is True and not fine for limit, fine in zip(limits, allowed, strict=True))
    binding = [item.weight is None for item in ruleset.constraints]
    if any(there and hard for there, hard in zip(broken, binding, strict=True)):
        return fallback, VIOLATED, broken
    if any(
        limit is None and hard and not fine
        for limit, hard, fine in zip(limits, binding, allowed, strict=True)
    ):
        return fallback, UNKNOWN, broken
    return outcome, rule, broken


def _complete(
    decision: ir.Decision, outcomes: Sequence[str], truths: Sequence[bool]
) -> Outcome | None:
    """The outcome when nothing is unknown; None is a conflict."""
    fired = [outcome for outcome, truth in zip(outcomes, truths, strict=True) if truth]
    match decision.policy:
        case "collect":
            default = () if decision.default is None else (decision.default,)
            return frozenset(fired or default)
        case "unique" if len(fired) > 1:
            return None
        case "any" if len(set(fired)) > 1:
            return None
    return fired[0] if fired else decision.default


def _is_allowed(constraint: ir.Constraint, outcome: Outcome) -> bool:
    came = outcome if isinstance(outcome, frozenset) else {outcome}
    return came <= set(constraint.allowed)
