"""Handwritten digits: a CNN reads numbers, their check digit corrects or rejects misreadings.

    python launch.py --config=experiments/digits/config.py --workdir=runs/digits

1,797 real scans of 8x8 pixels (scikit-learn's digits). Takes about half a minute on 2
cores; expect an accuracy of .985 or more on the held-out fifth.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pyarrow as pa
from ml_collections import ConfigDict

import rules
from experiments.decisions import (
    Program,
    case_identifiers,
    decisions_table,
    outcome_summary,
    write_decisions,
)
from experiments.digits import baselines, numbers, output
from experiments.digits.report import DigitsReport, render
from experiments.headline import Automation, Headline, record
from experiments.origin import origin
from experiments.overrides import settings
from experiments.policies import fitting
from research import training
from research.data import augmentation
from research.data.datasets import digits
from research.data.splits import split
from research.data.tables import TableError, read_table
from research.inference import Decided, Predictor
from research.models import CNN, Network
from research.models.random import fold_in
from research.tasks import Classification, Task, metrics
from research.workdir import Workdir, read_metrics
from rules import Ruleset

AFTER_TRAINING = ("policy", "numbers")
PRESETS = {"fast": {"training.steps": 300, "training.patience": 3}}
_GREYS = 16.0  # the scans' pixels count from 0 to 16


def get_config() -> ConfigDict:
    """Every number of the experiment."""
    config = ConfigDict()
    config.seed = 0
    config.data = ConfigDict({"train": 0.65, "validation": 0.15, "test": 0.2})
    config.augmentation = ConfigDict({"shift": 1, "noise": 0.05})
    config.model = ConfigDict({"channels": (32, 64), "dropout": 0.2})
    config.optimizer = ConfigDict(
        {"learning_rate": 3e-3, "warmup": 50, "weight_decay": 0.05, "clip": 1.0}
    )
    config.training = settings(
        training.defaults(
            steps=1200,
            batch_size=64,
            evaluate_every=50,
            patience=12,
            saving={"every_steps": 400, "every_minutes": 1.0},
        )
    )
    config.numbers = ConfigDict({"count": 1000})
    config.policy = ("experiments/digits/digit.rules", "experiments/digits/number.rules")
    return config


@dataclasses.dataclass(frozen=True, kw_only=True)
class Data:
    """The scans, and which of them train, validate and test."""

    scans: digits.Digits
    parts: dict[str, np.ndarray]

    def examples(self, part: str) -> dict[str, np.ndarray]:
        """Images and labels of one part."""
        rows = self.parts[part]
        return {"inputs": self.scans.images[rows], "labels": self.scans.labels[rows]}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Programs:
    """The same network under two rule sets."""

    digit: Program
    number: Program


def load_data(config: ConfigDict) -> Data:
    """Loads the scans and splits them, stratified by digit."""
    scans = digits.load()
    return Data(scans=scans, parts=split(scans.labels, config.data.to_dict(), seed=config.seed))


def training_examples(
    config: ConfigDict, data: Data, workdir: Workdir
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Images and labels."""
    return data.examples("train"), data.examples("validation")


def build_task(config: ConfigDict, workdir: Workdir) -> Task:
    """Classification of 8x8 images by a CNN, on shifted and noisy copies."""

    def augment(keys: jax.Array, images: jax.Array) -> jax.Array:
        shifted = augmentation.shift(fold_in(keys, 0), images, pixels=config.augmentation.shift)
        return augmentation.noise(fold_in(keys, 1), shifted, scale=config.augmentation.noise)

    return Classification(
        network=Network.from_nnx(
            lambda rngs: CNN((8, 8, 1), outputs=10, rngs=rngs, **config.model),
            outputs=("features", "logits"),
        ),
        optimizer=training.adamw(steps=config.training.steps, **config.optimizer),
        augment=augment,
    )


def build_prepare(config: ConfigDict, workdir: Workdir) -> Any:
    """Scans are inputs as they are."""
    return lambda columns: columns["scans"]


def evaluate(config: ConfigDict, data: Data, predictor: Predictor) -> dict[str, Any]:
    """Accuracy on the held-out scans beside two baselines."""
    test = data.examples("test")
    predictions = predictor({"scans": test["inputs"]})
    candidates = {
        "Rulax CNN": predictions["probabilities"],
        **baselines.predict(data.examples("train"), test["inputs"]),
    }
    labels = test["labels"]
    evaluation: dict[str, Any] = {
        "examples": {part: len(rows) for part, rows in data.parts.items()},
        "models": [
            {
                "name": name,
                "accuracy": metrics.accuracy(probabilities, labels),
                "log_loss": metrics.log_loss(probabilities, labels),
            }
            for name, probabilities in candidates.items()
        ],
    }
    headline = Headline.of_first(
        evaluation["models"],
        "accuracy",
        data=f"digits, {len(labels)} held-out scans",
        parameters=predictor.parameters,
        metric="accuracy",
    )
    evaluation["headline"] = dataclasses.asdict(headline)
    return {**evaluation, "summary": output.evaluation_summary(evaluation)}


