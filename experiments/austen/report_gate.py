"""The section on the gate: passages of known worth, and what the model wrote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np

from experiments.austen.passages import EXPECTED
from experiments.austen.report_writing import TONES
from experiments.austen.results import Results
from experiments.report import (
    Column,
    Html,
    Section,
    figure,
    join,
    outcome_bars,
    risk_coverage_curve,
    rule_table,
    side_by_side,
    table,
    usage_in,
)
from experiments.report.formats import NOTHING, count, decimal
from research.inference import risk_coverage
from rules import Ruleset

__all__ = ["section"]

_KINDS: Mapping[str, str] = {
    "real": "Real, from unseen chapters",
    "shuffled": "Its words shuffled",
    "misspelt": "Every fourth word scrambled",
    "looped": "Its beginning over and over",
    "copied": "Copied from the training text",
}


def section(results: Results, ruleset: Ruleset, plain: float) -> Section:
    """What the gate does with each kind of passage, and by which rule."""
    usage = usage_in(ruleset, results.known, results.wrong)
    return Section(
        title="The gate for passages",
        lede=(
            "Real passages of unseen chapters, and what was made of them to be rejected: copies "
            "are memorisation, loops what language models fall into. Chapters that only validate "
            f"set how many bits per character are plain enough: {decimal(plain, 2)}."
        ),
        body=join(
            (
                _table(results),
                side_by_side(
                    (
                        figure(
                            outcome_bars(_outcomes(results), TONES),
                            title="What the model wrote under the rules",
                            caption="Nobody knows what these texts are worth; the gate decides.",
                        ),
                        _risk(results),
                    )
                ),
                rule_table(ruleset, usage, TONES, event="error"),
            )
        ),
    )


def _table(results: Results) -> Html:
    kinds = results.known["kind"].to_pylist()
    outcomes = results.known["outcome"].to_pylist()
    found = Counter(zip(kinds, outcomes, strict=True))
    bits = results.known["bits"].to_numpy()
    rows = []
    for kind, expected in EXPECTED.items():
        of_kind = np.array([k == kind for k in kinds])
        rows.append(
            [
                _KINDS[kind],
                expected,
                decimal(float(np.median(bits[of_kind])), 2) if of_kind.any() else NOTHING,
                *(count(found[kind, outcome]) for outcome in TONES),
            ]
        )
    columns = [Column(title="Passages"), Column(title="Should")]
    columns.append(Column(title="Bits per character", number=True, hint="Median", minor=True))
    columns += [Column(title=f"{outcome}".capitalize(), number=True) for outcome in TONES]
    return table(columns, rows, caption="Passages of known worth")


def _outcomes(results: Results) -> dict[str, int]:
    found = Counter(results.judged["outcome"].to_pylist())
    return {outcome: found[outcome] for outcome in TONES}


def _risk(results: Results) -> Html:
    """Of bits per character alone: what the other rules spare it."""
    bits = results.known["bits"].to_numpy()
    wrong = np.array([expected != "accept" for expected in results.known["expected"].to_pylist()])
    copied = np.array([kind in ("copied", "looped") for kind in results.known["kind"].to_pylist()])
    curves = {
        "all passages": risk_coverage(-bits, wrong),
        "without copies and loops": risk_coverage(-bits[~copied], wrong[~copied]),
    }
    return figure(
        risk_coverage_curve(curves),
        title="Accepting by bits per character alone",
        caption="Copies and loops surprise the model least: they take rules of their own.",
    )
