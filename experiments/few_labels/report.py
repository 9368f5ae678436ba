"""The report of the few-labels experiment: what a hundred labels are worth, and who is asked."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from experiments.decisions import require_columns
from experiments.report import (
    Card,
    Column,
    Html,
    Rate,
    Section,
    Tone,
    captioned,
    cards,
    confusion_matrix,
    element,
    figure,
    join,
    page,
    picture,
    provenance,
    risk_coverage_curve,
    rule_table,
    share_bar,
    side_by_side,
    table,
    usage_in,
)
from experiments.report.formats import count, percent
from experiments.report.svg import Colour, draw
from experiments.results.table import interval
from research.inference import risk_coverage
from rules.language.ir import Ruleset

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["NAMES", "FewLabelsReport", "mean_interval", "render"]

TONES = {"accept": Tone.GOOD, "human": Tone.WARN}
_PAST = {"accept": "accepted", "human": "left to a person"}
_COLUMNS = ("digit", "confidence", "outcome", "rule", "reason", "fired", "step")
NAMES: Mapping[str, str] = MappingProxyType(
    {
        "supervised": "The labels alone",
        "pseudo_labels": "Pseudo-labels",
        "fixmatch": "FixMatch",
        "all_labels": "All labels (what labels could give)",
    }
)
_SHOWN = 30


def mean_interval(accuracies: Sequence[float]) -> tuple[float, float, float]:
    """The mean of some runs, and its 95 % interval by Student's distribution, up to 1.

    One run has no interval: the mean stands for its ends.
    """
    mean, half = interval(accuracies)
    return mean, max(mean - (half or 0.0), 0.0), min(mean + (half or 0.0), 1.0)


@dataclasses.dataclass(frozen=True, kw_only=True)
class FewLabelsReport:
    """Everything the report shows; see `experiments.few_labels.config` for where it comes from.

    Attributes:
        config: of the run, plain data.
        evaluation: as `evaluate` returns it.
        history: learning curves, records `{"step", "train", "validation"}`.
        decisions: one row per test scan.
        images: the test scans, 0 (paper) to 1 (ink), `[N, 8, 8]`.
        labels: the digit on each, `[N]`.
        labelled: the scans that the run was told the digits of, `[L, 8, 8]`.
        labelled_as: those digits, `[L]`.
        ruleset: that decided.
        data: `name`, `source`, `licence` and `rows` of the data set.
        versions: of the packages that made it.
        created: the date of the run.

    Raises:
        ValueError: the decisions lack a column, are empty, or are not one for each scan.
    """

    config: Mapping[str, Any]
    evaluation: Mapping[str, Any]
    history: Sequence[Mapping[str, Any]]
    decisions: pa.Table
    images: NDArray[np.floating[Any]]
    labels: NDArray[np.integer[Any]]
    labelled: NDArray[np.floating[Any]]
    labelled_as: NDArray[np.integer[Any]]
    ruleset: Ruleset
    data: Mapping[str, Any]
    versions: Mapping[str, str]
    created: str

    def __post_init__(self) -> None:
        require_columns(self.decisions, _COLUMNS)
        if not 0 < self.decisions.num_rows == len(self.images) == len(self.labels):
            raise ValueError(
                f"expected a decision for each scan, at least one: found "
                f"{self.decisions.num_rows} decisions, {len(self.images)} scans and "
                f"{len(self.labels)} labels"
            )

    @property
    def read(self) -> NDArray[np.integer[Any]]:
        """What the network read, `[N]`."""
        return np.asarray(self.decisions["digit"].to_numpy())

    @functools.cached_property
    def wrong(self) -> NDArray[np.bool_]:
        """Whether it misread a scan, `[N]`."""
        return np.asarray(self.read != self.labels)

    @functools.cached_property
    def accepted(self) -> NDArray[np.bool_]:
        """Which scans need no person, `[N]`."""
        return np.asarray(self.decisions["outcome"].to_pylist(), np.str_) == "accept"

    @property
    def left(self) -> Rate:
        """Misread scans among the accepted."""
        return Rate(events=int(self.wrong[self.accepted].sum()), cases=int(self.accepted.sum()))


def render(report: FewLabelsReport) -> str:
    """The report as one HTML page.

    Raises:
        ImportError: matplotlib is not installed.
        ValueError: an outcome or rule that the rest of the report does not know.
    """
    return page(
        title="A hundred labels" if len(report.labelled) == 100 else "Few labels",
        subtitle=(
            f"{count(len(report.images))} scans that the network never saw, read after it was told "
            f"the digits on {count(len(report.labelled))} others"
        ),
        headline=_headline(report),
        sections=(_methods(report), _decisions(report), _people(report), _told(report)),
        footer=_footer(report),
    )


def _headline(report: FewLabelsReport) -> Html:
    draws = report.evaluation["draws"]
    means = {method: mean_interval(values)[0] for method, values in draws.items()}
    left, budget = report.left, report.config["error_budget"]
    opening = (
        f"Told the digits on {count(len(report.labelled))} scans, a network reads "
        f"{percent(means['supervised'])} of others right. Shown "
        f"{count(report.evaluation['examples']['train'])} more without a word, it reads "
        f"{percent(max(means['fixmatch'], means['pseudo_labels']))}; told the digits on all of "
        f"them, {percent(means['all_labels'])}."
    )
    shares = {"accept": float(report.accepted.mean()), "human": float((~report.accepted).mean())}
    return join(
        (
            element("p", opening, class_="opening"),
            share_bar(
                {_PAST[name]: share for name, share in shares.items()},
                {_PAST[name]: tone for name, tone in TONES.items()},
            ),
            cards(
                (
                    Card(
                        label="Read right, this run",
                        value=percent(float((~report.wrong).mean())),
                        note=f"{count(int(report.wrong.sum()))} of {count(len(report.wrong))} "
                        "misread",
                    ),
                    Card(
                        label="Need no person",
                        value=percent(shares["accept"]),
                        note=f"{count(left.cases)} of {count(len(report.wrong))} scans",
                    ),
                    Card(
                        label="Misread among those",
                        value=percent(left.share),
                        note=f"budget {percent(budget)}",
                    ),
                )
            ),
        )
    )


def _methods(report: FewLabelsReport) -> Section:
    draws = report.evaluation["draws"]
    rows = []
    for method, values in draws.items():
        mean, low, high = mean_interval(values)
        listed = ", ".join(percent(value) for value in values)
        rows.append([NAMES[method], percent(mean), f"{percent(low)} to {percent(high)}", listed])
    columns = [
        Column(title="Learned from"),
        Column(title="Accuracy ↑", number=True),
        Column(title="95% interval", number=True, hint="Of the mean, by Student's distribution"),
        Column(title="Each draw", minor=True),
    ]
    return Section(
        title="What the unlabelled scans add",
        lede=(
            f"Each method on {len(draws['supervised'])} draws of the labels, with the same network "
            "and as many steps; the test scans are always the same. Validation labels choose "
            "nothing in the training."
        ),
        body=join(
            (
                figure(_dots(draws), title="Accuracy by method", caption="A dot for each draw."),
                table(columns, rows, caption="Test set"),
            )
        ),
    )


def _dots(draws: Mapping[str, Sequence[float]]) -> Html:
    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        for row, (method, values) in enumerate(draws.items()):
            mean, low, high = mean_interval(values)
            colour = (
                Colour.NEUTRAL if method in ("supervised", "all_labels") else Colour.ACCENT
            ).value
            axes.plot([low, high], [row, row], color=colour, linewidth=3, alpha=0.5)
            axes.plot(values, [row] * len(values), "o", color=colour, markersize=5, alpha=0.7)
            axes.plot(mean, row, "D", color=colour, markersize=8)
        axes.set_yticks(range(len(draws)), [NAMES[method] for method in draws])
        axes.set_ylim(len(draws) - 0.5, -0.5)
        axes.tick_params(axis="y", labelcolor=Colour.INK.value)
        axes.grid(visible=False, axis="y")
        axes.xaxis.set_major_formatter(lambda value, _: percent(value, 0))

    listed = ", ".join(f"{NAMES[m]} {percent(mean_interval(v)[0])}" for m, v in draws.items())
    return draw(paint, name="methods", label=f"Mean accuracy: {listed}.", width=860, height=260)


def _decisions(report: FewLabelsReport) -> Section:
    left = report.left
    usage = usage_in(report.ruleset, report.decisions, report.wrong)
    curve = risk_coverage(report.decisions["confidence"].to_numpy(), report.wrong)
    return Section(
        title="What was decided",
        lede="How sure is enough follows from the error budget, on validation scans.",
        body=join(
            (
                side_by_side(
                    (
                        figure(
                            risk_coverage_curve(
                                {"by confidence": curve},
                                budget=report.config["error_budget"],
                                chosen=(float(report.accepted.mean()), left.share)
                                if left.cases
                                else None,
                            ),
                            title="Errors by share decided",
                            caption="The dot is what the rules accept.",
                        ),
                        confusion_matrix(
                            report.labels,
                            report.read,
                            classes=[str(digit) for digit in range(10)],
                            caption="Written (rows) and read (columns)",
                        ),
                    )
                ),
                rule_table(report.ruleset, usage, TONES, event="misreading"),
            )
        ),
    )


def _people(report: FewLabelsReport) -> Section:
    confidence = report.decisions["confidence"].to_numpy()
    rows = np.flatnonzero(~report.accepted)
    rows = rows[np.argsort(confidence[rows], kind="stable")][:_SHOWN]
    shown = [
        (
            picture(report.images[row], label=f"A scan, read as {report.read[row]}"),
            join(
                (
                    element("strong", f"read {report.read[row]}"),
                    element("div", percent(float(confidence[row]), 0)),
                    element(
                        "div", f"is a {report.labels[row]}" if report.wrong[row] else "is right"
                    ),
                )
            ),
        )
        for row in rows.tolist()
    ]
    return Section(
        title="Left to a person",
        lede=f"The first {len(shown)}, least certain first: the reading, its probability, and the "
        "truth.",
        body=captioned(shown) if shown else element("p", "Every scan was read with certainty."),
    )


def _told(report: FewLabelsReport) -> Section:
    order = np.argsort(report.labelled_as, kind="stable")
    shown = [
        (
            picture(report.labelled[row], label=f"A scan of {report.labelled_as[row]}"),
            element("strong", str(report.labelled_as[row])),
        )
        for row in order.tolist()
    ]
    return Section(
        title="All that was told",
        lede="The labelled scans of this run, with their labels.",
        body=captioned(shown),
    )


def _footer(report: FewLabelsReport) -> Section:
    return provenance(
        report,
        examples="scans",
        rulesets=(report.ruleset,),
        step=max(record["step"] for record in report.history),
        more={"Method of this run": NAMES[report.config["method"]]},
    )
