"""The report of the GAN: what it makes, how it learned that, and what the gate lets through."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.fashion_gan import report_model, report_pictures
from experiments.fashion_gan.deciding import DecidedSamples
from experiments.report import (
    Card,
    Html,
    Section,
    Tone,
    cards,
    element,
    join,
    page,
    provenance,
    rule_table,
    share_bar,
    usage_in,
)
from experiments.report.formats import NOTHING, count, decimal, percent
from rules import Ruleset

__all__ = ["GanReport", "render"]

TONES = {"accept": Tone.GOOD, "reject": Tone.BAD}
_PAST = {"accept": "accepted", "reject": "rejected"}

Pair = tuple[NDArray[np.float32], NDArray[np.float32]]


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class GanReport:
    """Everything the report shows; see `experiments.fashion_gan.config` for where it comes from.

    Attributes:
        config: of the run, plain data.
        evaluation: as `evaluation.measure` returns it.
        history: records `{"step", "train", "validation"}`.
        grids: of the same samples by step, `[h, w]` from 0 to 1.
        decided: samples and their decisions.
        figures: as `deciding.compare` returns them.
        neighbours: accepted samples and their nearest training images, `[28, 28]` each.
        between: walks from sample to sample, `[M, 28, 28, 1]` each.
        best_step: the step whose parameters made the samples.
        ruleset: the gate, with the limits that were set.
        data: `name`, `source`, `licence` and `rows` of the data set.
        versions: of the packages that made it.
        created: the date of the run.
    """

    config: Mapping[str, Any]
    evaluation: Mapping[str, Any]
    history: Sequence[Mapping[str, Any]]
    grids: Mapping[int, NDArray[np.float32]]
    decided: DecidedSamples
    figures: Mapping[str, Any]
    neighbours: Sequence[Pair]
    between: Sequence[NDArray[np.float32]]
    best_step: int
    ruleset: Ruleset
    data: Mapping[str, Any]
    versions: Mapping[str, str]
    created: str

    @functools.cached_property
    def outcomes(self) -> dict[str, int]:
        """Samples by outcome."""
        found = self.decided.table["outcome"].to_pylist()
        return {name: found.count(name) for name in TONES}


def render(report: GanReport) -> str:
    """The report as one HTML page.

    Raises:
        ImportError: matplotlib is not installed.
    """
    return page(
        title="Garments that nobody made",
        subtitle=(
            f"{count(report.decided.table.num_rows)} images from noise, and the rules that say "
            "which of them are fit to be seen"
        ),
        headline=_headline(report),
        sections=(
            report_pictures.passed(report.decided),
            report_pictures.learning(report.grids),
            report_pictures.walks(report.between),
            _rules(report),
            report_pictures.rejected(report.decided, report.ruleset),
            report_model.section(report.evaluation, report.history, report.best_step),
            report_model.copying(
                report.evaluation["copying"], report_pictures.beside(report.neighbours)
            ),
        ),
        footer=_footer(report),
    )


def _headline(report: GanReport) -> Html:
    figures, total = report.figures, report.decided.table.num_rows
    ours, baseline, real = report.evaluation["generators"]
    opening = (
        f"A network turns random numbers into images of garments; rules accept "
        f"{count(report.outcomes['accept'])} of {count(total)} and say of each of the others "
        "why not. Every image can be made again from its number."
    )
    quality = Card(label="Distance after the gate", value=NOTHING, note="too few samples passed")
    if figures["frechet_all"] is not None:
        quality = Card(
            label="Distance, before → after the gate",
            value=f"{decimal(figures['frechet_all'])} → {decimal(figures['frechet_accepted'])}",
            note=f"of {count(figures['compared'])} samples; less is better",
        )
    return join(
        (
            element("p", opening, class_="opening"),
            share_bar(
                {_PAST[name]: cases / total for name, cases in report.outcomes.items()},
                {_PAST[name]: tone for name, tone in TONES.items()},
            ),
            cards(
                (
                    Card(
                        label="Fréchet distance to real images",
                        value=decimal(ours["frechet"]),
                        note=f"{baseline['name']} {decimal(baseline['frechet'])}; other real "
                        f"images {decimal(real['frechet'])}",
                    ),
                    quality,
                    Card(
                        label="Real garments that pass the gate",
                        value=percent(figures["real"], 0),
                        note="of the test set; it is as strict with samples",
                    ),
                    Card(
                        label="Precision and recall",
                        value=f"{percent(ours['precision'], 0)}, {percent(ours['recall'], 0)}",
                        note="samples that look real; real images that samples come near",
                    ),
                )
            ),
        )
    )


def _rules(report: GanReport) -> Section:
    table = report.decided.table
    rejected = np.array([outcome == "reject" for outcome in table["outcome"].to_pylist()])
    usage = usage_in(report.ruleset, table, rejected)
    limits = {item.name: item.value for item in report.ruleset.params}
    return Section(
        title="What each rule did",
        lede=(
            "The limits are what real garments measure that no network was trained on: "
            + ", ".join(f"{name} {value:.3g}" for name, value in limits.items())
            + ". Unfold a name to read the rule."
        ),
        body=rule_table(report.ruleset, usage, TONES, event="rejection"),
    )


def _footer(report: GanReport) -> Section:
    return provenance(report, examples="images", rulesets=(report.ruleset,), step=report.best_step)
