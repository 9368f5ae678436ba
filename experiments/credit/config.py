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
from experiments.credit import baselines, output
from experiments.credit.told import told_columns
from experiments.decisions import (
    Program,
    decisions_table,
    outcome_summary,
    read_cases,
    write_decisions,
)
from experiments.headline import Automation, Headline, record
from experiments.overrides import settings
from experiments.policies import fitting
from research import training
from research.data.datasets import credit
from research.data.features import Features
from research.data.splits import split
from research.data.tables import TableError, conform
from research.inference import Decided, Predictor, recode
from research.models import MLP, Network
from research.tasks import Classification, Task, metrics
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
        "models": [_measures(name, p, test.target) for name, p in candidates.items()],
        "calibration": {
            name: _reliability(p, test.target)
            for name, p in {"before": raw, "after": candidates["Rulax MLP"]}.items()
        },
    }
    ours, *others = evaluation["models"]
    best = max(others, key=lambda model: model["auc"])
    headline = Headline(
        data=f"credit, {len(test):,} held-out applications",
        parameters=predictor.parameters,
        metric="AUC",
        value=ours["auc"],
        baseline=best["name"],
        baseline_value=best["auc"],
    )
    evaluation["headline"] = dataclasses.asdict(headline)
    return {**evaluation, "summary": output.evaluation_summary(evaluation)}


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
    test = data["test"]
    told = told_columns(program.decider.ruleset, len(test))
    decided = program({**test.columns, **told})
    table = decisions_table(test.ids, _shown(decided), decided, program)
    write_decisions(table, workdir.path / "decisions.parquet")
    workdir.write_text(
        "report.html", output.report(config.to_dict(), data, decided, program, table, workdir)
    )
    outcome = np.array(table["outcome"].to_pylist())
    automated = outcome != "refer"
    wrong = (outcome == "approve") == (test.target == 1)
    record(
        workdir,
        Automation(
            decisions=len(test),
            automated=float(automated.mean()),
            error=float(wrong[automated].mean()),
        ),
    )
    summary = outcome_summary(table, rate=("defaulted", test.target))
    return f"{summary}\nwrote {workdir.path}/decisions.parquet and {workdir.path}/report.html"


def decide_cases(config: ConfigDict, cases: Path, program: Program, out: Path) -> str:
    """Decides applications from a file with the columns of the data set.

    The file may also tell of guarantors and earlier payments, as `python -m rules` reads them.
    """
    ruleset = program.decider.ruleset
    objects = told_columns(ruleset, count=0)
    identifiers, columns, file = read_cases(cases, credit.SCHEMA, besides=objects)
    try:
        told = told_columns(ruleset, len(identifiers), file)
    except (TypeError, ValueError) as error:
        raise TableError(f"{cases}: {error}") from None
    decided = program({**columns, **told})
    table = decisions_table(identifiers, _shown(decided), decided, program)
    write_decisions(table, out)
    return f"{outcome_summary(table)}\nwrote {out}"


def _shown(decided: Decided) -> dict[str, np.ndarray]:
    return {"p_default": decided.seen["p_default"]}


def _measures(name: str, probabilities: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    false, true = metrics.roc_curve(probabilities, labels)
    both = np.stack([1 - probabilities, probabilities], axis=1)
    return {
        "name": name,
        "auc": metrics.roc_auc(probabilities, labels),
        "brier": metrics.brier_score(probabilities, labels),
        "accuracy": metrics.accuracy(both, labels),
        "log_loss": metrics.log_loss(both, labels),
        "roc": {"false": false.tolist(), "true": true.tolist()},
    }


def _reliability(probabilities: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    curve = metrics.reliability(probabilities, labels)
    return {
        "predicted": curve.predicted.tolist(),
        "observed": curve.observed.tolist(),
        "count": curve.count.tolist(),
        "error": curve.calibration_error,
    }
