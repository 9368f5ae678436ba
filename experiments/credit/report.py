"""The report of the credit experiment: what was decided, at what cost, how well, and why."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from experiments.binary import report_model
from experiments.credit import economics, report_cases, report_economics
from experiments.credit.report_cases import CaseStory
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
    rule_table,
    share_bar,
    side_by_side,
    usage_in,
)
from experiments.report.formats import count, decimal, percent, signed
from rules.language.ir import Ruleset

__all__ = ["CaseStory", "CreditReport", "render"]

TONES = {"approve": Tone.GOOD, "refer": Tone.WARN, "reject": Tone.BAD}
_PAST = {"approve": "approved", "refer": "referred", "reject": "rejected"}
_WORDS = report_model.Words(
    cases="applications",
    positive="a default",
    negative="a good loan",
    lede=(
        "The rules rest on the predicted probability of default: it must rank applications "
        "well, and its percentages must mean what they say."
    ),
    ranking="Defaults found against good loans suspected, over all thresholds.",
    calibration="On the diagonal, of loans with a predicted risk of 30% three in ten default.",
)
_COLUMNS = ("case", "p_default", "outcome", "rule", "reason", "fired", "ruleset", "step")


@dataclasses.dataclass(frozen=True, kw_only=True)
class CreditReport:
    """Everything the report shows; see `experiments.credit.config` for where it comes from.

    Attributes:
        config: of the run, plain data; `economics` holds the fields of `economics.Terms`.
        evaluation: `examples`, `models` and `calibration`, as `evaluate` returns them.
        history: learning curves, records `{"step", "train", "validation"}`.
        best_step: the step whose parameters decided.
        decisions: one row per test application, as `experiments.decisions` makes them.
        defaulted: whether each of them did, `[N]`.
        amounts: asked for, in the money of the data, `[N]`.
        ruleset: the policy.
        cases: a few applications, told in full.
        data: `name`, `source`, `licence` and `rows` of the data set.
        versions: of the packages that made it.
        created: the date of the run.

    Raises:
        ValueError: the decisions lack a column, are empty, or differ in length from
            `defaulted` or `amounts`.
    """

    config: Mapping[str, Any]
    evaluation: Mapping[str, Any]
    history: Sequence[Mapping[str, Any]]
    best_step: int
    decisions: pa.Table
    defaulted: NDArray[np.bool_]
    amounts: NDArray[np.floating[Any]]
    ruleset: Ruleset
    cases: Sequence[CaseStory]
    data: Mapping[str, Any]
    versions: Mapping[str, str]
    created: str

    def __post_init__(self) -> None:
        require_columns(self.decisions, _COLUMNS)
        rows = self.decisions.num_rows
        if rows == 0 or not rows == len(self.defaulted) == len(self.amounts):
            raise ValueError(
                "expected at least one decision and as many defaults and amounts, found "
                f"{rows}, {len(self.defaulted)} and {len(self.amounts)}"
            )

    @functools.cached_property
    def outcomes(self) -> list[str]:
        """The outcome of each application."""
        return list(self.decisions["outcome"].to_pylist())

    @functools.cached_property
    def rates(self) -> dict[str, Rate]:
        """How often loans defaulted, by outcome."""
        outcomes = np.asarray(self.outcomes, np.str_)
        return {
            name: Rate(events=int(self.defaulted[chosen].sum()), cases=int(chosen.sum()))
            for name in economics.OUTCOMES
            for chosen in [outcomes == name]
        }

    @property
    def overall(self) -> Rate:
        """How often loans defaulted."""
        return Rate(events=int(self.defaulted.sum()), cases=len(self.defaulted))

    @functools.cached_property
    def accounts(self) -> tuple[economics.Account, ...]:
        """Approving all, the model's threshold alone, and the policy."""
        terms = economics.Terms(**self.config["economics"])
        ways: dict[str, Sequence[str] | NDArray[np.str_]] = {
            "Approve all": economics.approve_all(cases=len(self.outcomes)),
            "Model threshold only": economics.threshold_only(
                self.decisions["p_default"].to_numpy(), terms
            ),
            "Model and rules": self.outcomes,
        }
        return tuple(
            economics.account(
                name, outcomes, amounts=self.amounts, defaulted=self.defaulted, terms=terms
            )
            for name, outcomes in ways.items()
        )


