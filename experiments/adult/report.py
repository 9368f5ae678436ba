"""The report of the Adult experiment: who is decided on, how well, and what that does to groups."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from experiments.adult import groups, report_fairness
from experiments.binary import report_model
from experiments.decisions import require_columns
from experiments.report import (
    Card,
    Html,
    Rate,
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
    usage_in,
)
from experiments.report.formats import count, decimal, percent
from research.data.datasets import adult
from research.inference import risk_coverage
from rules.language.ir import Ruleset

__all__ = ["AdultReport", "render"]

TONES = {"above": Tone.GOOD, "refer": Tone.WARN, "below": Tone.NEUTRAL}
_PAST = {"above": "said to be above", "refer": "referred", "below": "said to be below"}
_COLUMNS = ("case", "p_above", "outcome", "rule", "reason", "fired", "ruleset", "step")
_WORDS = report_model.Words(
    cases="people",
    positive="a high income",
    negative="another one",
    lede=(
        "The rules rest on the predicted probability of an income above 50,000 dollars: it must "
        "rank people well, and its percentages must mean what they say."
    ),
    ranking="High incomes found against others suspected, over all thresholds.",
    calibration="On the diagonal, of people with a probability of 30% three in ten earn more.",
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class AdultReport:
    """Everything the report shows; see `experiments.adult.config` for where it comes from.

    Attributes:
        config: of the run, plain data.
        evaluation: as `evaluate` returns it.
        history: learning curves, records `{"step", "train", "validation"}`.
        best_step: the step whose parameters decided.
        decisions: one row per test person, as `experiments.decisions` makes them.
        people: the test part.
        ruleset: that decided.
        data: `name`, `source`, `licence` and `rows` of the data set.
        versions: of the packages that made it.
        created: the date of the run.

    Raises:
        ValueError: the decisions lack a column, are empty, or are not one for each person.
    """

    config: Mapping[str, Any]
    evaluation: Mapping[str, Any]
    history: Sequence[Mapping[str, Any]]
    best_step: int
    decisions: pa.Table
    people: adult.Adult
    ruleset: Ruleset
    data: Mapping[str, Any]
    versions: Mapping[str, str]
    created: str

    def __post_init__(self) -> None:
        require_columns(self.decisions, _COLUMNS)
        if not 0 < self.decisions.num_rows == len(self.people):
            raise ValueError(
                f"expected a decision for each person, at least one: found "
                f"{self.decisions.num_rows} decisions and {len(self.people)} people"
            )

    @functools.cached_property
    def probabilities(self) -> NDArray[np.floating[Any]]:
        """Of an income above 50,000, `[N]`."""
        return np.asarray(self.decisions["p_above"].to_numpy())

    @functools.cached_property
    def outcomes(self) -> NDArray[np.str_]:
        """What was decided about each person, `[N]`."""
        return np.asarray(self.decisions["outcome"].to_pylist(), np.str_)

    @property
    def above(self) -> NDArray[np.bool_]:
        """Who earns more, `[N]`."""
        return np.asarray(self.people.target == 1)

    @property
    def automated(self) -> NDArray[np.bool_]:
        """Who is decided on without a person, `[N]`."""
        return np.asarray(self.outcomes != "refer")

    @functools.cached_property
    def rates(self) -> dict[str, Rate]:
        """How many earn more, by outcome."""
        return {name: _rate(self.above[self.outcomes == name]) for name in TONES}

    @property
    def left(self) -> Rate:
        """Wrong decisions among those made without a person."""
        return _rate((self.above != (self.outcomes == "above"))[self.automated])

    @property
    def alone(self) -> Rate:
        """Wrong decisions, had the model decided everything."""
        return _rate(self.above != (self.probabilities >= 0.5))


def render(report: AdultReport) -> str:
    """The report as one HTML page.

    Raises:
        ImportError: matplotlib is not installed.
        ValueError: an outcome or rule that the rest of the report does not know.
    """
    return page(
        title="Incomes, groups, and doubt",
        subtitle=(
            f"{count(len(report.people))} people of the US census of 1994 that the model never "
            "saw. A benchmark: nobody should be decided on by it"
        ),
        headline=_headline(report),
        sections=(
            _decisions(report),
            _fairness(report),
            _rules(report),
            report_model.section(
                report.evaluation,
                report.history,
                report.best_step,
                predictions=report.probabilities,
                words=_WORDS,
            ),
        ),
        footer=_footer(report),
    )


def _headline(report: AdultReport) -> Html:
    total, left, budget = len(report.people), report.left, report.config["error_budget"]
    ours, *others = report.evaluation["models"]
    low, high = (percent(bound) for bound in left.interval)
    opening = (
        f"Of {count(total)} people, the rules decide on {count(left.cases)} and leave "
        f"{count(total - left.cases)} to a person. {percent(left.share)} of their decisions are "
        f"wrong, where the model alone, deciding on everybody, errs on "
        f"{percent(report.alone.share)}."
    )
    return join(
        (
            element("p", opening, class_="opening"),
            share_bar(
                {_PAST[name]: rate.cases / total for name, rate in report.rates.items()},
                {_PAST[name]: tone for name, tone in TONES.items()},
            ),
            cards(
                (
                    Card(
                        label="Errors without a person",
                        value=percent(left.share),
                        note=f"95% interval {low} to {high}; budget {percent(budget)}",
                    ),
                    Card(
                        label="Decided without a person",
                        value=percent(left.cases / total),
                        note=f"{count(left.cases)} of {count(total)}",
                    ),
                    Card(
                        label="Ranking (AUC)",
                        value=decimal(ours["auc"]),
                        note=", ".join(f"{m['name'].lower()} {decimal(m['auc'])}" for m in others),
                    ),
                    Card(
                        label="Referred, by sex",
                        value=" / ".join(
                            percent(rate.share, 0) for rate in _referred(report)["sex"]
                        ),
                        note=" / ".join(group.group for group in _before(report)["sex"]),
                    ),
                )
            ),
        )
    )


def _decisions(report: AdultReport) -> Section:
    confidence = np.maximum(report.probabilities, 1 - report.probabilities)
    wrong = report.above != (report.probabilities >= 0.5)
    curve = risk_coverage(confidence, wrong)
    left = report.left
    return Section(
        title="What was decided",
        lede=(
            "How confident is enough follows from the error budget, on validation data; the test "
            "data below had no part in it."
        ),
        body=side_by_side(
            (
                figure(
                    outcome_bars({name: r.cases for name, r in report.rates.items()}, TONES),
                    title="People by outcome",
                ),
                figure(
                    event_rates(
                        report.rates,
                        _rate(report.above),
                        TONES,
                        event="high income",
                        among="everybody",
                    ),
                    title="Share above 50k by outcome",
                    caption="Dots are rates, bars their 95% Wilson intervals.",
                ),
                figure(
                    risk_coverage_curve(
                        {"by confidence": curve},
                        budget=report.config["error_budget"],
                        chosen=(left.cases / len(report.people), left.share)
                        if left.cases
                        else None,
                    ),
                    title="Errors by share decided",
                    caption="The dot is what the rules decide.",
                ),
            )
        ),
    )


def _fairness(report: AdultReport) -> Section:
    selected = np.asarray(report.outcomes == "above")
    after = groups.by_attribute(report.people, selected, among=report.automated)
    return report_fairness.section(_before(report), after, _referred(report))


def _before(report: AdultReport) -> dict[str, tuple[Any, ...]]:
    return groups.by_attribute(report.people, report.probabilities >= 0.5, report.probabilities)


def _referred(report: AdultReport) -> dict[str, list[Rate]]:
    referred = groups.by_attribute(report.people, ~report.automated)
    return {name: [group.selected for group in members] for name, members in referred.items()}


def _rules(report: AdultReport) -> Section:
    usage = usage_in(report.ruleset, report.decisions, report.above)
    return Section(
        title="What each rule did",
        lede="Several can fire for one person; the one of highest priority decides. Unfold a name "
        "to read the rule.",
        body=rule_table(report.ruleset, usage, TONES, event="high income"),
    )


def _footer(report: AdultReport) -> Section:
    examples = report.evaluation["examples"]
    parts = ", ".join(
        f"{count(examples[part])} {name.lower()}" for part, name in report_model.PARTS.items()
    )
    return provenance(
        report,
        examples=f"people ({parts})",
        rulesets=(report.ruleset,),
        step=report.decisions["step"][0].as_py(),
    )


def _rate(events: NDArray[np.bool_]) -> Rate:
    return Rate(events=int(events.sum()), cases=len(events))
