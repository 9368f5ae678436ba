"""An experiment on pictures, whatever they show: see `experiments.experiment`."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pyarrow as pa
from ml_collections import ConfigDict

import rules
from experiments.decisions import Program, decisions_table, outcome_summary, write_decisions
from experiments.headline import Automation, record
from experiments.images import data as pictures
from experiments.images import output
from experiments.images.cases import read_pictures
from experiments.images.data import Data, Subject
from experiments.images.evaluation import evaluate
from experiments.images.network import build_augmentation, build_network
from experiments.images.report import ImagesReport, Strangers, render
from experiments.images.strangers import strangers
from experiments.images.usable import Likeness, ink
from experiments.origin import origin
from experiments.policies import fitting
from experiments.selection import selected
from research import training
from research.inference import Decided, Predictor, recode
from research.tasks import Classification, Task
from research.workdir import Workdir, read_metrics
from rules import Ruleset

OUTCOMES = ("accept", "human", "reject")
_PIXELS = (28, 28, 1)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ImageExperiment:
    """The functions of an experiment file, for one data set.

    Attributes:
        subject: what the pictures show.
        classes: names of what is on them.
    """

    subject: Subject
    classes: tuple[str, ...]

    AFTER_TRAINING: ClassVar[tuple[str, ...]] = (
        "policy",
        "error_budget",
        "refused",
        "baselines",
        "strangers",
    )

    def load_data(self, config: ConfigDict) -> Data:
        """Reads the pictures and holds some out."""
        return pictures.load(config, self.subject)

    def training_examples(
        self, config: ConfigDict, data: Data, workdir: Workdir
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Images and labels."""
        return data.examples("train"), data.examples("validation")

    def build_task(self, config: ConfigDict, workdir: Workdir) -> Task:
        """Classification, on changed copies of the pictures."""
        return Classification(
            network=build_network(config, len(self.classes)),
            optimizer=training.adamw(steps=config.training.steps, **config.optimizer),
            augment=build_augmentation(config),
            label_smoothing=config.label_smoothing,
        )

    def build_prepare(self, config: ConfigDict, workdir: Workdir) -> Any:
        """Pictures are inputs as they are."""
        return lambda columns: columns["pixels"]

    def evaluate(self, config: ConfigDict, data: Data, predictor: Predictor) -> dict[str, Any]:
        """Accuracy on the test pictures beside baselines, and what is unlike any of them."""
        return evaluate(config, self.subject, data, predictor)

    def build_program(
        self, config: ConfigDict, predictor: Predictor, policy: Sequence[Ruleset], workdir: Workdir
    ) -> Program:
        """Model and rules; both limits of the rules are set by the validation pictures."""
        (ruleset,) = policy
        evaluation = workdir.read_json("evaluation.json", dict, made_by="--mode=evaluate")
        likeness = Likeness.from_json(evaluation["likeness"])
        limits = {
            "enough": selected(workdir, config.error_budget).value,
            "far": evaluation["usability"]["far"],
        }
        with fitting(ruleset, OUTCOMES):
            decider = rules.compile(rules.with_params(ruleset, limits), fired=True)
            categories = dict.fromkeys(("kind", "rival"), self.classes)

            def present(predictions: Any, columns: Any) -> dict[str, jax.Array]:
                (sure, second), (kind, rival) = (
                    jnp.moveaxis(part, -1, 0)
                    for part in jax.lax.top_k(predictions["probabilities"], 2)
                )
                return {
                    "confidence": sure,
                    "runner_up": second,
                    "distance": likeness.distance(predictions["features"]),
                    "ink": ink(columns["pixels"]),
                    **recode({"kind": kind, "rival": rival}, categories, decider),
                }

            program = Program(predictor=predictor, decider=decider, present=present)
            program.check({"pixels": np.zeros((1, *_PIXELS), np.uint8)})
        return program

    def decide_test(
        self, config: ConfigDict, data: Data, program: Program, workdir: Workdir
    ) -> str:
        """Decides the test pictures, and some that show something else; writes the report."""
        test = data.parts["test"]
        table = self._table(
            [f"test-{number}" for number in data.numbers],
            program({"pixels": test.images}),
            program,
        )
        write_decisions(table, workdir.path / "decisions.parquet")
        results = output.Results(
            table=table, labels=test.labels, classes=data.classes, budget=config.error_budget
        )
        record(
            workdir,
            Automation(
                decisions=len(test),
                automated=results.accepted.share,
                budget=config.error_budget,
                error=results.wrong.share if results.wrong.cases else None,
            ),
        )
        others = strangers(
            test.images[: config.strangers],
            pictures.foreign(self.subject, config.strangers),
            self.subject.foreign_noun,
            seed=config.seed,
        )
        decided = {
            name: Strangers(
                images=images,
                decisions=self._table(
                    map(str, range(len(images))), program({"pixels": images}), program
                ),
            )
            for name, images in others.items()
        }
        report = ImagesReport(
            config=config.to_dict(),
            noun=self.subject.noun,
            evaluation=workdir.read_json("evaluation.json", dict, made_by="--mode=evaluate"),
            history=read_metrics(workdir.metrics),
            threshold=selected(workdir, config.error_budget),
            images=test.images,
            results=results,
            ruleset=program.decider.ruleset,
            strangers=decided,
            **origin(
                name=self.subject.name,
                source=self.subject.citation,
                licence=self.subject.licence,
                rows=sum(len(part) for part in data.parts.values()),
            ),
        )
        workdir.write_text("report.html", render(report))
        summary = output.decision_summary(results, decided)
        return f"{summary}\nwrote {workdir.path}/decisions.parquet and {workdir.path}/report.html"

    def decide_cases(self, config: ConfigDict, cases: Path, program: Program, out: Path) -> str:
        """Decides pictures from a file; see `experiments.images.cases`."""
        identifiers, images = read_pictures(cases)
        table = self._table(identifiers, program({"pixels": images}), program)
        write_decisions(table, out)
        return f"{outcome_summary(table)}\nwrote {out}"

    def _table(self, cases: Any, decided: Decided, program: Program) -> pa.Table:
        names = np.array(self.classes)
        best = np.argsort(-decided.predictions["probabilities"], axis=-1, kind="stable")[:, :2]
        shown = {
            "kind": names[best[:, 0]],
            "rival": names[best[:, 1]],
            **{name: decided.seen[name] for name in ("confidence", "runner_up", "distance", "ink")},
        }
        return decisions_table(cases, shown, decided, program)