def build_program(
    config: ConfigDict, predictor: Predictor, policy: Sequence[Ruleset], workdir: Workdir
) -> Programs:
    """One program for single digits, one for whole numbers."""
    digit, number = policy

    def present_digit(predictions: Any, columns: Any) -> dict[str, jax.Array]:
        (best, second), _ = (
            jnp.moveaxis(part, -1, 0) for part in jax.lax.top_k(predictions["probabilities"], 2)
        )
        return {"confidence": best, "runner_up": second}

    def present_number(predictions: Any, columns: Any) -> dict[str, jax.Array]:
        return numbers.present(predictions["probabilities"], number_decider)

    with fitting(digit, ("accept", "human")):
        decider = rules.compile(digit, fired=True)
        digit_program = Program(predictor=predictor, decider=decider, present=present_digit)
        digit_program.check({"scans": np.zeros((1, 8, 8, 1), np.float32)})
    with fitting(number, ("accept", "repair", "human")):
        number_decider = rules.compile(number, fired=True, derived=("valid",))
        number_program = Program(
            predictor=predictor, decider=number_decider, present=present_number
        )
        number_program.check({"scans": np.zeros((1, numbers.PLACES, 8, 8, 1), np.float32)})
    return Programs(digit=digit_program, number=number_program)


def decide_test(config: ConfigDict, data: Data, program: Programs, workdir: Workdir) -> str:
    """Decides the held-out scans and numbers written with them; writes tables and report."""
    test = data.examples("test")
    digit_decided = program.digit({"scans": test["inputs"]})
    reading = digit_decided.predictions["probabilities"].argmax(-1)
    digit_table = decisions_table(
        [f"scan-{row}" for row in data.parts["test"]],
        {"digit": reading.astype(np.int32), "confidence": digit_decided.seen["confidence"]},
        digit_decided,
        program.digit,
    )
    write_decisions(digit_table, workdir.path / "digit-decisions.parquet")

    written = numbers.compose(
        data.scans.labels, data.parts["test"], count=config.numbers.count, seed=config.seed
    )
    number_decided = program.number({"scans": data.scans.images[written.scans]})
    identifiers = [f"number-{row + 1}" for row in range(len(written.digits))]
    number_table, corrected = _number_table(identifiers, number_decided, program.number)
    write_decisions(number_table, workdir.path / "decisions.parquet")

    results = output.Results(
        digit_table=digit_table,
        digit_wrong=reading != test["labels"],
        number_table=number_table,
        read_wrong=(numbers.as_read(number_decided.seen) != written.digits).any(axis=1),
        corrected_wrong=(corrected != written.digits).any(axis=1),
    )
    record(
        workdir,
        Automation(
            decisions=len(written.digits),
            automated=float(results.automated.mean()),
            error=results.error_after,
        ),
    )
    report = DigitsReport(
        config=config.to_dict(),
        evaluation=workdir.read_json("evaluation.json", dict, made_by="--mode=evaluate"),
        history=read_metrics(workdir.metrics),
        best_step=program.number.predictor.step,
        images=data.scans.images[..., 0],
        labels=data.scans.labels,
        test=data.parts["test"],
        digit_decisions=digit_table,
        digit_ruleset=program.digit.decider.ruleset,
        written=written.digits,
        written_scans=written.scans,
        number_decisions=number_table,
        number_ruleset=program.number.decider.ruleset,
        **origin(
            name="digits",
            source=digits.CITATION,
            licence=digits.LICENCE,
            rows=len(data.scans),
        ),
    )
    workdir.write_text("report.html", render(report))
    summary = output.decision_summary(results)
    return f"{summary}\nwrote {workdir.path}/decisions.parquet and {workdir.path}/report.html"


def decide_cases(config: ConfigDict, cases: Path, program: Programs, out: Path) -> str:
    """Decides numbers from a .jsonl or .parquet file with a column `scans`.

    Each entry holds 13 scans of 8x8 pixels, 0 to 16, as nested or flat lists.
    """
    file = read_table(cases)
    decided = program.number({"scans": _scans(file, cases)})
    table, _ = _number_table(case_identifiers(file, "id"), decided, program.number)
    write_decisions(table, out)
    return f"{outcome_summary(table)}\nwrote {out}"


def _number_table(
    cases: list[str], decided: Decided, program: Program
) -> tuple[pa.Table, np.ndarray]:
    """The decisions on numbers, and the digits `[N, 13]` after repairs."""
    repair = program.decider.outcomes.index("repair")
    corrected = numbers.corrected(decided.seen, np.asarray(decided.decisions.outcome) == repair)
    shown: dict[str, Any] = {
        "read": numbers.as_text(numbers.as_read(decided.seen)),
        "number": numbers.as_text(corrected),
        "weakest": decided.seen["weakest"],
    }
    return decisions_table(cases, shown, decided, program), corrected


def _scans(file: pa.Table, path: Path) -> np.ndarray:
    if "scans" not in file.column_names:
        raise TableError(
            f"{path} has no column scans: each row needs {numbers.PLACES} scans of 8x8 pixels"
        )
    try:
        pixels = np.array([np.ravel(row) for row in file["scans"].to_pylist()], np.float32)
        scans = pixels.reshape(-1, numbers.PLACES, 8, 8, 1)
    except (TypeError, ValueError):
        raise TableError(
            f"{path}: every row of scans must hold {numbers.PLACES} x 8 x 8 numbers from 0 to 16"
        ) from None
    if not ((scans >= 0) & (scans <= _GREYS)).all():
        raise TableError(f"{path}: pixels must be numbers from 0 to 16")
    return scans / _GREYS
