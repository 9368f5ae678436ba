"""The report of an image experiment: accepted, sent to a person, rejected."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from experiments.images import report_model, report_pictures
from experiments.images.output import Results
from experiments.report import (
    Card,
    Column,
    Html,
    Section,
    Tone,
    cards,
    element,
    event_rates,
    figure,
    join,
    outcome_bars,
    page,
    provenance,
    risk_coverage_curve,
    rule_table,
    share_bar,
    side_by_side,
    table,
    usage_in,
)
from experiments.report.formats import count, percent
from research.inference import RiskCoverage, Threshold
from research.inference.rates import Rate
from rules.language.ir import Ruleset

__all__ = ["ImagesReport", "Strangers", "render"]

TONES = {"accept": Tone.GOOD, "human": Tone.WARN, "reject": Tone.BAD}
_PAST = {"accept": "accepted", "human": "sent to a person", "reject": "rejected"}
_CURVES = 4


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Strangers:
    """Pictures that nobody should accept, and what was decided.

    Attributes:
        images: uint8 `[M, H, W, 1]`.
        decisions: one row per picture.
    """

    images: NDArray[np.uint8]
    decisions: pa.Table


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class ImagesReport:
    """Everything the report shows; see `experiments.images.experiment` for where it comes from.

    Attributes:
        config: of the run, plain data.
        noun: what is on a picture.
        evaluation: as `evaluate` returns it.
        history: learning curves, records `{"step", "train", "validation"}`.
        threshold: from which confidence on readings are accepted.
        images: the test pictures, uint8 `[N, H, W, 1]`.
        results: what was decided about them.
        ruleset: by which, its params set.
        strangers: pictures that nobody should accept, by what they are.
        data: `name`, `source`, `licence` and `rows` of the data set.
        versions: of the packages that made it.
        created: the date of the run.

    Raises:
        ValueError: no picture, or not one decision and label for each.
    """

    config: Mapping[str, Any]
    noun: str
    evaluation: Mapping[str, Any]
    history: Sequence[Mapping[str, Any]]
    threshold: Threshold
    images: NDArray[np.uint8]
    results: Results
    ruleset: Ruleset
    strangers: Mapping[str, Strangers]
    data: Mapping[str, Any]
    versions: Mapping[str, str]
    created: str

    def __post_init__(self) -> None:
        found = len(self.images), self.results.table.num_rows, len(self.results.labels)
        if found[0] == 0 or len(set(found)) > 1:
            raise ValueError(
                "expected a decision and a label for each picture, at least one: found "
                f"{found[0]} pictures, {found[1]} decisions and {found[2]} labels"
            )


def render(report: ImagesReport) -> str:
    """The report as one HTML page.

    Raises:
        ImportError: matplotlib is not installed.
        ValueError: an outcome or rule that the rest of the report does not know.
    """
    results = report.results
    return page(
        title=f"Which {report.noun}, and when to ask",
        subtitle=(
            f"{count(len(report.images))} test pictures of {report.data['name']}, at most "
            f"{percent(results.budget)} errors among what is accepted"
        ),
        headline=_headline(report),
        sections=(
            _risk(report),
            report_pictures.outcomes(report.images, results, TONES),
            report_pictures.missed(report.images, results),
            report_pictures.strangers(
                {name: (s.images, s.decisions) for name, s in report.strangers.items()},
                report.evaluation["usability"],
                noun=report.noun,
                tones=TONES,
            ),
            _rules(report),
            report_model.section(
                report.evaluation,
                report.history,
                int(results.table["step"][0].as_py()),
                labels=results.labels,
                read=results.read,
                classes=results.classes,
                title="How good the network is",
                noun="pictures",
            ),
        ),
        footer=_footer(report),
    )


def _headline(report: ImagesReport) -> Html:
    results, ours = report.results, report.evaluation["models"][0]
    accepted, wrong = results.accepted, results.wrong
    rates = {name: results.wrong_among(name) for name in TONES}
    others = report.evaluation["models"][1:]
    kept = "within" if wrong.share <= results.budget else "above"
    accepting = (
        f"The rules accept {count(accepted.events)} that it is sure of; {count(wrong.events)} of "
        f"these are wrong, {percent(wrong.share, 2)}, {kept} the budget of "
        f"{percent(results.budget, 2)}."
        if wrong.cases
        else f"The rules accept none: nothing would surely keep the budget of "
        f"{percent(results.budget, 2)}."
    )
    opening = (
        f"Of {count(accepted.cases)} pictures the network misreads "
        f"{count(int(results.mistaken.sum()))}. {accepting} A person sees "
        f"{count(rates['human'].cases)}, and {count(rates['reject'].cases)} are rejected as "
        "unusable."
    )
    certain = (
        f"where the network gives at least {percent(report.threshold.value, 2)}"
        if accepted.events
        else "no limit would surely keep the budget"
    )
    strange = report.evaluation["usability"]
    return join(
        (
            element("p", opening, class_="opening"),
            share_bar(
                {_PAST[name]: rate.cases / accepted.cases for name, rate in rates.items()},
                {_PAST[name]: tone for name, tone in TONES.items()},
            ),
            cards(
                (
                    Card(
                        label="Read right",
                        value=percent(ours["accuracy"], 2),
                        note=", ".join(
                            f"{m['name'].lower()} {percent(m['accuracy'])}" for m in others
                        ),
                    ),
                    Card(
                        label="Accepted without a person",
                        value=percent(accepted.share),
                        note=certain,
                    ),
                    Card(
                        label="Wrong among the accepted",
                        value=percent(wrong.share, 2),
                        note=f"budget {percent(results.budget, 2)}, misread before the rules "
                        f"{percent(float(results.mistaken.mean()), 2)}",
                    ),
                    Card(
                        label="Pictures of something else",
                        value=percent(strange["foreign_refused"], 0),
                        note="are farther from all classes than "
                        f"{percent(1 - strange['refused'])} of our own pictures",
                    ),
                )
            ),
        )
    )


def _risk(report: ImagesReport) -> Section:
    results, threshold = report.results, report.threshold
    curves = {
        model["name"]: RiskCoverage(
            **{name: np.array(values) for name, values in model["risk_coverage"].items()}
        )
        for model in report.evaluation["models"][:_CURVES]
    }
    rates = {name: results.wrong_among(name) for name in TONES}
    everything = Rate(events=int(results.mistaken.sum()), cases=len(results.mistaken))
    rows: list[list[str]] = [
        ["On validation pictures", percent(threshold.coverage), percent(threshold.risk, 2)],
        ["What that promises, 95% sure", "", f"at most {percent(threshold.bound, 2)}"],
        [
            element("strong", "On test pictures"),
            element("strong", percent(results.accepted.share)),
            element("strong", percent(results.wrong.share, 2)),
        ],
    ]
    columns = [Column(title="")]
    columns += [Column(title=name, number=True) for name in ("Accepted", "Wrong among them")]
    return Section(
        title="How much can be left to the network",
        lede=(
            "The fewer pictures are accepted, the surest first, the fewer of them are wrong. The "
            "point is where the rules stand: as far to the right as validation pictures allow "
            "under the budget."
        ),
        body=join(
            (
                side_by_side(
                    (
                        figure(
                            risk_coverage_curve(
                                curves,
                                budget=results.budget,
                                chosen=(results.accepted.share, results.wrong.share)
                                if results.wrong.cases
                                else None,
                            ),
                            title="Selective risk",
                            caption="Test pictures, each model by its own confidence.",
                        ),
                        figure(
                            event_rates(
                                rates, everything, TONES, event="misreadings", among="all pictures"
                            ),
                            title="Misread by outcome",
                            caption="Share that the network reads wrongly, with 95% intervals.",
                        ),
                        figure(
                            outcome_bars({name: r.cases for name, r in rates.items()}, TONES),
                            title="Pictures by outcome",
                        ),
                        table(columns, rows, caption="The limit and what it keeps"),
                    )
                ),
            )
        ),
    )


def _rules(report: ImagesReport) -> Section:
    decisions = report.results.table
    usage = usage_in(report.ruleset, decisions, report.results.mistaken)
    return Section(
        title="What each rule did",
        lede="On the test pictures; the first rule that fires decides. Unfold a name to read it.",
        body=rule_table(report.ruleset, usage, TONES, event="misreading"),
    )


def _footer(report: ImagesReport) -> Section:
    return provenance(
        report,
        examples="pictures used",
        rulesets=(report.ruleset,),
        step=report.results.table["step"][0].as_py(),
    )
