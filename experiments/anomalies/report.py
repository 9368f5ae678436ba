"""The report of the anomalies experiment: what was read, and what was no digit."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from experiments.anomalies import report_scores
from experiments.decisions import require_columns
from experiments.report import (
    Card,
    Column,
    Html,
    Section,
    Tone,
    cards,
    element,
    figure,
    join,
    learning_curves,
    page,
    provenance,
    rule_table,
    share_bar,
    side_by_side,
    table,
    usage_in,
)
from experiments.report.formats import count, decimal, percent
from rules.language.ir import Ruleset

__all__ = ["AnomalyReport", "render"]

TONES = {"read": Tone.GOOD, "human": Tone.WARN, "refuse": Tone.BAD}
_PAST = {"read": "read", "human": "shown to a person", "refuse": "refused"}
_COLUMNS = ("kind", "score", "rarity", "outcome", "rule", "reason", "fired", "step")


@dataclasses.dataclass(frozen=True, kw_only=True)
class AnomalyReport:
    """Everything the report shows; see `experiments.anomalies.config` for where it comes from.

    Attributes:
        config: of the run, plain data.
        evaluation: as `evaluate` returns it.
        history: learning curves, records `{"step", "train", "validation"}`.
        best_step: the step whose parameters decided.
        decisions: one row per held-out picture; the `kind` of the first is what is usual.
        pictures: those, 0 (paper) to 1 (ink), `[N, H, W]`.
        drawn: as the model drew them again, `[N, H, W]`.
        ruleset: that decided.
        data: `name`, `source`, `licence` and `rows` of the data set.
        versions: of the packages that made it.
        created: the date of the run.

    Raises:
        ValueError: the decisions lack a column, are empty, or are not one for each picture.
    """

    config: Mapping[str, Any]
    evaluation: Mapping[str, Any]
    history: Sequence[Mapping[str, Any]]
    best_step: int
    decisions: pa.Table
    pictures: NDArray[np.floating[Any]]
    drawn: NDArray[np.floating[Any]]
    ruleset: Ruleset
    data: Mapping[str, Any]
    versions: Mapping[str, str]
    created: str

    def __post_init__(self) -> None:
        require_columns(self.decisions, _COLUMNS)
        if not 0 < self.decisions.num_rows == len(self.pictures) == len(self.drawn):
            raise ValueError(
                f"expected a decision for each picture, at least one: found "
                f"{self.decisions.num_rows} decisions, {len(self.pictures)} pictures and "
                f"{len(self.drawn)} drawn again"
            )

    @functools.cached_property
    def kinds(self) -> NDArray[np.str_]:
        """What each picture is, `[N]`."""
        return np.asarray(self.decisions["kind"].to_pylist(), np.str_)

    @functools.cached_property
    def outcomes(self) -> NDArray[np.str_]:
        """What was decided about each picture, `[N]`."""
        return np.asarray(self.decisions["outcome"].to_pylist(), np.str_)

    @property
    def usual(self) -> str:
        """The kind that the model knows."""
        return str(self.kinds[0])

    def share(self, outcome: str, chosen: NDArray[np.bool_]) -> float:
        """Of the chosen pictures `[N]`, those with an outcome."""
        return float((self.outcomes[chosen] == outcome).mean())


def render(report: AnomalyReport) -> str:
    """The report as one HTML page.

    Raises:
        ImportError: matplotlib is not installed.
        ValueError: an outcome or rule that the rest of the report does not know.
    """
    scores = report.decisions["score"].to_numpy()
    return page(
        title="What is no digit",
        subtitle=(
            f"{count(len(report.pictures))} pictures, judged by a network that has seen digits "
            "and was told nothing about them"
        ),
        headline=_headline(report),
        sections=(
            _decisions(report),
            report_scores.section(scores, report.kinds, report.evaluation["models"]),
            report_scores.gallery(
                report.pictures, report.drawn, report.kinds, scores, report.outcomes, TONES
            ),
            _rules(report),
            _training(report),
        ),
        footer=_footer(report),
    )


def _headline(report: AnomalyReport) -> Html:
    known = report.kinds == report.usual
    ours, *others = report.evaluation["models"]
    opening = (
        f"Of {count(int(known.sum()))} {report.usual}s {percent(report.share('read', known))} are "
        f"read, of {count(int((~known).sum()))} pictures of other kinds "
        f"{percent(report.share('read', ~known))}. No picture had a label: the model learns to "
        "draw digits again from a few numbers, and what it draws badly is strange."
    )
    return join(
        (
            element("p", opening, class_="opening"),
            share_bar(
                {_PAST[name]: float((report.outcomes == name).mean()) for name in TONES},
                {_PAST[name]: tone for name, tone in TONES.items()},
            ),
            cards(
                (
                    Card(
                        label="Strange above usual (AUROC)",
                        value=decimal(ours["auroc"]),
                        note=", ".join(f"{m['name']} {decimal(m['auroc'])}" for m in others),
                    ),
                    Card(
                        label=f"{report.usual.capitalize()}s refused",
                        value=percent(report.share("refuse", known)),
                        note=f"{percent(report.share('human', known))} shown to a person",
                    ),
                    Card(
                        label="Strange pictures stopped",
                        value=percent(1 - report.share("read", ~known)),
                        note="refused or shown to a person",
                    ),
                )
            ),
        )
    )


def _decisions(report: AnomalyReport) -> Section:
    kinds = list(dict.fromkeys(report.kinds.tolist()))
    rows = [
        [
            kind,
            count(int(chosen.sum())),
            *(percent(report.share(outcome, chosen)) for outcome in TONES),
        ]
        for kind in kinds
        for chosen in [report.kinds == kind]
    ]
    columns = [Column(title="What it is"), Column(title="Pictures", number=True)]
    columns += [Column(title=_PAST[name].capitalize(), number=True) for name in TONES]
    return Section(
        title="What was decided",
        lede=(
            "The limits are shares of validation digits, so what happens to digits is known "
            "beforehand; what happens to the rest is measured here. A torn digit is easy to draw "
            "again, for half of it is blank: this kind of score can't see what is missing."
        ),
        body=table(columns, rows, caption="Shares of each kind"),
    )


def _rules(report: AnomalyReport) -> Section:
    usage = usage_in(report.ruleset, report.decisions, np.asarray(report.kinds != report.usual))
    return Section(
        title="What each rule did",
        lede="Unfold a name to read the rule.",
        body=rule_table(report.ruleset, usage, TONES, event="strange picture"),
    )


def _training(report: AnomalyReport) -> Section:
    if len(report.history) < 2:
        return Section(title="Learning", body=element("p", "Fitted in one go."))
    return Section(
        title="Learning",
        body=side_by_side(
            (
                figure(
                    learning_curves(report.history, report.best_step),
                    title="Error of the pictures drawn again",
                    caption="Mean squared error per pixel, from 0 to 1.",
                ),
            )
        ),
    )


def _footer(report: AnomalyReport) -> Section:
    return provenance(
        report,
        examples="pictures",
        rulesets=(report.ruleset,),
        step=report.decisions["step"][0].as_py(),
    )
