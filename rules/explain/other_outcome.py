"""Why another outcome did not come out: what its rules failed by, or what stood above them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from rules.engines import hit_policy
from rules.engines.decisions import CONFLICT, UNKNOWN
from rules.engines.reference import Evaluation
from rules.engines.semantics import truth
from rules.errors import did_you_mean
from rules.explain.formats import listed, listed_titles, place_text
from rules.explain.obstacles import Obstacle, Obstacles
from rules.explain.sentences import sentence
from rules.explain.why import decided_by, made_by, one_case, outcome_text
from rules.language import ir

__all__ = ["RuleWhyNot", "WhyNot", "why_not"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class RuleWhyNot:
    """Why one rule, or the default, did not give its outcome.

    Attributes:
        name: of the rule; None for the default.
        title: of the rule.
        fires: whether its condition holds; None is unknown.
        obstacle: what keeps it from firing; None when it fires.
        blocked: why it does not decide though it fires; None when it does not fire.
        above: rules with another outcome that fire, or could, and come before it.
        place: where it stands; None without a text.
    """

    name: str | None
    title: str
    fires: bool | None
    obstacle: Obstacle | None = None
    blocked: str | None = None
    above: tuple[str, ...] = ()
    place: str | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class WhyNot:
    """Why an outcome did not come out; `str()` is meant to be read.

    Attributes:
        asked: the outcome asked about.
        came: the outcome that came out.
        rule: the name of the rule that gave it, or `default`, `unknown`, and so on.
        reason: why that came out, in one sentence.
        decided: whether the outcome asked about is what came out.
        rules: the rules that would give the outcome asked about, in order of precedence,
            and the default if it would.
    """

    asked: str
    came: hit_policy.Outcome
    rule: str
    reason: str
    decided: bool
    rules: tuple[RuleWhyNot, ...]

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        if self.decided:
            yield f"{self.asked} did come out, {made_by(self.rule)}"
            yield f"because {self.reason}"
            return
        yield f"not {self.asked} but {outcome_text(self.came)}, {made_by(self.rule)}"
        yield f"because {self.reason}"
        if not self.rules:
            yield f"\nno rule gives {self.asked}, and it is not the default"
        for item in self.rules:
            place = "" if item.place is None else f" ({item.place})"
            name = "the default" if item.name is None else f"rule {item.name}"
            title = f": {item.title}" if item.title else ""
            verb = item.blocked or ("does not fire" if item.fires is False else "could fire")
            yield f"\n{name} {verb}{title}{place}"
            if item.obstacle is not None:
                yield from item.obstacle.lines(1)
            if item.above and item.name is not None:
                yield f"  even then {listed(item.above, 'rule')} would come before it"

    def to_json(self) -> dict[str, Any]:
        """Plain data, ready for `json.dumps`: see docs/explanations.md."""
        came = sorted(self.came) if isinstance(self.came, frozenset) else self.came
        return {
            "asked": self.asked,
            "came": came,
            "rule": self.rule,
            "reason": self.reason,
            "decided": self.decided,
            "rules": [
                {
                    "name": item.name,
                    "title": item.title,
                    "fires": item.fires,
                    **({} if item.place is None else {"at": item.place}),
                    **({} if item.blocked is None else {"blocked": item.blocked}),
                    **({} if item.obstacle is None else {"obstacle": item.obstacle.to_json()}),
                    "above": list(item.above),
                }
                for item in self.rules
            ],
        }


def why_not(ruleset: ir.Ruleset, case: Mapping[str, Any], outcome: str) -> WhyNot:
    """Tells why an outcome did not come out.

    Args:
        ruleset: a rule set that decides.
        case: as for `explain`.
        outcome: one of its outcomes.

    Raises:
        ValueError: there is no such outcome, or the rule set decides nothing.
        TypeError, EnginesDisagreeError: as `explain` tells.
    """
    decision = ruleset.decision
    if decision is None:
        raise ValueError(f"rule set {ruleset.name} decides nothing")
    if outcome not in decision.outcomes:
        hint = did_you_mean(outcome, decision.outcomes)
        raise ValueError(
            f"{outcome} is no outcome of {decision.name}; its outcomes: "
            f"{', '.join(decision.outcomes)}" + (f"; {hint}" if hint else "")
        )
    _, evaluation = one_case(ruleset, case)
    came = evaluation.outcome
    assert came is not None
    decided = outcome in came if isinstance(came, frozenset) else outcome == came
    obstacles = Obstacles(ruleset, evaluation.world)
    rules = [
        RuleWhyNot(
            name=rule.name,
            title=rule.title,
            fires=held,
            obstacle=None if held else obstacles.of(rule.condition),
            blocked=_blocked(ruleset, evaluation, outcome) if held and not decided else None,
            above=() if held else _above(ruleset, evaluation, rank),
            place=place_text(ruleset, rule.span),
        )
        for rank, (rule, held) in enumerate(zip(ruleset.ranked, evaluation.truths, strict=True))
        if rule.outcome == outcome
    ]
    if decision.default == outcome and not decided:
        rules.append(_default(ruleset, evaluation, outcome, obstacles))
    return WhyNot(
        asked=outcome,
        came=came,
        rule=decided_by(ruleset, evaluation),
        reason=sentence(ruleset, evaluation),
        decided=decided,
        rules=tuple(rules),
    )


def _blocked(ruleset: ir.Ruleset, evaluation: Evaluation, outcome: str) -> str:
    """Why a rule that fires does not decide."""
    forbidden = _forbidden(ruleset, evaluation, outcome)
    if evaluation.rule >= 0:
        above = ruleset.ranked[evaluation.rule]
        return f"fires, but rule {above.name} ({above.outcome}) comes before it"
    if evaluation.rule == CONFLICT:
        assert ruleset.decision is not None
        return f"fires, but others do too, which policy {ruleset.decision.policy} forbids"
    if evaluation.rule == UNKNOWN and not forbidden:
        rules = [
            rule.name
            for rule, held in zip(ruleset.ranked, evaluation.truths, strict=True)
            if held is None
        ]
        return f"fires, but {listed(rules, 'rule')} could fire too"
    return f"fires, but {forbidden}"


def _above(ruleset: ir.Ruleset, evaluation: Evaluation, rank: int) -> tuple[str, ...]:
    """The rules with another outcome that would decide before a rule."""
    assert ruleset.decision is not None
    if ruleset.decision.policy not in ("first", "priority"):
        return ()
    outcome = ruleset.ranked[rank].outcome
    before = zip(ruleset.ranked[:rank], evaluation.truths, strict=False)
    return tuple(rule.name for rule, held in before if held and rule.outcome != outcome)


def _default(
    ruleset: ir.Ruleset, evaluation: Evaluation, outcome: str, obstacles: Obstacles
) -> RuleWhyNot:
    firing = [
        (rule, obstacles.of(rule.condition, wanted=False))
        for rule, held in zip(ruleset.ranked, evaluation.truths, strict=True)
        if held is not False
    ]
    if not firing:
        blocked = f"applies, but {_forbidden(ruleset, evaluation, outcome)}"
        return RuleWhyNot(name=None, title="", fires=True, blocked=blocked)
    names = [rule.name for rule, _ in firing]
    blocked = f"would need that {listed(names, 'rule')} {'do' + 'es' * (len(names) == 1)} not fire"
    parts = [part for _, part in firing if part is not None]
    obstacle = parts[0]
    if len(parts) > 1:
        obstacle = Obstacle(
            text=f"not to fire: {', '.join(names)}", wanted=False, held=None, parts=tuple(parts)
        )
    return RuleWhyNot(name=None, title="", fires=False, obstacle=obstacle, blocked=blocked)


def _forbidden(ruleset: ir.Ruleset, evaluation: Evaluation, outcome: str) -> str:
    """Which binding constraints forbid an outcome, or might; empty when none does."""
    verbs = {True: "forbids", None: "may forbid"}
    return " and ".join(
        f"{listed_titles([item.title], 'constraint')} {verbs[held]} it"
        for item in ruleset.constraints
        if item.weight is None
        and outcome not in item.allowed
        and (held := truth(item.condition, evaluation.world)) in verbs
    )
