"""A hundred labelled digits of 1,797: what a network learns from the others, without labels.

    python launch.py --config=experiments/few_labels/config.py --workdir=runs/few_labels

`config.method` is fixmatch, pseudo_labels or supervised; `evaluate` compares all of them over
several draws of the hundred. Takes less than two minutes on 2 cores.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

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
from experiments.few_labels import draws, output
from experiments.headline import Automation, Headline, record
from experiments.overrides import settings
from experiments.policies import fitting
from experiments.selection import selected
from research import training
from research.data.datasets import digits
from research.data.splits import split
from research.data.tables import TableError, read_table
from research.inference import Decided, Predictor
from research.tasks import Task, metrics
from research.workdir import Workdir
from rules import Ruleset

AFTER_TRAINING = ("policy", "error_budget")
PRESETS = {"fast": {"training.steps": 120, "training.evaluate_every": 120, "data.draws": 1}}
_GREYS = 16.0  # the scans' pixels count from 0 to 16


def get_config() -> ConfigDict:
    """Every number of the experiment."""
    config = ConfigDict()
    config.seed = 0  # also the draw of the labels that the run itself learns from
    config.method = "fixmatch"
    config.data = ConfigDict(
        {
            "train": 0.65,
            "validation": 0.15,
            "test": 0.2,
            "labels": 10,  # a class
            "repeat": 6,  # labelled scans count so often: a third of each batch
            "draws": 5,
        }
    )
    config.augmentation = ConfigDict({"shift": 1, "noise": 0.05, "cutout": 3, "strong_noise": 0.15})
    config.semi_supervised = ConfigDict({"threshold": 0.9, "weight": 1.0})
    config.model = ConfigDict({"channels": (16, 32), "dropout": 0.2})
    config.optimizer = ConfigDict(
        {"learning_rate": 4e-3, "warmup": 30, "weight_decay": 0.05, "clip": 1.0}
    )
    # The validation labels choose nothing in the training: only its end is evaluated.
    config.training = settings(
        training.defaults(steps=500, batch_size=64, evaluate_every=500, stepping={"ema": 0.99})
    )
    config.error_budget = 0.05
    config.policy = ("experiments/few_labels/digit.rules",)
    return config


@dataclasses.dataclass(frozen=True, kw_only=True)
class Data:
    """The scans, their parts, and the training scans that keep their label.

    Attributes:
        scans: all of them.
        parts: rows by part.
        labelled: rows of the training part, ascending.
    """

    scans: digits.Digits
    parts: dict[str, np.ndarray]
    labelled: np.ndarray

    def examples(self, part: str) -> dict[str, np.ndarray]:
        """Images and labels of one part."""
        rows = self.parts[part]
        return {"inputs": self.scans.images[rows], "labels": self.scans.labels[rows]}


def load_data(config: ConfigDict) -> Data:
    """Loads the scans, splits them, and draws those that keep their label."""
    scans = digits.load()
    fractions = {part: config.data[part] for part in ("train", "validation", "test")}
    # Not by the run's seed: runs with other labels are compared on the same scans.
    parts = split(scans.labels, fractions, seed=0)
    labelled = draws.drawn(scans, parts["train"], each=config.data.labels, draw=config.seed)
    return Data(scans=scans, parts=parts, labelled=labelled)


def training_examples(
    config: ConfigDict, data: Data, workdir: Workdir
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Few scans with labels, many without; all validation scans have theirs."""
    train: dict[str, Any] = draws.examples(
        data.scans, data.parts["train"], data.labelled, repeat=config.data.repeat
    )
    if config.method == "supervised":
        train = {
            "inputs": data.scans.images[data.labelled],
            "labels": data.scans.labels[data.labelled],
        }
    return train, data.examples("validation")


def build_task(config: ConfigDict, workdir: Workdir) -> Task:
    """A small CNN, by the configured method."""
    return draws.build(config, config.method)


def build_prepare(config: ConfigDict, workdir: Workdir) -> Any:
    """Scans are inputs as they are."""
    return lambda columns: columns["scans"]


