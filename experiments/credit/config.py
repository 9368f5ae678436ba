"""Consumer credit: an MLP predicts default, a lending policy decides.

    python launch.py --config=experiments/credit/config.py --workdir=runs/credit

4,454 real applications with missing values (credit_data of the R package modeldata).
Takes well under a minute on 2 cores; expect a test AUC of about .83.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import jax
import numpy as np
from ml_collections import ConfigDict

import rules
from experiments.binary import baselines
from experiments.binary.measures import measures, reliability
from experiments.binary.summary import evaluation_summary
from experiments.credit import deciding
from experiments.credit.report import render
from experiments.credit.told import told_columns
from experiments.decisions import Program
from experiments.headline import Headline
from experiments.overrides import settings
from experiments.policies import fitting
from research import training
from research.data.datasets import credit
from research.data.features import Features
from research.data.splits import split
from research.data.tables import conform
from research.inference import Predictor, recode
from research.models import MLP, Network
from research.tasks import Classification, Task
from research.workdir import Workdir
from rules import Ruleset

Data = dict[str, credit.Credit]  # by part
AFTER_TRAINING = ("policy", "economics")
PRESETS = {"fast": {"training.steps": 300, "training.patience": 3}}
OUTCOMES = ("approve", "refer", "reject")


def get_config() -> ConfigDict:
    """Every number of the experiment."""
    config = ConfigDict()
    config.seed = 0
    config.data = ConfigDict({"train": 0.6, "validation": 0.2, "test": 0.2})
    config.model = ConfigDict({"hidden": (128, 128), "dropout": 0.5})
    config.optimizer = ConfigDict(
        {"learning_rate": 1e-3, "warmup": 50, "weight_decay": 1.0, "clip": 1.0}
    )
    config.training = settings(
        training.defaults(
            steps=3000,
            batch_size=128,
            evaluate_every=50,
            patience=15,
            steps_per_call=50,
            saving={"every_steps": 1000, "every_minutes": 1.0},
        )
    )
    config.policy = ("experiments/credit/policy.rules",)
    config.economics = ConfigDict({"loss_given_default": 0.6, "margin": 0.2, "review_cost": 5.0})
    return config


def load_data(config: ConfigDict) -> Data:
    """Fetches the applications and splits them, stratified by default."""
    applications = credit.load()
    parts = split(applications.target, config.data.to_dict(), seed=config.seed)
    return {part: applications.take(rows) for part, rows in parts.items()}


def training_examples(
    config: ConfigDict, data: Data, workdir: Workdir
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Features fitted on the training part, kept in the workdir."""
    features = Features.fit(data["train"].columns, credit.SCHEMA)
    with workdir.write("features.json") as path:
        features.save(path)
    train, validation = (
        {"inputs": np.asarray(features(part.columns)), "labels": part.target}
        for part in (data["train"], data["validation"])
    )
    return train, validation


def build_task(config: ConfigDict, workdir: Workdir) -> Task:
    """Binary classification by an MLP."""
    width = build_prepare(config, workdir).dim
    return Classification(
        network=Network.from_nnx(lambda rngs: MLP(width, outputs=2, rngs=rngs, **config.model)),
        optimizer=training.adamw(steps=config.training.steps, **config.optimizer),
    )


def build_prepare(config: ConfigDict, workdir: Workdir) -> Features:
    """The fitted features: applied inside the compiled program."""
    return workdir.read_json("features.json", Features.from_json)


def evaluate(config: ConfigDict, data: Data, predictor: Predictor) -> dict[str, Any]:
    """AUC, Brier score and accuracy beside two baselines; calibration before and after."""
    test, features = data["test"], cast(Features, predictor.prepare)
    predictions = predictor(test.columns)
    raw = np.asarray(jax.nn.softmax(predictions["logits"]))[:, 1]
    candidates = {
        "Rulax MLP": predictions["probabilities"][:, 1],
        **baselines.predict(data["train"], test, features, seed=config.seed),
    }
    evaluation: dict[str, Any] = {
        "examples": {name: len(part) for name, part in data.items()},
        "models": [measures(name, p, test.target) for name, p in candidates.items()],
        "calibration": {
            name: reliability(p, test.target)
            for name, p in {"before": raw, "after": candidates["Rulax MLP"]}.items()
        },
    }
    headline = Headline.of_first(
        evaluation["models"],
        "auc",
        data=f"credit, {len(test):,} held-out applications",
        parameters=predictor.parameters,
        metric="AUC",
    )
    evaluation["headline"] = dataclasses.asdict(headline)
    return {**evaluation, "summary": evaluation_summary(evaluation, cases="applications")}


def build_program(
    config: ConfigDict, predictor: Predictor, policy: Sequence[Ruleset], workdir: Workdir
) -> Program:
    """The model's probability of default, and the application itself, go to the rules."""
    (ruleset,) = policy
    categories = {c.name: c.categories for c in credit.SCHEMA.columns if c.categories}

    with fitting(ruleset, OUTCOMES):
        told = told_columns(ruleset, count=1)

        def present(predictions: Any, columns: Any) -> dict[str, jax.Array]:
            return {
                **{name: columns[name] for name in told},
                **recode(columns, categories, decider),
                "p_default": predictions["probabilities"][:, 1],
            }

        decider = rules.compile(ruleset, fired=True)
        program = Program(predictor=predictor, decider=decider, present=present)
        missing = conform({name: [None] for name in credit.SCHEMA.names}, credit.SCHEMA)
        program.check({**missing, **told})
    return program


def decide_test(config: ConfigDict, data: Data, program: Program, workdir: Workdir) -> str:
    """Decides the held-out applications; writes decisions.parquet and report.html."""
    return deciding.decide_test(config.to_dict(), data, program, workdir, render)


def decide_cases(config: ConfigDict, cases: Path, program: Program, out: Path) -> str:
    """Decides applications from a file; see `experiments.credit.deciding`."""
    return deciding.decide_cases(cases, program, out)
