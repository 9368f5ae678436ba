"""The report of the Austen experiment: what it writes, under which rules, and what passes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from ml_collections import ConfigDict

from experiments.austen import report_gate, report_model, report_writing
from experiments.austen.results import Results
from experiments.origin import origin
from experiments.report import Card, Html, Section, cards, join, page, paragraph, provenance
from experiments.report.formats import count, decimal, percent
from research.data.datasets import austen
from research.workdir import Workdir, read_metrics
from rules import Ruleset

__all__ = ["AustenReport", "render"]


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class AustenReport:
    """Everything the report shows.

    Attributes:
        config: of the run, plain data.
        evaluation: `characters`, `characters_per_token` and `models`, as `evaluate` returns
            them.
        history: learning curves, records `{"step", "train", "validation"}`.
        step: whose parameters wrote.
        results: of the decisions.
        writing: the rules for writing.
        gate: the rules for passages.
        plain: the bits per character up to which passages may be accepted.
        data: `name`, `source`, `licence` and `rows` of the data set.
        versions: of the packages that made it.
        created: the date of the run.
    """

    config: Mapping[str, Any]
    evaluation: Mapping[str, Any]
    history: Sequence[Mapping[str, Any]]
    step: int
    results: Results
    writing: Ruleset
    gate: Ruleset
    plain: float
    data: Mapping[str, Any]
    versions: Mapping[str, str]
    created: str

    @classmethod
    def of(
        cls,
        config: ConfigDict,
        results: Results,
        *,
        writing: Ruleset,
        gate: Ruleset,
        plain: float,
        step: int,
        workdir: Workdir,
    ) -> AustenReport:
        """Gathers it from a run; see the attributes.

        Raises:
            WorkdirError: when the evaluation is missing.
        """
        evaluation = workdir.read_json("evaluation.json", dict, made_by="--mode=evaluate")
        return cls(
            config=config.to_dict(),
            evaluation=evaluation,
            history=read_metrics(workdir.metrics),
            step=step,
            results=results,
            writing=writing,
            gate=gate,
            plain=plain,
            **origin(
                name="Jane Austen's novels",
                source=austen.CITATION,
                licence=austen.LICENCE,
                rows=sum(evaluation["characters"].values()),
            ),
        )


def render(report: AustenReport) -> str:
    """The report as one HTML page.

    Raises:
        ImportError: matplotlib is not installed.
    """
    return page(
        title="Writing like Jane Austen, within the rules",
        subtitle=(
            "A language model of five novels, measured on the sixth; twelve rules decide every "
            "token that it may write"
        ),
        headline=_headline(report),
        sections=(
            report_writing.side_by_side_texts(report.results),
            report_writing.rules_at_work(report.results, report.writing),
            report_gate.section(report.results, report.gate, report.plain),
            report_model.bits(report.evaluation, report.history, report.step),
            report_model.surprise(report.results.surprise),
            report_writing.gallery(report.results),
        ),
        footer=_footer(report),
    )


def _headline(report: AustenReport) -> Html:
    results, (ours, *others) = report.results, report.evaluation["models"]
    written = results.ruled_texts
    texts = len(written.prompts)
    changed = sum(results.interventions.values())
    tokens = results.written_tokens
    offending = int(results.free_broken.sum())
    opening = (
        f"The model foretells unseen chapters of “Persuasion” at {decimal(ours['bits'], 2)} bits "
        f"per character. Left alone, {count(offending)} of its {count(texts)} continuations break "
        f"a rule; with the rules inside the loop {_none(int(results.ruled_broken.sum()))} does, "
        f"for one token changed in {count(tokens / max(changed, 1))}."
    )
    return join(
        (
            paragraph(opening, class_="opening"),
            cards(
                (
                    Card(
                        label="Bits per character",
                        value=decimal(ours["bits"], 3),
                        note=", ".join(
                            f"{other['name'].split(' (')[0]} {decimal(other['bits'], 3)}"
                            for other in others[:2]
                        ),
                    ),
                    Card(
                        label="Texts that break a rule",
                        value=f"{count(offending)} → {count(int(results.ruled_broken.sum()))}",
                        note=f"of {count(texts)}, freely and under the rules; checked on the text",
                    ),
                    Card(
                        label="What the rules cost",
                        value=f"{decimal(written.cost, 3)} bits",
                        note="per character: probability that the rules took away",
                    ),
                    Card(
                        label="Passages judged without a person",
                        value=percent(float(results.automated.mean())),
                        note=_accepted(results),
                    ),
                )
            ),
        )
    )


def _none(number: int) -> str:
    return "none" if number == 0 else count(number)


def _accepted(results: Results) -> str:
    if results.error is None:
        return "of known worth; none of them accepted"
    return f"of known worth; {percent(results.error)} of the accepted ones wrongly"


def _footer(report: AustenReport) -> Section:
    return provenance(
        report,
        examples="characters",
        rulesets=(report.writing, report.gate),
        step=report.step,
    )
