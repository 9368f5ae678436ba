"""The report of the digits experiment: numbers read, repaired, or left to a person."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from experiments.decisions import require_columns
from experiments.digits import report_pictures
from experiments.images import report_model
from experiments.report import (
    Card,
    Column,
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
    table,
    usage_in,
)
from experiments.report.formats import count, percent
from rules.language.ir import Ruleset

__all__ = ["DigitsReport", "render"]

TONES = {"accept": Tone.GOOD, "repair": Tone.CHANGED, "human": Tone.WARN}
_PAST = {"accept": "accepted", "repair": "repaired", "human": "sent to a person"}
_DECIDED = ("case", "outcome", "rule", "reason", "fired", "ruleset", "step")


@dataclasses.dataclass(frozen=True, kw_only=True)
class DigitsReport:
    """Everything the report shows; see `experiments.digits.config` for where it comes from.

    Attributes:
        config: of the run, plain data.
        evaluation: `examples` and `models`, as `evaluate` returns them.
        history: learning curves, records `{"step", "train", "validation"}`.
        best_step: the step whose parameters decided.
        images: all scans, from 0 (paper) to 1 (ink), `[M, 8, 8]`.
        labels: the digit on each, `[M]`.
        test: positions of the test scans, `[N]`.
        digit_decisions: one row per test scan, with `digit` and `confidence`.
        digit_ruleset: the rules for single digits.
        written: the digits of the numbers, `[S, 13]`.
        written_scans: positions of the scans they are written with, `[S, 13]`.
        number_decisions: one row per number, with `read`, `number` and `weakest`.
        number_ruleset: the rules for whole numbers.
        data: `name`, `source`, `licence` and `rows` of the data set.
        versions: of the packages that made it.
        created: the date of the run.

    Raises:
        ValueError: decisions lack a column, are empty, or differ in length from what they
            decide.
    """

    config: Mapping[str, Any]
    evaluation: Mapping[str, Any]
    history: Sequence[Mapping[str, Any]]
    best_step: int
    images: NDArray[np.floating[Any]]
    labels: NDArray[np.integer[Any]]
    test: NDArray[np.integer[Any]]
    digit_decisions: pa.Table
    digit_ruleset: Ruleset
    written: NDArray[np.integer[Any]]
    written_scans: NDArray[np.integer[Any]]
    number_decisions: pa.Table
    number_ruleset: Ruleset
    data: Mapping[str, Any]
    versions: Mapping[str, str]
    created: str

    def __post_init__(self) -> None:
        _check("scans", self.digit_decisions, ("digit", "confidence"), len(self.test))
        _check("numbers", self.number_decisions, ("read", "number", "weakest"), len(self.written))

    @functools.cached_property
    def outcomes(self) -> NDArray[np.str_]:
        """What was decided about each number, `[S]`."""
        return np.asarray(self.number_decisions["outcome"].to_pylist(), np.str_)

    @functools.cached_property
    def truth(self) -> list[str]:
        """The numbers as written."""
        return ["".join(map(str, row)) for row in np.asarray(self.written).tolist()]

    @functools.cached_property
    def read_wrong(self) -> NDArray[np.bool_]:
        """Whether the network alone misread a digit of each number, `[S]`."""
        return self._differs("read")

    @functools.cached_property
    def left_wrong(self) -> NDArray[np.bool_]:
        """Whether each number is wrong after the repairs, `[S]`."""
        return self._differs("number")

    @functools.cached_property
    def rates(self) -> dict[str, Rate]:
        """How many numbers are wrong after the rules, by outcome."""
        return {name: _rate(self.left_wrong[self.outcomes == name]) for name in TONES}

    @functools.cached_property
    def drawn(self) -> NDArray[np.floating[Any]]:
        """The scans of every number, `[S, 13, 8, 8]`."""
        drawn: NDArray[np.floating[Any]] = self.images[self.written_scans]
        return drawn

    @property
    def before(self) -> Rate:
        """Wrong numbers as read."""
        return _rate(self.read_wrong)

    @property
    def after(self) -> Rate:
        """Wrong numbers among those decided without a person."""
        return _rate(self.left_wrong[self.outcomes != "human"])

    @functools.cached_property
    def misread(self) -> NDArray[np.bool_]:
        """Whether each test scan was misread, `[N]`."""
        read = np.asarray(self.digit_decisions["digit"].to_numpy())
        wrong: NDArray[np.bool_] = read != self.labels[self.test]
        return wrong

    def _differs(self, column: str) -> NDArray[np.bool_]:
        shown = np.asarray(self.number_decisions[column].to_pylist(), np.str_)
        return np.not_equal(shown, np.asarray(self.truth, np.str_))


def render(report: DigitsReport) -> str:
    """The report as one HTML page.

    Raises:
        ImportError: matplotlib is not installed.
        ValueError: an outcome or rule that the rest of the report does not know.
    """
    scans, numbers = len(report.test), len(report.written)
    return page(
        title="Reading numbers, and knowing when not to",
        subtitle=(
            f"{count(numbers)} numbers of 13 digits, written with {count(scans)} scans that the "
            "network never saw"
        ),
        headline=_headline(report),
        sections=(
            _decisions(report),
            report_pictures.repaired(
                report.number_decisions,
                report.truth,
                report.drawn,
                positions=report.written_scans,
            ),
            report_pictures.missed(
                report.number_decisions, report.truth, report.drawn, report.left_wrong
            ),
            _rules(report),
            report_model.section(
                report.evaluation,
                report.history,
                report.best_step,
                labels=report.labels[report.test],
                read=report.digit_decisions["digit"].to_numpy(),
                classes=[str(digit) for digit in range(10)],
                title="How well digits are read",
                noun="scans",
            ),
            report_pictures.left_to_people(
                report.digit_decisions, report.images[report.test], report.labels[report.test]
            ),
        ),
        footer=_footer(report),
    )


def _headline(report: DigitsReport) -> Html:
    ours, *others = report.evaluation["models"]
    rates, numbers = report.rates, len(report.written)
    human, left = rates["human"].cases, report.after.events
    opening = (
        f"Of {count(numbers)} numbers the network alone misreads {count(report.before.events)}. "
        f"With the check digit, rules accept {count(rates['accept'].cases)}, repair "
        f"{count(rates['repair'].cases)} and send {count(human)} to a person. Among the "
        f"{count(report.after.cases)} that need no person {count(left)} "
        f"{'is' if left == 1 else 'are'} wrong."
    )
    return join(
        (
            element("p", opening, class_="opening"),
            share_bar(
                {_PAST[name]: rate.cases / numbers for name, rate in rates.items()},
                {_PAST[name]: tone for name, tone in TONES.items()},
            ),
            cards(
                (
                    Card(
                        label="Wrong numbers",
                        value=f"{percent(report.before.share)} → {percent(report.after.share)}",
                        note="as read; after the rules, of those decided without a person",
                    ),
                    Card(
                        label="Decided without a person",
                        value=percent(report.after.cases / numbers),
                        note=f"{count(report.after.cases)} of {count(numbers)} numbers",
                    ),
                    Card(
                        label="Single digits read right",
                        value=percent(ours["accuracy"]),
                        note=", ".join(
                            f"{m['name'].lower()} {percent(m['accuracy'])}" for m in others
                        ),
                    ),
                    Card(
                        label="Misread digits",
                        value=f"{count(int(report.misread.sum()))} of {count(len(report.misread))}",
                        note="on the held-out scans",
                    ),
                )
            ),
        )
    )


def _decisions(report: DigitsReport) -> Section:
    rates, before = report.rates, report.before
    human = report.outcomes == "human"
    rows: list[Sequence[str]] = [
        ["The network alone", count(before.cases), count(before.events), percent(before.share)],
        *(
            [f"{_PAST[name].capitalize()} by the rules", *_figures(rates[name])]
            for name in ("accept", "repair")
        ),
        [element("strong", text) for text in ("Network and rules", *_figures(report.after))],
        ["Sent to a person (wrong as read)", *_figures(_rate(report.read_wrong[human]))],
    ]
    columns = [Column(title="")]
    columns += [Column(title=name, number=True) for name in ("Numbers", "Wrong", "Share wrong")]
    return Section(
        title="What was decided",
        lede=(
            "A number with one misread digit fails its check. Where exactly one likely "
            "correction passes it, the rules make it; where several do, a person decides."
        ),
        body=join(
            (
                side_by_side(
                    (
                        figure(
                            outcome_bars({name: r.cases for name, r in rates.items()}, TONES),
                            title="Numbers by outcome",
                        ),
                        figure(
                            event_rates(
                                rates,
                                before,
                                TONES,
                                event="wrong numbers",
                                among="as read",
                                intervals=False,  # the numbers share scans
                            ),
                            title="Wrong numbers by outcome",
                            caption="After repairs; those sent to a person as read.",
                        ),
                    )
                ),
                table(columns, rows, caption="Errors before and after the rules"),
            )
        ),
    )


def _rules(report: DigitsReport) -> Section:
    pairs = (
        (report.number_ruleset, report.number_decisions, report.left_wrong, "Rules for numbers"),
        (report.digit_ruleset, report.digit_decisions, report.misread, "Rules for single digits"),
    )
    return Section(
        title="What each rule did",
        lede="Unfold a name to read the rule.",
        body=join(
            rule_table(
                ruleset,
                usage_in(ruleset, decisions, wrong),
                TONES,
                event="error",
                caption=caption,
            )
            for ruleset, decisions, wrong, caption in pairs
        ),
    )


def _footer(report: DigitsReport) -> Section:
    return provenance(
        report,
        examples="scans",
        rulesets=(report.number_ruleset, report.digit_ruleset),
        step=report.number_decisions["step"][0].as_py(),
    )


def _rate(wrong: NDArray[np.bool_]) -> Rate:
    return Rate(events=int(wrong.sum()), cases=len(wrong))


def _figures(rate: Rate) -> tuple[str, str, str]:
    return count(rate.cases), count(rate.events), percent(rate.share)


def _check(what: str, decisions: pa.Table, more: Sequence[str], expected: int) -> None:
    require_columns(decisions, (*_DECIDED, *more), on=what)
    if decisions.num_rows == 0 or decisions.num_rows != expected:
        raise ValueError(
            f"expected a decision for each of the {what}, at least one: found "
            f"{decisions.num_rows} decisions and {expected} {what}"
        )
