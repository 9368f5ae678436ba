"""Why a case was decided as it was: the rules, their proofs, and what was missing."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from rules.cases import encode_cases
from rules.engines.decisions import CONFLICT, DEFAULT, STATUS, UNKNOWN, VIOLATED
from rules.engines.hit_policy import Outcome
from rules.engines.reference import Evaluation, evaluate
from rules.engines.semantics import truth
from rules.errors import did_you_mean
from rules.explain.agreement import confirm
from rules.explain.formats import listed_titles, place_text, plain
from rules.explain.needs import Need, lacking, need_texts
from rules.explain.proof import Proof
from rules.explain.prover import Prover
from rules.explain.sentences import sentence
from rules.explain.settling import Settling, settling
from rules.language import ir

__all__ = ["ConstraintExplanation", "Explanation", "RuleExplanation", "explain", "one_case"]

_UNMADE = MappingProxyType(
    {
        STATUS[UNKNOWN]: "undecided",
        STATUS[CONFLICT]: "rules in conflict",
        STATUS[VIOLATED]: "a constraint is violated",
    }
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class RuleExplanation:
    """What one rule made of the case.

    Attributes:
        name: of the rule.
        title: of the rule.
        outcome: of the rule.
        fires: whether its condition holds; None is unknown.
        proof: of its condition.
        failing: the literals that kept it from firing; none when it fires.
        place: where it stands, `policy.rules:12:1`; None without a text.
    """

    name: str
    title: str
    outcome: str
    fires: bool | None
    proof: Proof
    failing: tuple[Proof, ...]
    place: str | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class ConstraintExplanation:
    """What a constraint made of the case.

    Attributes:
        title: of the constraint.
        allowed: the outcomes that it allows where it applies.
        binding: whether it changes decisions, or is only reported.
        applies: whether its condition holds; None is unknown.
        violated: whether the outcome that the rules made breaks it.
        proof: of its condition.
        place: where it stands; None without a text.
    """

    title: str
    allowed: tuple[str, ...]
    binding: bool
    applies: bool | None
    violated: bool
    proof: Proof
    place: str | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Explanation:
    """Why one case was decided as it was; `str()` is meant to be read.

    Attributes:
        ruleset: name and version.
        sha256: identity of the rule set.
        values: of every param, input and derived name, about objects as a mapping; None is
            unknown.
        types: of these values.
        outcome: what was decided; None when the rule set decides nothing.
        rule: the name of the deciding rule, or `default`, `unknown`, `conflict`, `violated`.
        reason: one sentence.
        rules: every rule, in order of precedence.
        constraints: every constraint, in the order of the text.
        needs: the facts to obtain, when the case is undecided.
        settling: the smallest sets of them that could settle it, with examples.
        margin: how far the nearest comparison that could change the outcome is from
            flipping.
    """

    ruleset: str
    sha256: str
    values: Mapping[str, Any]
    types: Mapping[str, ir.Type]
    outcome: Outcome | None
    rule: str
    reason: str
    rules: tuple[RuleExplanation, ...]
    constraints: tuple[ConstraintExplanation, ...]
    needs: tuple[Need, ...]
    settling: tuple[Settling, ...]
    margin: float

    @property
    def needed(self) -> tuple[str, ...]:
        """The facts to obtain, as text: `income`, `earns(anna)`."""
        return need_texts(self.needs, self.values)

    @property
    def fired(self) -> tuple[RuleExplanation, ...]:
        """The rules that fire."""
        return tuple(rule for rule in self.rules if rule.fires)

    @property
    def not_fired(self) -> tuple[RuleExplanation, ...]:
        """The rules that do not fire, or may not."""
        return tuple(rule for rule in self.rules if not rule.fires)

    @property
    def headline(self) -> str:
        """`reject, decided by risky`."""
        return f"{outcome_text(self.outcome)}, {made_by(self.rule)}"

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"{self.headline} ({self.ruleset})"
        yield f"because {self.reason}"
        if self.needs:
            yield f"to obtain: {', '.join(self.needed)}"
        for one in self.settling:
            yield f"enough could be {one}"
        for rule in self.fired:
            yield f"\nrule {rule.name} fires: {rule.outcome}, {rule.title}{_at(rule.place)}"
            yield from rule.proof.lines(1)
        for rule in self.not_fired:
            verb = "does not fire" if rule.fires is False else "could fire"
            yield f"\nrule {rule.name} {verb}: {rule.outcome}, {rule.title}{_at(rule.place)}"
            for proof in rule.failing:
                yield from proof.lines(1)
        for item in self.constraints:
            if item.violated or (item.applies is None and self.rule == STATUS[UNKNOWN]):
                verb = "is violated" if item.violated else "could apply"
                allowed = f"allows {', '.join(item.allowed) or 'nothing'}"
                allowed += "" if item.binding else ", only reported"
                subject = listed_titles([item.title], "constraint")
                yield f"\n{subject} {verb}: {allowed}{_at(item.place)}"
                yield from item.proof.lines(1)

    def to_json(self) -> dict[str, Any]:
        """Plain data, ready for `json.dumps`: see docs/explanations.md."""
        collected = isinstance(self.outcome, frozenset)
        return {
            "ruleset": self.ruleset,
            "sha256": self.sha256,
            "outcome": sorted(self.outcome) if collected else self.outcome,  # type: ignore[arg-type]
            "rule": self.rule,
            "reason": self.reason,
            "needed": list(self.needed),
            "settling": [_settling_json(one) for one in self.settling],
            "margin": self.margin if math.isfinite(self.margin) else None,
            "values": {name: plain(v, self.types[name]) for name, v in self.values.items()},
            "rules": [
                {
                    "name": rule.name,
                    "title": rule.title,
                    "outcome": rule.outcome,
                    "fires": rule.fires,
                    **({} if rule.place is None else {"at": rule.place}),
                    "proof": rule.proof.to_json(),
                    "failing": [proof.to_json() for proof in rule.failing],
                }
                for rule in self.rules
            ],
            "constraints": [
                {
                    "title": item.title,
                    "allowed": list(item.allowed),
                    "binding": item.binding,
                    "applies": item.applies,
                    "violated": item.violated,
                    **({} if item.place is None else {"at": item.place}),
                    "proof": item.proof.to_json(),
                }
                for item in self.constraints
            ],
        }


def explain(ruleset: ir.Ruleset, case: Mapping[str, Any]) -> Explanation:
    """Explains the decision of one case.

    Args:
        ruleset: a checked rule set.
        case: by name of an input or entity, see `rules.engines.world`; absent, None, not
            finite or out of bounds is missing.

    Raises:
        TypeError: a value is of another kind than its input.
        ValueError: a text is no member of its enum, a name looks like a misspelt input, or
            there is not exactly one case.
        EnginesDisagreeError: engines decide the case differently, which should never be.
    """
    case, evaluation = one_case(ruleset, case)
    prover = Prover(ruleset, evaluation.world)
    needs: tuple[Need, ...] = ()
    if ruleset.decision is not None and evaluation.rule == UNKNOWN:
        needs = lacking(ruleset, evaluation).needs
    return Explanation(
        ruleset=f"{ruleset.name} version {ruleset.version}",
        sha256=ruleset.sha256,
        values=evaluation.values,
        types=ruleset.types,
        outcome=evaluation.outcome,
        rule=decided_by(ruleset, evaluation),
        reason=sentence(ruleset, evaluation),
        rules=tuple(
            RuleExplanation(
                name=item.name,
                title=item.title,
                outcome=item.outcome,
                fires=held,
                proof=prover.prove(item.condition),
                failing=() if held else prover.failing(item.condition),
                place=place_text(ruleset, item.span),
            )
            for item, held in zip(ruleset.ranked, evaluation.truths, strict=True)
        ),
        constraints=tuple(
            ConstraintExplanation(
                title=item.title,
                allowed=item.allowed,
                binding=item.weight is None,
                applies=truth(item.condition, evaluation.world),
                violated=violated,
                proof=prover.prove(item.condition),
                place=place_text(ruleset, item.span),
            )
            for item, violated in zip(ruleset.constraints, evaluation.violated, strict=False)
        ),
        needs=needs,
        settling=settling(ruleset, case, needs),
        margin=evaluation.margin,
    )


def one_case(ruleset: ir.Ruleset, case: Mapping[str, Any]) -> tuple[Mapping[str, Any], Evaluation]:
    """A case in the form of `rules.engines.world`, and what all engines say about it.

    Raises:
        TypeError, ValueError, EnginesDisagreeError: as `explain` tells.
    """
    _check_names(ruleset, case)
    encoded = encode_cases(ruleset, case, missing_columns="unknown")
    count = encoded.count if ruleset.inputs or not isinstance(case, Mapping) else 1
    if count != 1:
        raise ValueError(f"found {count} cases, expected one; explain them one by one")
    told = encoded.case(0) if encoded.count else {}
    evaluation = evaluate(ruleset, told)
    bounded = encoded.count and all(item.size is not None for item in ruleset.entities)
    confirm(ruleset, told, evaluation, encoded.columns if bounded else None)
    return told, evaluation


def decided_by(ruleset: ir.Ruleset, evaluation: Evaluation) -> str:
    """The name of the deciding rule, or what stands in its place."""
    if ruleset.decision is None:
        return STATUS[DEFAULT]
    return STATUS.get(evaluation.rule) or ruleset.ranked[evaluation.rule].name


def made_by(rule: str) -> str:
    """`decided by risky`; in plain words where no rule made the decision."""
    return _UNMADE.get(rule, f"decided by {rule}")


def outcome_text(outcome: Outcome | None) -> str:
    """An outcome, or those that were collected."""
    if isinstance(outcome, frozenset):
        return ", ".join(sorted(outcome)) or "nothing"
    return outcome or "no decision"


def _check_names(ruleset: ir.Ruleset, case: Mapping[str, Any]) -> None:
    if not isinstance(case, Mapping):
        return
    known = {*ruleset.types, *ruleset.entity}
    names = [item.name for item in ruleset.inputs] + [item.name for item in ruleset.entities]
    absent = [name for name in names if name not in case]
    for name in case:
        hint = None if name in known else did_you_mean(name, absent)
        if hint:
            raise ValueError(f"rule set {ruleset.name}: no input is called {name}; {hint}")


def _settling_json(one: Settling) -> dict[str, Any]:
    return {
        "needs": [str(need) for need in one.needs],
        "outcomes": [
            {
                "outcome": sorted(outcome) if isinstance(outcome, frozenset) else outcome,
                "if": {
                    str(need): plain(value, type_)
                    for need, value, type_ in zip(one.needs, values, one.types, strict=True)
                },
            }
            for outcome, values in one.outcomes.items()
        ],
    }


def _at(place: str | None) -> str:
    return "" if place is None else f" ({place})"
