"""UCI Adult: a residual MLP predicts an income above 50,000 dollars, rules refer what is unsure.

    python launch.py --config=experiments/adult/config.py --workdir=runs/adult

32,561 people of the US census of 1994, by sex and race how the model and the decisions treat
them. A benchmark: not to be used to decide on people.
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
from experiments.adult import groups, output
from experiments.binary import baselines
from experiments.binary.measures import measures, reliability
from experiments.binary.summary import evaluation_summary
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
from experiments.selection import selected
from research import training
from research.data.datasets import adult
from research.data.features import Features, OneHot
from research.data.schema import Schema
from research.data.splits import split
from research.data.tables import conform
from research.inference import Decided, Predictor, recode
from research.models import Network
from research.models.mlp import TabularMLP
from research.tasks import Classification, Task
from research.workdir import Workdir
from rules import Ruleset

Data = dict[str, adult.Adult]  # by part
AFTER_TRAINING = ("policy", "error_budget")
PRESETS = {"fast": {"training.steps": 300, "training.evaluate_every": 100, "model.blocks": 1}}
OUTCOMES = ("below", "refer", "above")


def get_config() -> ConfigDict:
    """Every number of the experiment."""
    config = ConfigDict()
    config.seed = 0
    config.data = ConfigDict({"train": 0.6, "validation": 0.2, "test": 0.2})
    config.features = ConfigDict({"protected": False})  # whether the model sees sex and race
    config.model = ConfigDict(
        {
            "embedding": 8,
            "frequencies": 32,
            "frequency_scale": 0.5,
            "width": 64,
            "blocks": 2,
            "dropout": 0.2,
        }
    )
    config.optimizer = ConfigDict(
        {"learning_rate": 2e-3, "warmup": 100, "weight_decay": 0.1, "clip": 1.0}
    )
    config.training = settings(
        training.defaults(
            steps=2000,
            batch_size=256,
            evaluate_every=100,
            patience=6,
            steps_per_call=50,
            saving={"every_steps": 1000, "every_minutes": 1.0},
        )
    )
    config.error_budget = 0.05
    config.policy = ("experiments/adult/income.rules",)
    return config


def load_data(config: ConfigDict) -> Data:
    """Fetches the people and splits them, stratified by income."""
    people = adult.load()
    parts = split(people.target, config.data.to_dict(), seed=config.seed)
    return {part: people.take(rows) for part, rows in parts.items()}


def training_examples(
    config: ConfigDict, data: Data, workdir: Workdir
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Features fitted on the training part, kept in the workdir."""
    # No logarithms: they would press together the steps that the periodic embeddings find.
    features = Features.fit(data["train"].columns, _seen(config), log=())
    with workdir.write("features.json") as path:
        features.save(path)
    train, validation = (
        {"inputs": np.asarray(features(part.columns)), "labels": part.target}
        for part in (data["train"], data["validation"])
    )
    return train, validation


def build_task(config: ConfigDict, workdir: Workdir) -> Task:
    """Binary classification by a residual MLP with embedded categories."""
    features = build_prepare(config, workdir)
    return Classification(
        network=Network.from_nnx(
            lambda rngs: TabularMLP(
                features.dim, categories=_blocks(features), outputs=2, rngs=rngs, **config.model
            )
        ),
        optimizer=training.adamw(steps=config.training.steps, **config.optimizer),
    )


def build_prepare(config: ConfigDict, workdir: Workdir) -> Features:
    """The fitted features: applied inside the compiled program."""
    return workdir.read_json("features.json", Features.from_json)


