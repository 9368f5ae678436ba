"""What would change a decision: the smallest change of inputs that somebody can change."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal, get_args

from rules.checks.solver import require_solver
from rules.engines.decisions import STATUS
from rules.engines.hit_policy import Outcome
from rules.engines.reference import Evaluation, evaluate
from rules.engines.values import Value
from rules.engines.world import Objects
from rules.errors import did_you_mean
from rules.explain.formats import plain_value
from rules.language import ir
from rules.language.printer import constant_text

__all__ = ["Change", "Distance", "InputChange", "what_would_change"]

Distance = Literal["weighted", "lexicographic", "fewest"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class InputChange:
    """One input that changes.

    Attributes:
        objects: that it is about; none for a single value.
        before: None where it was missing.
        distance: how far it moves, see `what_would_change`, times its weight.
    """

    name: str
    type: ir.Type
    objects: Objects
    before: Value | None
    after: Value
    distance: float

    def __str__(self) -> str:
        about = f"({', '.join(map(str, self.objects))})" if self.objects else ""
        after = constant_text(self.after, self.type)
        before = "unknown" if self.before is None else constant_text(self.before, self.type)
        return f"{self.name}{about}: {before} -> {after}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Change:
    """The smallest change, or why there is none; `str()` is meant to be read.

    Attributes:
        before: what is decided now.
        rule_before: the name of the deciding rule, or `default`, `unknown` and so on.
        wanted: the outcome asked for; None for any other than now.
        actionable: the inputs that may change.
        status: `smallest` (proved), `found` (no smaller one was excluded), `impossible`
            (proved), `already` (the outcome asked for is decided now), or `open` (see reason).
        changes: what changes.
        after, rule_after: what is decided then, by the engine.
        case: the changed case.
        distance: of all changes together, by the criteria of the distance.
        reason: why the question is open.
    """

    before: Outcome | None
    rule_before: str
    wanted: str | None
    actionable: tuple[str, ...]
    status: Literal["smallest", "found", "impossible", "already", "open"]
    changes: tuple[InputChange, ...] = ()
    after: Outcome | None = None
    rule_after: str | None = None
    case: Mapping[str, Any] | None = None
    distance: tuple[float, ...] = ()
    reason: str | None = None

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> Iterator[str]:
        """What a person reads."""
        names = ", ".join(self.actionable)
        match self.status:
            case "already":
                yield f"{_text(self.before)} is decided already, by {self.rule_before}"
            case "impossible":
                yield f"no change of {names} can make it {self.wanted or 'another outcome'}"
            case "open":
                yield f"whether a change of {names} helps is not known: {self.reason}"
            case _:
                yield f"{_text(self.after)} instead of {_text(self.before)}, if"
                yield from (f"  {change}" for change in self.changes)
                yield f"then decided by {self.rule_after}; {self._proof()}"

    def _proof(self) -> str:
        names = ", ".join(self.actionable)
        if self.status == "smallest":
            return f"no smaller change of {names} does it"
        return f"whether a smaller change of {names} does it is not known"

    def to_json(self) -> dict[str, Any]:
        """Plain data, ready for `json.dumps`."""
        return {
            "status": self.status,
            "before": _plain(self.before),
            "rule before": self.rule_before,
            "wanted": self.wanted,
            "actionable": list(self.actionable),
            "changes": [
                {
                    "input": change.name,
                    "objects": list(change.objects),
                    "before": plain_value(change.before, change.type),
                    "after": plain_value(change.after, change.type),
                    "distance": change.distance,
                }
                for change in self.changes
            ],
            "after": _plain(self.after),
            "rule after": self.rule_after,
            "distance": list(self.distance),
            "reason": self.reason,
        }


def what_would_change(
    ruleset: ir.Ruleset,
    case: Mapping[str, Any],
    outcome: str | None = None,
    *,
    actionable: Collection[str] | None = None,
    distance: Distance = "weighted",
    timeout: float = 30.0,
) -> Change:
    """Finds the smallest change of a case that makes the rules decide otherwise.

    The distance of a number is `|after - before| / scale`, where the scale is the width of its
    declared range if it has two ends, 365 days for a date, and else max(|before|, 1). The
    distance of any other value that changes, and of a missing one that is given, is 1. Each
    counts as many times as the input's weight says.

    Args:
        ruleset: a checked rule set with a decision.
        case: as `rules.engines.world` takes it.
        outcome: what should be decided by a rule or by default (under `collect`, among
            others); None for any other outcome than now.
        actionable: the inputs that may change, by default those marked `actionable`. A value
            that is known can't become missing; objects stay.
        distance: what is small: `weighted`, the sum of all distances; `fewest`, the number of
            values that change, then that sum; `lexicographic`, first the distance of the
            inputs of the highest weight, then that of the next.
        timeout: seconds, after which the best change so far is told.

    Raises:
        ModuleNotFoundError: z3 is not installed.
        ValueError: the rule set decides nothing, there is no such outcome, input or distance,
            or nothing is actionable.
        TypeError: a value is of another kind than its input.
    """
    require_solver("what_would_change")
    from rules.explain.smallest import smallest_change

    names = _actionable(ruleset, actionable)
    _check(ruleset, outcome, distance)
    now = evaluate(ruleset, case, margin=False)
    told = Change(
        before=now.outcome,
        rule_before=_rule(ruleset, now),
        wanted=outcome,
        actionable=names,
        status="already",
    )
    if outcome is not None and now.rule >= -1 and _is_outcome(now.outcome, outcome):
        return told
    return smallest_change(ruleset, now, told, distance, timeout)


def _actionable(ruleset: ir.Ruleset, wanted: Collection[str] | None) -> tuple[str, ...]:
    names = [item.name for item in ruleset.inputs]
    if wanted is None:
        marked = tuple(item.name for item in ruleset.inputs if item.actionable)
        if not marked:
            raise ValueError(
                f"no input of rule set {ruleset.name} is marked actionable; write for example "
                f"`input {names[0] if names else 'income'}: ... [actionable]`, or name the inputs "
                "that may change"
            )
        return marked
    for name in wanted:
        if name not in names:
            close = did_you_mean(name, names)
            raise ValueError(f"there is no input {name}" + (f"; {close}" if close else ""))
    return tuple(name for name in names if name in wanted)


def _check(ruleset: ir.Ruleset, outcome: str | None, distance: str) -> None:
    if ruleset.decision is None:
        raise ValueError(f"rule set {ruleset.name} decides nothing, so nothing can change it")
    outcomes = ruleset.decision.outcomes
    if outcome is not None and outcome not in outcomes:
        hint = did_you_mean(outcome, outcomes) or f"outcomes are {', '.join(outcomes)}"
        raise ValueError(f"there is no outcome {outcome}; {hint}")
    if distance not in get_args(Distance):
        close = did_you_mean(distance, get_args(Distance))
        raise ValueError(
            f"distance is {distance!r}, expected one of {', '.join(get_args(Distance))}"
            + (f"; {close}" if close else "")
        )


def _is_outcome(came: Outcome | None, outcome: str) -> bool:
    return outcome in came if isinstance(came, frozenset) else came == outcome


def _rule(ruleset: ir.Ruleset, evaluation: Evaluation) -> str:
    return STATUS.get(evaluation.rule) or ruleset.ranked[evaluation.rule].name


def _text(outcome: Outcome | None) -> str:
    return (
        str(outcome) if isinstance(outcome, str) else ", ".join(sorted(outcome or ())) or "nothing"
    )


def _plain(outcome: Outcome | None) -> str | list[str] | None:
    return sorted(outcome) if isinstance(outcome, frozenset) else outcome
