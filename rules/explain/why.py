"""Why a case was decided as it was: the rules, their proofs, and what was missing."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from rules.cases import decode_case, encode
from rules.engines.decisions import DEFAULT, STATUS, UNKNOWN, Decisions
from rules.engines.hit_policy import Outcome
from rules.engines.reference import evaluate
from rules.errors import did_you_mean
from rules.explain.needs import Needs
from rules.explain.proof import Proof, failing, plain_value, prove
from rules.explain.reasons import reasons
from rules.language import ir

__all__ = ["Explanation", "RuleExplanation", "explain"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class RuleExplanation:
    """What one rule made of the case.

    Attributes:
        name, title, outcome: of the rule.
        fires: whether its condition holds; None is unknown.
        proof: of its condition.
        failing: the literals that kept it from firing; none when it fires.
    """

    name: str
    title: str
    outcome: str
    fires: bool | None
    proof: Proof
    failing: tuple[Proof, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Explanation:
    """Why one case was decided as it was; `str()` is meant to be read.

    Attributes:
        ruleset: name and version.
        sha256: identity of the rule set.
        values: of every input and derived name; None is unknown.
        outcome: what was decided; None when the rule set decides nothing.
        rule: the name of the deciding rule, or `default`, `unknown` or `conflict`.
        reason: one sentence.
        rules: every rule, in order of precedence.
        needed: the missing inputs to obtain, when the case is undecided.
        margin: how far the nearest comparison that could change the outcome is from
            flipping.
    """

    ruleset: str
    sha256: str
    values: Mapping[str, Any]
    outcome: Outcome | None
    rule: str
    reason: str
    rules: tuple[RuleExplanation, ...]
    needed: tuple[str, ...]
    margin: float

    @property
    def fired(self) -> tuple[RuleExplanation, ...]:
        """The rules that fire."""
        return tuple(rule for rule in self.rules if rule.fires)

    @property
    def not_fired(self) -> tuple[RuleExplanation, ...]:
        """The rules that do not fire, or may not."""
        return tuple(rule for rule in self.rules if not rule.fires)

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"{_outcome_text(self.outcome)}, decided by {self.rule} ({self.ruleset})"
        yield f"because {self.reason}"
        if self.needed:
            yield f"to obtain: {', '.join(self.needed)}"
        for rule in self.fired:
            yield f"\nrule {rule.name} fires: {rule.outcome}, {rule.title}"
            yield from rule.proof.lines(1)
        for rule in self.not_fired:
            verb = "does not fire" if rule.fires is False else "could fire"
            yield f"\nrule {rule.name} {verb}: {rule.outcome}, {rule.title}"
            for proof in rule.failing:
                yield from proof.lines(1)

    def to_json(self) -> dict[str, Any]:
        """Plain data, ready for `json.dumps`; an infinite margin is None."""
        collected = isinstance(self.outcome, frozenset)
        return {
            "ruleset": self.ruleset,
            "sha256": self.sha256,
            "outcome": sorted(self.outcome) if collected else self.outcome,  # type: ignore[arg-type]
            "rule": self.rule,
            "reason": self.reason,
            "needed": list(self.needed),
            "margin": self.margin if math.isfinite(self.margin) else None,
            "values": {name: plain_value(value) for name, value in self.values.items()},
            "rules": [
                {
                    "name": rule.name,
                    "title": rule.title,
                    "outcome": rule.outcome,
                    "fires": rule.fires,
                    "proof": rule.proof.to_json(),
                    "failing": [proof.to_json() for proof in rule.failing],
                }
                for rule in self.rules
            ],
        }


def explain(ruleset: ir.Ruleset, case: Mapping[str, Any]) -> Explanation:
    """Explains the decision of one case.

    Args:
        ruleset: a checked rule set.
        case: input values by name; absent, None, not finite or out of bounds is missing.

    Raises:
        TypeError: a value is of another kind than its input.
        ValueError: a text is no member of its enum, a name looks like a misspelt input, or
            there is not exactly one case.
    """
    _check_names(ruleset, case)
    columns = encode(ruleset, case, missing_columns="unknown")
    count = len(next(iter(columns.values()), [case]))
    if count != 1:
        raise ValueError(f"found {count} cases, expected one; explain them one by one")
    evaluation = evaluate(ruleset, decode_case(ruleset, columns, 0))
    derived = {item.name: item for item in ruleset.derived}
    rule, reason = STATUS[DEFAULT], "the rule set decides nothing"
    needed: tuple[str, ...] = ()
    if ruleset.decision is not None:
        one = Decisions(outcome=None, rule=np.array([evaluation.rule], np.int32))
        (reason,) = reasons(ruleset, columns, one)
        rule = STATUS.get(evaluation.rule) or ruleset.ranked[evaluation.rule].name
        needed = _needed(ruleset, columns) if evaluation.rule == UNKNOWN else ()
    return Explanation(
        ruleset=f"{ruleset.name} version {ruleset.version}",
        sha256=ruleset.sha256,
        values=evaluation.values,
        outcome=evaluation.outcome,
        rule=rule,
        reason=reason,
        rules=tuple(
            RuleExplanation(
                name=item.name,
                title=item.title,
                outcome=item.outcome,
                fires=held,
                proof=prove(item.condition, evaluation.values, derived),
                failing=() if held else failing(item.condition, evaluation.values, derived),
            )
            for item, held in zip(ruleset.ranked, evaluation.truths, strict=True)
        ),
        needed=needed,
        margin=evaluation.margin,
    )


def _check_names(ruleset: ir.Ruleset, case: Mapping[str, Any]) -> None:
    if not isinstance(case, Mapping):
        return
    absent = [item.name for item in ruleset.inputs if item.name not in case]
    for name in case:
        hint = None if name in ruleset.types else did_you_mean(name, absent)
        if hint:
            raise ValueError(f"rule set {ruleset.name}: no input is called {name}; {hint}")


def _needed(ruleset: ir.Ruleset, columns: Mapping[str, Any]) -> tuple[str, ...]:
    with np.errstate(all="ignore"):
        return tuple(Needs(ruleset, columns, 1).inputs)


def _outcome_text(outcome: Outcome | None) -> str:
    if isinstance(outcome, frozenset):
        return ", ".join(sorted(outcome)) or "nothing"
    return outcome or "no decision"
