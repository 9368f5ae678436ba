"""The section on single cases: each with its inputs, its reason and the proof of it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from experiments.report import (
    Html,
    Section,
    Tone,
    badge,
    code,
    details,
    element,
    escape,
    join,
    side_by_side,
)
from experiments.report.formats import percent, plain_value
from experiments.report.rule_table import FALLBACKS
from rules.language.ir import Ruleset

__all__ = ["CaseStory", "section"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class CaseStory:
    """One application, told in full.

    Attributes:
        case: its identifier, as in the decisions.
        inputs: what the rules read; None for what is missing.
        p_default: predicted probability of default.
        outcome: what was decided.
        rule: the deciding rule, or `default`, `unknown` or `conflict`.
        reason: the sentence.
        explanation: the proof, indented text.
        obtain: inputs that could settle an undecided case.
        defaulted: how the loan ended.
    """

    case: str
    inputs: Mapping[str, Any]
    p_default: float
    outcome: str
    rule: str
    reason: str
    explanation: str
    obtain: tuple[str, ...]
    defaulted: bool


def section(
    stories: Sequence[CaseStory],
    decisions: pa.Table,
    ruleset: Ruleset,
    tones: Mapping[str, Tone],
) -> Section:
    """The stories, the first one unfolded.

    Args:
        stories: the cases to tell.
        decisions: all decisions; they say which rules fired.
        ruleset: gives the rules their titles.
        tones: the tone of each outcome.

    Raises:
        ValueError: a story's case is not among the decisions.
    """
    fired = dict(zip(decisions["case"].to_pylist(), decisions["fired"].to_pylist(), strict=True))
    titles = {rule.name: rule.title for rule in ruleset.rules} | FALLBACKS
    for story in stories:
        if story.case not in fired:
            raise ValueError(f"the case {story.case!r} of a story is not among the decisions")
    return Section(
        title="Why: single cases",
        lede="Every decision carries its reason, its proof and, where something is missing, "
        "what to obtain.",
        body=join(
            _story(story, fired[story.case], titles, tones, opened=number == 0)
            for number, story in enumerate(stories)
        ),
    )


def _story(
    story: CaseStory,
    fired: Sequence[str],
    titles: Mapping[str, str],
    tones: Mapping[str, Tone],
    *,
    opened: bool,
) -> Html:
    ended = "later defaulted" if story.defaulted else "later repaid"
    summary = element(
        "summary",
        element("span", badge(story.outcome, tones.get(story.outcome, Tone.NEUTRAL))),
        element("span", story.reason, class_="reason"),
        element("span", f"risk {percent(story.p_default, 0)} · {ended}", class_="meta"),
    )
    inputs = element(
        "div",
        element("h3", f"Application {story.case}"),
        element("dl", *(_input(*item) for item in story.inputs.items()), class_="definitions"),
    )
    others = [name for name in fired if name != story.rule]
    why = element(
        "div",
        element("h3", "Decided by: ", titles.get(story.rule, story.rule)),
        _obtain(story.obtain) if story.obtain else Html(),
        _proof(story, titles),
        _also_fired(others, titles) if others else Html(),
    )
    return element("details", summary, side_by_side((inputs, why)), class_="case", open=opened)


def _input(name: str, value: Any) -> Html:
    text = plain_value(value)
    shown = element("span", text, class_="missing") if text == "missing" else text
    return element("div", element("dt", name.replace("_", " ")), element("dd", shown))


def _obtain(names: Sequence[str]) -> Html:
    listed = join((element("code", name) for name in names), ", ")
    return element("p", element("strong", "To decide, obtain: "), listed, class_="obtain")


def _proof(story: CaseStory, titles: Mapping[str, str]) -> Html:
    """The paragraphs about the rules that decided or could have; the others folded."""
    head, *rest = story.explanation.strip().split("\n\n")
    text = story.reason if story.rule in FALLBACKS else story.rule
    named = {name for name in titles if re.search(rf"\b{re.escape(name)}\b", text)}
    about = [part for part in rest if named.intersection(part.partition("\n")[0].split())]
    others = [part for part in rest if part not in about]
    shown = code("\n\n".join([head, *about]), label=f"Proof for application {story.case}")
    if not others:
        return shown
    label = f"Other rules for application {story.case}"
    return join((shown, details("The other rules", code("\n\n".join(others), label=label))))


def _also_fired(names: Sequence[str], titles: Mapping[str, str]) -> Html:
    listed = join((escape(titles.get(name, name)) for name in names), "; ")
    return element("p", "Also fired: ", listed, ".", class_="caption")