def evaluate(config: ConfigDict, data: Data, predictor: Predictor) -> dict[str, Any]:
    """Accuracy on the held-out scans, beside every method over several draws of the labels."""
    test = data.examples("test")
    probabilities = predictor({"scans": test["inputs"]})["probabilities"]
    compared = draws.compare(config, data.scans, data.parts)
    baseline = float(np.mean(compared["supervised"]))
    headline = Headline(
        data=f"digits, {len(data.labelled)} labels, {len(test['labels'])} held-out scans",
        parameters=predictor.parameters,
        metric="accuracy",
        value=metrics.accuracy(probabilities, test["labels"]),
        baseline=f"supervised on the labels alone, mean of {config.data.draws} draws",
        baseline_value=baseline,
    )
    evaluation = {
        "examples": {part: len(rows) for part, rows in data.parts.items()}
        | {"labelled": len(data.labelled)},
        "accuracy": headline.value,
        "log_loss": metrics.log_loss(probabilities, test["labels"]),
        "draws": compared,
        "headline": dataclasses.asdict(headline),
    }
    return {**evaluation, "summary": output.evaluation_summary(evaluation)}


def build_program(
    config: ConfigDict, predictor: Predictor, policy: Sequence[Ruleset], workdir: Workdir
) -> Program:
    """The two most likely digits, and how much is on the scan, to the rules."""
    (ruleset,) = policy
    ruleset = rules.with_params(ruleset, {"enough": selected(workdir, config.error_budget).value})

    def present(predictions: Any, columns: Any) -> dict[str, jax.Array]:
        (best, second), _ = (
            jnp.moveaxis(part, -1, 0) for part in jax.lax.top_k(predictions["probabilities"], 2)
        )
        return {
            "confidence": best,
            "runner_up": second,
            "ink": jnp.asarray(columns["scans"]).mean((1, 2, 3)),
        }

    with fitting(ruleset, ("accept", "human")):
        decider = rules.compile(ruleset, fired=True)
        program = Program(predictor=predictor, decider=decider, present=present)
        program.check({"scans": np.zeros((1, 8, 8, 1), np.float32)})
    return program


def decide_test(config: ConfigDict, data: Data, program: Program, workdir: Workdir) -> str:
    """Decides the held-out scans; writes decisions.parquet and report.html."""
    test = data.examples("test")
    decided = program({"scans": test["inputs"]})
    table = decisions_table(
        [f"scan-{row}" for row in data.parts["test"]], _shown(decided), decided, program
    )
    write_decisions(table, workdir.path / "decisions.parquet")
    wrong = table["digit"].to_numpy() != test["labels"]
    accepted = np.asarray(table["outcome"].to_pylist()) == "accept"
    record(workdir, Automation.of(accepted, wrong, budget=config.error_budget))
    workdir.write_text(
        "report.html", output.report(config.to_dict(), data, program, table, workdir)
    )
    summary = outcome_summary(table, rate=("misread", wrong))
    return f"{summary}\nwrote {workdir.path}/decisions.parquet and {workdir.path}/report.html"


def decide_cases(config: ConfigDict, cases: Path, program: Program, out: Path) -> str:
    """Decides scans from a .jsonl or .parquet file with a column `scan`, 8x8 pixels, 0 to 16."""
    file = read_table(cases)
    decided = program({"scans": _scans(file, cases)})
    table = decisions_table(case_identifiers(file, "id"), _shown(decided), decided, program)
    write_decisions(table, out)
    return f"{outcome_summary(table)}\nwrote {out}"


def _shown(decided: Decided) -> dict[str, Any]:
    digit = decided.predictions["probabilities"].argmax(-1).astype(np.int32)
    return {"digit": digit, "confidence": decided.seen["confidence"]}


def _scans(file: Any, path: Path) -> np.ndarray:
    if "scan" not in file.column_names:
        raise TableError(f"{path} has no column scan: each row needs 8x8 pixels from 0 to 16")
    try:
        pixels = np.array([np.ravel(row) for row in file["scan"].to_pylist()], np.float32)
        scans = pixels.reshape(-1, 8, 8, 1)
    except (TypeError, ValueError):
        raise TableError(f"{path}: every row of scan must hold 8 x 8 numbers") from None
    if not ((scans >= 0) & (scans <= _GREYS)).all():
        raise TableError(f"{path}: pixels must be numbers from 0 to 16")
    return scans / _GREYS