def evaluate(config: ConfigDict, data: Data, predictor: Predictor) -> dict[str, Any]:
    """Ranking, calibration and fairness beside two baselines on the same split."""
    test, features = data["test"], cast(Features, predictor.prepare)
    predictions = predictor(test.columns)
    raw = np.asarray(jax.nn.softmax(predictions["logits"]))[:, 1]
    ours = predictions["probabilities"][:, 1]
    train, seen = (groups.seen_by_model(part, _seen(config)) for part in (data["train"], test))
    candidates = {
        "Rulax MLP": ours,
        **baselines.predict(train, seen, features, seed=config.seed),
    }
    models = [measures(name, p, test.target) for name, p in candidates.items()]
    headline = Headline.of_first(
        models,
        "auc",
        data=f"UCI Adult, {len(test):,} held-out people",
        parameters=predictor.parameters,
        metric="AUC",
    )
    validation = data["validation"]
    evaluation = {
        "examples": {name: len(part) for name, part in data.items()},
        "models": models,
        "calibration": {
            "before": reliability(raw, test.target),
            "after": reliability(ours, test.target),
        },
        "group_gaps": groups.calibration_gaps(
            validation, predictor(validation.columns)["probabilities"][:, 1]
        ),
        "headline": dataclasses.asdict(headline),
    }
    return {**evaluation, "summary": evaluation_summary(evaluation, cases="people")}


def build_program(
    config: ConfigDict, predictor: Predictor, policy: Sequence[Ruleset], workdir: Workdir
) -> Program:
    """The probability, the person's facts, and how calibrated their groups are, to the rules."""
    (ruleset,) = policy
    ruleset = rules.with_params(ruleset, {"enough": selected(workdir, config.error_budget).value})
    categories = {c.name: c.categories for c in adult.SCHEMA.columns if c.categories}
    evaluation = workdir.read_json("evaluation.json", dict, made_by="--mode=evaluate")
    worst = groups.lookup(evaluation["group_gaps"])

    def present(predictions: Any, columns: Any) -> dict[str, jax.Array]:
        return {
            **recode(columns, categories, decider),
            "p_above": predictions["probabilities"][:, 1],
            "group_gap": worst(columns),
        }

    with fitting(ruleset, OUTCOMES):
        decider = rules.compile(ruleset, fired=True)
        program = Program(predictor=predictor, decider=decider, present=present)
        program.check(conform({name: [None] for name in adult.SCHEMA.names}, adult.SCHEMA))
    return program


def decide_test(config: ConfigDict, data: Data, program: Program, workdir: Workdir) -> str:
    """Decides the held-out people; writes decisions.parquet and report.html."""
    test = data["test"]
    decided = program(test.columns)
    table = decisions_table(test.ids, _shown(decided), decided, program)
    write_decisions(table, workdir.path / "decisions.parquet")
    outcomes = np.asarray(table["outcome"].to_pylist())
    automated = outcomes != "refer"
    wrong = (outcomes == "above") != (test.target == 1)
    record(workdir, Automation.of(automated, wrong, budget=config.error_budget))
    workdir.write_text(
        "report.html", output.report(config.to_dict(), data, program, table, workdir)
    )
    summary = outcome_summary(table, rate=("above 50k", test.target))
    return f"{summary}\nwrote {workdir.path}/decisions.parquet and {workdir.path}/report.html"


def decide_cases(config: ConfigDict, cases: Path, program: Program, out: Path) -> str:
    """Decides people from a file with the columns of the data set."""
    identifiers, columns, _ = read_cases(cases, adult.SCHEMA)
    decided = program(columns)
    table = decisions_table(identifiers, _shown(decided), decided, program)
    write_decisions(table, out)
    return f"{outcome_summary(table)}\nwrote {out}"


def _seen(config: ConfigDict) -> Schema:
    return adult.SCHEMA if config.features.protected else groups.UNPROTECTED


def _shown(decided: Decided) -> dict[str, np.ndarray]:
    return {"p_above": decided.seen["p_above"]}


def _blocks(features: Features) -> list[tuple[int, int]]:
    """First feature and number of features of every category."""
    first, found = 0, []
    for column in features.columns:
        count = len(column.feature_names)
        if isinstance(column, OneHot):
            found.append((first, count))
        first += count
    return found
