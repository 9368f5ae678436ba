"""The sections on writing: texts with and without the rules, and what each rule did."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from experiments.austen.results import Results
from experiments.austen.samples import Continuations
from experiments.report import (
    Cell,
    Column,
    Html,
    Section,
    Tone,
    badge,
    code,
    details,
    element,
    join,
    side_by_side,
    table,
)
from experiments.report.formats import NOTHING, count, percent
from experiments.report.rule_table import rule_source
from rules import Ruleset

__all__ = ["gallery", "rules_at_work", "side_by_side_texts"]

TONES = {"accept": Tone.GOOD, "human": Tone.WARN, "reject": Tone.BAD}
_SHOWN = 6


def side_by_side_texts(results: Results) -> Section:
    """The same prompts and draws, freely and under the rules; those that differ come first."""
    ruled, free = results.ruled_texts, results.free_texts
    rows = sorted(
        range(len(ruled.prompts)),
        key=lambda row: (-len(results.free_rules_broken[row]), row),
    )
    shown = [row for row in rows if ruled.text(row) != free.text(row)][:_SHOWN]
    stories = (
        element(
            "div",
            side_by_side(
                (
                    _text(f"Freely: {_breaks(results, row)}", free, row, {}),
                    _text("Under the rules", ruled, row, _changes(results, row)),
                )
            ),
            _verdict(results, row),
            class_="number-story",
        )
        for row in shown
    )
    return Section(
        title="Freely, and under the rules",
        lede=(
            "The same opening and the same random draws. The opening, in bold, is from chapters "
            "that the model has not read; a token that a rule put in the place of another is "
            "marked. From there on the two go different ways."
        ),
        body=join(stories) or element("p", "The rules had nothing to change."),
    )


def rules_at_work(results: Results, ruleset: Ruleset) -> Section:
    """How often each rule intervened, and what it would have forbidden the author."""
    by_name = {rule.name: rule for rule in ruleset.rules}
    interventions, real_tokens = results.interventions, int(results.real.judged.sum())
    real_forbidden = results.real_forbidden
    most = max([1, *interventions.values()])
    columns = (
        Column(title="Rule"),
        Column(
            title="Tokens changed",
            number=True,
            hint="While writing under the rules: the model had chosen another token",
        ),
        Column(
            title="Free texts that break it",
            number=True,
            hint="Without the rules, found on the text itself",
        ),
        Column(
            title="Texts under the rules that break it",
            number=True,
            hint="Found on the text itself, without the rule engine",
        ),
        Column(
            title="Jane Austen's tokens it would forbid",
            number=True,
            hint=f"Of {count(real_tokens)} tokens of unseen chapters",
            minor=True,
        ),
    )
    rows = [
        [
            Cell(
                content=join(
                    (
                        rule.title,
                        details(
                            element("code", name),
                            code(rule_source(ruleset, rule), label=f"Text of {name}"),
                        ),
                    )
                )
            ),
            Cell(
                content=count(interventions[name]),
                bar=interventions[name] / most,
                tone=Tone.CHANGED,
            ),
            Cell(content=count(results.violations[name])),
            Cell(content=count(results.ruled_violations[name])),
            Cell(content=_of_author(real_forbidden[name], real_tokens)),
        ]
        for name, rule in by_name.items()
    ]
    written = results.ruled_texts
    return Section(
        title="What each rule did",
        lede=(
            f"Each of the {count(written.characters)} characters written under the rules cost "
            f"{written.cost:.4f} bits more than the model alone would have spent. The last column "
            "is the rules held against the author: she breaks some of them herself."
        ),
        body=table(columns, rows, caption="Rules in order of precedence"),
    )


def gallery(results: Results) -> Section:
    """The same openings, with tokens chosen in different ways."""
    return Section(
        title="From certain to adventurous",
        lede="The same two openings, without rules, by how the next token is chosen.",
        body=join(
            element(
                "div",
                element("h3", name),
                side_by_side(element("p", text, class_="reading") for text in texts),
                class_="number-story",
            )
            for name, texts in results.gallery
        ),
    )


def _text(title: str, written: Continuations, row: int, changes: Mapping[int, str]) -> Html:
    start = int(written.prompt_lengths[row])
    pieces = [
        element("mark", written.encoding.decode([token]), title=changes[place])
        if place in changes
        else written.encoding.decode([token])
        for place, token in enumerate(written.tokens(row)[start:], start)
    ]
    return element(
        "div",
        element("h3", title),
        element("p", element("strong", written.prompts[row]), *pieces, class_="reading"),
    )


def _changes(results: Results, row: int) -> dict[int, str]:
    """What the model had chosen and why it may not, by place of the token that came instead."""
    written, rules = results.ruled_texts, results.meant.rule[row]
    wanted = written.generated.wanted[row]
    return {
        int(place): f"instead of {written.encoding.decode([int(wanted[place])])!r}: "
        + results.names[rules[place]].replace("_", " ")
        for place in np.flatnonzero(rules >= 0)
    }


def _breaks(results: Results, row: int) -> str:
    found = results.free_rules_broken[row]
    return f"breaks {', '.join(name.replace('_', ' ') for name in found)}" if found else "sound"


def _verdict(results: Results, row: int) -> Html:
    outcome = results.judged["outcome"][row].as_py()
    reason = results.judged["reason"][row].as_py()
    return element(
        "p", "The gate on the text under the rules: ", badge(outcome, TONES[outcome]), f" {reason}"
    )


def _of_author(forbidden: int, tokens: int) -> str:
    if not forbidden:
        return NOTHING
    return f"{count(forbidden)} ({percent(forbidden / tokens, 2)})"
