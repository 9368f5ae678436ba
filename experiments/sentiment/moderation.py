"""A network that reads texts under the moderation rules."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, cast

import jax
import jax.numpy as jnp
import numpy as np
from ml_collections import ConfigDict

import rules
from experiments.decisions import (
    Program,
    case_identifiers,
    decisions_table,
    outcome_summary,
    write_decisions,
)
from experiments.headline import Automation, record
from experiments.origin import origin
from experiments.policies import fitting
from experiments.selection import selected
from experiments.sentiment.facts import facts
from experiments.sentiment.report import SentimentReport, render
from experiments.sentiment.texts import Data, negative
from research.data.datasets import sentiment
from research.data.tables import TableError, read_table
from research.inference import Decided, Predictor, risk_coverage
from research.workdir import Workdir, read_metrics
from rules import Ruleset

OUTCOMES = ("publish", "hold", "escalate")
_FACTS = ("unread", "unseen", "words", "exclamations", "shouted", "insults")
_HIGHEST = 4.0  # of a rating


class Reader(Protocol):
    """Texts to a network's inputs: what a predictor has as `prepare`."""

    def __call__(self, columns: Mapping[str, Any]) -> Any:
        """The network's inputs, of the columns of a batch; pure JAX."""
        ...

    def columns(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """What the network reads of N texts.

        Also `unread` int32 `[N]`, words at the end that it doesn't read, and `unseen` float32
        `[N]`, the share of the read words that it doesn't know.
        """
        ...

    def read(self, text: str) -> list[str]:
        """The words of a text that are read, in the order of the network's attention."""
        ...


@dataclasses.dataclass(frozen=True, kw_only=True)
class Moderation:
    """The program, and how texts become its columns."""

    program: Program

    @classmethod
    def under(
        cls, ruleset: Ruleset, predictor: Predictor, workdir: Workdir, *, budget: float
    ) -> Moderation:
        """Compiles network and rules; the param `enough` comes from the error budget.

        Raises:
            PolicyError: when the rules don't fit.
        """

        def present(predictions: Any, columns: Any) -> dict[str, jax.Array]:
            return {
                "negative": predictions["probabilities"][:, 1],
                "rating": jnp.clip(predictions["mean"], -_HIGHEST, _HIGHEST),
                **{name: columns[name] for name in _FACTS},
            }

        with fitting(ruleset, OUTCOMES):
            if any(param.name == "enough" for param in ruleset.params):
                threshold = selected(workdir, budget, predicted=0)
                ruleset = rules.with_params(ruleset, {"enough": threshold.value})
            decider = rules.compile(ruleset, fired=True)
            program = Program(predictor=predictor, decider=decider, present=present)
            moderation = cls(program=program)
            program.check(moderation.columns(["a text"]))
        return moderation

    @property
    def reader(self) -> Reader:
        """Of the network."""
        return cast(Reader, self.program.predictor.prepare)

    def __call__(self, texts: Sequence[str]) -> Decided:
        """Decides N texts."""
        return self.program(self.columns(texts))

    def columns(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """What the network reads, and what the rules are told beside its estimates."""
        return {**self.reader.columns(texts), **facts(texts)}


def decide_test(config: ConfigDict, data: Data, program: Moderation, workdir: Workdir) -> str:
    """Decides the held-out texts; writes decisions.parquet and report.html."""
    test = data["test"]
    decided = program(test.texts)
    table = decisions_table(test.ids, _shown(test.texts, decided), decided, program.program)
    write_decisions(table, workdir.path / "decisions.parquet")
    bad = negative(config, test)
    published = np.array(table["outcome"].to_pylist()) == "publish"
    record(workdir, Automation.of(published, bad, budget=config.error_budget))
    report = SentimentReport(
        config=config.to_dict(),
        evaluation=workdir.read_json("evaluation.json", dict, made_by="--mode=evaluate"),
        history=read_metrics(workdir.metrics),
        best_step=program.program.predictor.step,
        test=test,
        negative=bad,
        words=program.reader.read,
        attention=decided.predictions.get("attention"),
        decisions=table,
        ruleset=program.program.decider.ruleset,
        curve=risk_coverage(1 - table["negative"].to_numpy(), bad),
        **origin(
            name="VADER's ratings",
            source=sentiment.CITATION,
            licence=sentiment.LICENCE,
            rows=sum(map(len, data.values())),
        ),
    )
    workdir.write_text("report.html", render(report))
    summary = outcome_summary(table, rate=("negative", bad))
    return f"{summary}\nwrote {workdir.path}/decisions.parquet and {workdir.path}/report.html"


def decide_cases(cases: Path, program: Moderation, out: Path) -> str:
    """Decides texts from a file with a column `text`.

    Raises:
        TableError: when there is none.
    """
    file = read_table(cases)
    if "text" not in file.column_names:
        raise TableError(f"{cases} has no column text, found {', '.join(file.column_names)}")
    texts = [str(text or "") for text in file["text"].to_pylist()]
    decided = program(texts)
    table = decisions_table(
        case_identifiers(file, "id"), _shown(texts, decided), decided, program.program
    )
    write_decisions(table, out)
    return f"{outcome_summary(table)}\nwrote {out}"


def _shown(texts: Sequence[str], decided: Decided) -> dict[str, Any]:
    return {
        "text": list(texts),
        **{name: np.asarray(decided.seen[name]) for name in ("negative", "rating")},
    }
