"""The report of the sentiment experiment: what was published, held, escalated, and why."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from experiments.report import (
    Card,
    Cell,
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
    learning_curves,
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
from experiments.report.formats import count, decimal, percent
from experiments.sentiment.report_texts import Reading, readings
from research.data.datasets.sentiment import SOURCES, Snippets
from research.inference import RiskCoverage
from rules.language.ir import Ruleset

__all__ = ["SentimentReport", "render"]

TONES = {"publish": Tone.GOOD, "hold": Tone.WARN, "escalate": Tone.BAD}
_PAST = {"publish": "published", "hold": "held for a moderator", "escalate": "escalated"}
_SHOWN = 6
_COLOURS = (
    " The stronger a word is coloured, the more attention it got: red where the estimate is below "
    "zero."
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class SentimentReport:
    """Everything the report shows; see `experiments.sentiment.config` for where it comes from.

    Attributes:
        config: of the run, plain data.
        evaluation: `examples` and `models`, as `evaluate` returns them.
        history: learning curves, records `{"step", "train", "validation"}`.
        best_step: the step whose parameters decided.
        test: the held-out texts.
        negative: whether people find each negative, bool `[N]`.
        words: of a text, as the network reads them.
        attention: `[N, T]`, None for a network without.
        decisions: one row per text, with `negative` and `rating`.
        ruleset: the rules, with their params as set.
        curve: risk and coverage of publishing.
        data: `name`, `source`, `licence` and `rows` of the data set.
        versions: of the packages that made it.
        created: the date of the run.
    """

    config: Mapping[str, Any]
    evaluation: Mapping[str, Any]
    history: Sequence[Mapping[str, Any]]
    best_step: int
    test: Snippets
    negative: NDArray[np.bool_]
    words: Callable[[str], Sequence[str]]
    attention: NDArray[np.floating[Any]] | None
    decisions: pa.Table
    ruleset: Ruleset
    curve: RiskCoverage
    data: Mapping[str, Any]
    versions: Mapping[str, str]
    created: str

    @functools.cached_property
    def outcomes(self) -> NDArray[np.str_]:
        """What was decided about each text, `[N]`."""
        return np.asarray(self.decisions["outcome"].to_pylist(), np.str_)

    @functools.cached_property
    def rates(self) -> dict[str, Rate]:
        """How many texts of each outcome are negative."""
        return {name: self.rate(self.outcomes == name) for name in TONES}

    def rate(self, chosen: NDArray[np.bool_]) -> Rate:
        """How many of the chosen texts are negative."""
        return Rate(events=int(self.negative[chosen].sum()), cases=int(chosen.sum()))

    def reading(self, row: int) -> Reading:
        """One text, its attention and its decision."""
        said = {name: self.decisions[name][row].as_py() for name in ("negative", "rating")}
        text, attention = self.test.texts[row], self.attention
        return Reading(
            words=[text] if attention is None else self.words(text),
            attention=np.zeros(1) if attention is None else attention[row],
            truth=float(self.test.ratings[row]),
            outcome=str(self.outcomes[row]),
            reason=self.decisions["reason"][row].as_py(),
            source=SOURCES[self.test.sources[row]],
            **said,
        )


def render(report: SentimentReport) -> str:
    """The report as one HTML page."""
    return page(
        title="What may be published, and what a person should read first",
        subtitle=(
            f"{count(len(report.test))} sentences and tweets that the network never saw, each "
            "rated by 15 or more people"
        ),
        headline=_headline(report),
        sections=(
            _decisions(report),
            *(_examples(report, name) for name in TONES),
            _mistakes(report),
            _models(report),
            _rules(report),
        ),
        footer=_footer(report),
    )


def _headline(report: SentimentReport) -> Html:
    ours, *others = report.evaluation["models"]
    best = max(others, key=lambda model: model["accuracy"])
    rates, texts = report.rates, len(report.test)
    published = rates["publish"]
    opening = (
        f"Of {count(texts)} texts the rules publish {count(published.cases)} unseen by a person, "
        f"hold {count(rates['hold'].cases)} for a moderator and escalate "
        f"{count(rates['escalate'].cases)}. People find {percent(report.rate(_all(texts)).share)} "
        f"of all texts negative, and {percent(published.share)} of the published ones; "
        f"{percent(report.config['error_budget'], 0)} were allowed."
    )
    return join(
        (
            element("p", opening, class_="opening"),
            share_bar(
                {_PAST[name]: rate.cases / texts for name, rate in rates.items()},
                {_PAST[name]: tone for name, tone in TONES.items()},
            ),
            cards(
                (
                    Card(
                        label="Published without a person",
                        value=percent(published.cases / texts),
                        note=f"{count(published.cases)} of {count(texts)} texts",
                    ),
                    Card(
                        label="Negative among them",
                        value=percent(published.share),
                        note=f"the budget was {percent(report.config['error_budget'], 0)}",
                    ),
                    Card(
                        label="Polarity told right",
                        value=percent(ours["accuracy"]),
                        note=f"{best['name']}: {percent(best['accuracy'])}",
                    ),
                    Card(
                        label="Correlation with people",
                        value=decimal(ours["correlation"], 2),
                        note="of the estimated with the mean rating",
                    ),
                )
            ),
        )
    )


def _decisions(report: SentimentReport) -> Section:
    everything = report.rate(_all(len(report.test)))
    published = report.rates["publish"]
    chosen = published.cases / len(report.test), published.share
    return Section(
        title="What was decided",
        lede=(
            "A text is negative if its mean rating is "
            f"{decimal(report.config['data']['negative'], 1)} or less. How sure the network must "
            "be to publish was chosen on other texts, so that at most "
            f"{percent(report.config['error_budget'], 0)} of what it calls harmless is negative."
        ),
        body=join(
            (
                side_by_side(
                    (
                        figure(
                            outcome_bars({n: r.cases for n, r in report.rates.items()}, TONES),
                            title="Texts by outcome",
                        ),
                        figure(
                            event_rates(report.rates, everything, TONES, event="negative texts"),
                            title="Negative texts by outcome",
                        ),
                    )
                ),
                figure(
                    risk_coverage_curve(
                        {"by the network's certainty": report.curve},
                        budget=report.config["error_budget"],
                        chosen=chosen,
                    ),
                    title="The more is published, the more of it is negative",
                    caption="Held-out texts, from the surest on; the mark is what the rules do.",
                ),
            )
        ),
    )


def _examples(report: SentimentReport, outcome: str) -> Section:
    rows = np.flatnonzero(report.outcomes == outcome)
    order = rows[np.argsort(report.decisions["negative"].to_numpy()[rows], kind="stable")]
    spread = np.unique(np.linspace(0, len(order) - 1, min(_SHOWN, len(order))).astype(int))
    return Section(
        title=f"Texts that were {_PAST[outcome]}",
        lede="From the least to the most negative by the network, evenly spaced."
        + _COLOURS * (report.attention is not None),
        body=_texts(report, order[spread]),
    )


def _mistakes(report: SentimentReport) -> Section:
    ratings = report.test.ratings
    slipped = _worst(report, "publish", ratings)
    harmless = _worst(report, "escalate", -ratings)
    return Section(
        title="The worst mistakes",
        lede="What people rate most negative of all that was published, and the other way round.",
        body=join(
            (
                element("h3", "Published, and negative"),
                _texts(report, slipped),
                element("h3", "Escalated, and best rated"),
                _texts(report, harmless),
            )
        ),
    )


def _worst(report: SentimentReport, outcome: str, by: NDArray[Any]) -> NDArray[np.intp]:
    rows = np.flatnonzero(report.outcomes == outcome)
    return rows[np.argsort(by[rows], kind="stable")][: _SHOWN // 2]


def _texts(report: SentimentReport, rows: NDArray[np.integer[Any]]) -> Html:
    if not len(rows):
        return element("p", "There is none.")
    return readings((report.reading(int(row)) for row in rows), TONES)


def _models(report: SentimentReport) -> Section:
    models = report.evaluation["models"]
    sources = list(models[0]["by_source"])

    def values(model: Mapping[str, Any]) -> list[float]:
        by_source = [model["by_source"][source]["accuracy"] for source in sources]
        return [model["accuracy"], *by_source, model["correlation"], model["auc"]]

    best = np.max([values(model) for model in models], axis=0)
    formats = [percent] * (1 + len(sources)) + [functools.partial(decimal, digits=3)] * 2
    rows: list[list[Cell | str]] = [
        [
            model["name"],
            *(
                Cell(content=shown(value), best=bool(value == top))
                for shown, value, top in zip(formats, values(model), best, strict=True)
            ),
        ]
        for model in models
    ]
    columns = [Column(title="Model"), Column(title="Polarity ↑", number=True)]
    columns += [Column(title=source, number=True) for source in sources]
    columns += [
        Column(title="r ↑", number=True, hint="Pearson correlation with the mean rating"),
        Column(title="AUC ↑", number=True, hint="of telling negative texts from all others"),
    ]
    return Section(
        title="How well texts are read",
        lede=(
            "Polarity: the share of texts rated 0.5 or more from zero whose sign is told right. "
            "VADER learned nothing here: its lexicon was rated word by word, and its rules were "
            "made with such tweets in view."
        ),
        body=join(
            (
                table(columns, rows, caption="Held-out texts; the best of each column stands out"),
                figure(learning_curves(report.history, report.best_step), title="Learning"),
            )
        ),
    )


def _rules(report: SentimentReport) -> Section:
    usage = usage_in(report.ruleset, report.decisions, report.negative)
    return Section(
        title="What each rule did",
        lede="Unfold a name to read the rule.",
        body=rule_table(report.ruleset, usage, TONES, event="negative"),
    )


def _footer(report: SentimentReport) -> Section:
    return provenance(report, examples="texts", rulesets=(report.ruleset,), step=report.best_step)


def _all(texts: int) -> NDArray[np.bool_]:
    return np.ones(texts, bool)