def render(
    report: CreditReport, *, model: str = "a neural network", sections: Sequence[Section] = ()
) -> str:
    """The report as one HTML page.

    Args:
        report: its contents.
        model: what predicted.
        sections: about the model; by default one with its learning curves.

    Raises:
        ImportError: matplotlib is not installed.
        ValueError: an outcome, rule or case that the rest of the report does not know.
    """
    rows = count(report.decisions.num_rows)
    rules = len(report.ruleset.rules)
    return page(
        title="Loan decisions, with reasons",
        subtitle=(
            f"{rows} applications that the model never saw, decided by {model} "
            f"and {rules} lending rules"
        ),
        headline=_headline(report),
        sections=(
            _decisions(report),
            report_economics.section(
                report.accounts, economics.Terms(**report.config["economics"])
            ),
            _rules(report),
            *(sections or (_model(report),)),
            report_cases.section(report.cases, report.decisions, report.ruleset, TONES),
        ),
        footer=_footer(report),
    )


def _model(report: CreditReport) -> Section:
    return report_model.section(
        report.evaluation,
        report.history,
        report.best_step,
        predictions=report.decisions["p_default"].to_numpy(),
        words=_WORDS,
    )


def _headline(report: CreditReport) -> Html:
    approved, everyone = report.rates["approve"], report.overall
    ours, *others = report.evaluation["models"]
    calibration = report.evaluation["calibration"]
    everything, threshold, policy = report.accounts
    numbers = {name: count(rate.cases) for name, rate in report.rates.items()}
    opening = (
        f"Of {count(everyone.cases)} applications, {numbers['approve']} were approved, "
        f"{numbers['refer']} referred to a person and {numbers['reject']} rejected. "
        f"{percent(approved.share)} of the approved loans defaulted, "
        f"against {percent(everyone.share)} of all."
    )
    low, high = (percent(bound) for bound in approved.interval)
    as_trained = calibration["before"] == calibration["after"]
    before, after = (decimal(calibration[when]["error"]) for when in ("before", "after"))
    gain, alone = (signed((way.result - everything.result) / 1000) for way in (policy, threshold))
    return join(
        (
            element("p", opening, class_="opening"),
            share_bar(
                {_PAST[name]: rate.cases / everyone.cases for name, rate in report.rates.items()},
                {_PAST[name]: tone for name, tone in TONES.items()},
            ),
            cards(
                (
                    Card(
                        label="Default rate, approved",
                        value=percent(approved.share),
                        note=f"95% interval {low} to {high}; all applications "
                        f"{percent(everyone.share)}",
                    ),
                    Card(
                        label="Gain over approving all",
                        value=f"{gain} k",
                        note=join(
                            (
                                "in the money of the data, reviews paid; "
                                f"the threshold alone {alone} k, ",
                                element("a", "why so", href=f"#{report_economics.LEFT_OPEN}"),
                            )
                        ),
                    ),
                    Card(
                        label="Ranking of risks (AUC)",
                        value=decimal(ours["auc"]),
                        note=", ".join(f"{m['name'].lower()} {decimal(m['auc'])}" for m in others),
                    ),
                    Card(
                        label="Calibration error",
                        value=after if as_trained else f"{before} → {after}",
                        note="0 is perfect; no correction was needed"
                        if as_trained
                        else "before and after calibration; 0 is perfect",
                    ),
                )
            ),
        )
    )


def _decisions(report: CreditReport) -> Section:
    return Section(
        title="What was decided",
        lede=(
            "All of these loans were in fact granted, so how each one ended is known. "
            "Good decisions separate: few defaults among the approved, many among the rejected."
        ),
        body=side_by_side(
            (
                figure(
                    outcome_bars({name: r.cases for name, r in report.rates.items()}, TONES),
                    title="Applications by outcome",
                ),
                figure(
                    event_rates(report.rates, report.overall, TONES, event="default"),
                    title="Default rate by outcome",
                    caption="Dots are rates, bars their 95% Wilson intervals.",
                ),
            )
        ),
    )


def _rules(report: CreditReport) -> Section:
    usage = usage_in(report.ruleset, report.decisions, report.defaulted)
    idle = sum(use.fired == 0 for use in usage)
    never = {0: "", 1: " One rule never fired."}.get(idle, f" {idle} rules never fired.")
    return Section(
        title="What each rule did",
        lede=(
            "Several rules can fire for one application; the one of highest priority decides. "
            f"Unfold a name to read the rule.{never}"
        ),
        body=rule_table(report.ruleset, usage, TONES, event="default"),
    )


def _footer(report: CreditReport) -> Section:
    examples = report.evaluation["examples"]
    parts = ", ".join(
        f"{count(examples[part])} {name.lower()}" for part, name in report_model.PARTS.items()
    )
    return provenance(
        report,
        examples=f"applications ({parts})",
        rulesets=(report.ruleset,),
        step=report.decisions["step"][0].as_py(),
    )
