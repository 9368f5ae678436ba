"""What each rule of a rule set did: how often it fired, how often it decided, how that went."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from experiments.report.blocks import badge, code, details
from experiments.report.formats import NOTHING, count, percent
from experiments.report.markup import Html, element, join
from experiments.report.tables import Cell, Column, table
from experiments.report.tones import Tone
from research.inference.rates import Rate
from rules.language.ir import Rule, Ruleset

__all__ = ["FALLBACKS", "RuleUse", "rule_source", "rule_table", "rule_usage", "usage_in"]

FALLBACKS = {
    "default": "No rule fires",
    "unknown": "A missing input could change the outcome",
    "conflict": "Rules contradict each other",
}

_FEW = 10  # of fewer cases a percentage would say more than is known


@dataclasses.dataclass(frozen=True, kw_only=True)
class RuleUse:
    """What one rule, or one of the fall-backs, did.

    Attributes:
        name: the rule's, or one of `FALLBACKS`.
        fired: cases in which it fired; None for a fall-back.
        decided: how often the event came about among the cases it decided.
    """

    name: str
    fired: int | None
    decided: Rate


def rule_usage(
    ruleset: Ruleset,
    *,
    fired: Sequence[Sequence[str]],
    deciders: Sequence[str],
    event: NDArray[np.bool_],
) -> tuple[RuleUse, ...]:
    """Counts over all cases, in the order of precedence; used fall-backs come last.

    Args:
        ruleset: the rules.
        fired: names of the rules that fired, per case.
        deciders: name of the deciding rule, or of a fall-back, per case.
        event: whether the event came about, `[N]`.

    Raises:
        ValueError: the three differ in length, or name a rule that the rule set lacks.
    """
    if not len(fired) == len(deciders) == len(event):
        raise ValueError(
            f"expected as many lists of fired rules as deciding rules and events, "
            f"found {len(fired)}, {len(deciders)} and {len(event)}"
        )
    names = [rule.name for rule in ruleset.ranked]
    firings = Counter(name for case in fired for name in case)
    decisions = Counter(deciders)
    events = Counter(name for name, happened in zip(deciders, event, strict=True) if happened)
    strangers = sorted({*firings, *decisions} - {*names, *FALLBACKS})
    if strangers:
        raise ValueError(
            f"the decisions name the rule {strangers[0]!r}, which the rule set "
            f"{ruleset.name!r} does not have: were they made by another version?"
        )
    fallbacks = [name for name in FALLBACKS if decisions[name] and name not in names]
    return tuple(
        RuleUse(
            name=name,
            fired=None if name in fallbacks else firings[name],
            decided=Rate(events=events[name], cases=decisions[name]),
        )
        for name in [*names, *fallbacks]
    )


def usage_in(
    ruleset: Ruleset, decisions: pa.Table, event: NDArray[np.bool_]
) -> tuple[RuleUse, ...]:
    """`rule_usage` of decisions as `experiments.decisions` makes them."""
    return rule_usage(
        ruleset,
        fired=decisions["fired"].to_pylist(),
        deciders=decisions["rule"].to_pylist(),
        event=event,
    )


def rule_table(
    ruleset: Ruleset,
    usage: Sequence[RuleUse],
    tones: Mapping[str, Tone],
    *,
    event: str,
    caption: str = "Rules in order of precedence",
) -> Html:
    """The table of `rule_usage`, each rule with its text folded below its title.

    Args:
        ruleset: the rules.
        usage: what they did.
        tones: the tone of each outcome.
        event: what is counted, for a heading: `default`.
        caption: of the table.
    """
    by_name = {rule.name: rule for rule in ruleset.rules}
    most = max([1, *(max(use.fired or 0, use.decided.cases) for use in usage)])
    columns = [
        Column(title="Rule"),
        Column(title="Outcome"),
        Column(title="Fired", number=True, hint="Cases in which its condition held", minor=True),
        Column(title="Decided", number=True, hint="Cases in which it was the one that counted"),
        Column(
            title=f"{event.capitalize()} rate",
            number=True,
            hint=f"Rate of {event} among the cases it decided",
        ),
    ]
    rows = [_row(use, by_name.get(use.name), ruleset, tones, most) for use in usage]
    if ruleset.decision is not None and ruleset.decision.policy == "priority":
        priority = Column(title="Priority", number=True, hint="The highest goes first", minor=True)
        columns.insert(2, priority)
        for row, use in zip(rows, usage, strict=True):
            rule = by_name.get(use.name)
            row.insert(2, Cell(content=NOTHING if rule is None else str(rule.priority)))
    return table(columns, rows, caption=caption)


def rule_source(ruleset: Ruleset, rule: Rule) -> str:
    """The lines of a rule in the text; empty when the rule set was not made from text."""
    if rule.span is None or not ruleset.text:
        return ""
    lines = ruleset.text.split("\n")[rule.span.line - 1 : rule.span.end_line]
    lines[-1] = lines[-1][: rule.span.end_column - 1]
    return "\n".join(line.rstrip() for line in lines)


def _row(
    use: RuleUse, rule: Rule | None, ruleset: Ruleset, tones: Mapping[str, Tone], most: int
) -> list[Cell]:
    outcome = _fallback_outcome(ruleset, use.name) if rule is None else rule.outcome
    tone = tones.get(outcome, Tone.NEUTRAL)
    return [
        Cell(content=_title(use.name) if rule is None else _unfoldable(ruleset, rule)),
        Cell(content=badge(outcome, tone)),
        _tally(use.fired, most, Tone.NEUTRAL),
        _tally(use.decided.cases, most, tone),
        _rate(use.decided),
    ]


def _title(fallback: str) -> Html:
    return join((element("em", FALLBACKS[fallback]), element("div", fallback, class_="quiet")))


def _unfoldable(ruleset: Ruleset, rule: Rule) -> Html:
    text, identifier = rule_source(ruleset, rule), element("code", rule.name)
    if not text:
        return join((rule.title, element("div", identifier)))
    return join((rule.title, details(identifier, code(text, label=f"Text of {rule.name}"))))


def _tally(cases: int | None, most: int, tone: Tone) -> Cell:
    if cases is None:
        return Cell(content=NOTHING)
    return Cell(content=count(cases), bar=cases / most, tone=tone)


def _rate(rate: Rate) -> Cell:
    if not rate.cases:
        return Cell(content=NOTHING)
    if rate.cases < _FEW:
        return Cell(content=f"{count(rate.events)} of {count(rate.cases)}")
    digits = 1 if 0 < rate.share < 0.1 else 0
    return Cell(content=percent(rate.share, digits), bar=rate.share, tone=Tone.BAD)


def _fallback_outcome(ruleset: Ruleset, name: str) -> str:
    decision = ruleset.decision
    if decision is None:
        return NOTHING
    return (decision.default or NOTHING) if name == "default" else decision.unknown
