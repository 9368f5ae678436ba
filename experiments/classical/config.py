"""Consumer credit by classical models: trees, kernels, linear; the lending policy decides.

    python launch.py --config=experiments/classical/config.py --workdir=runs/classical

The data, split, features, policy and report of experiments/credit, with another model of
default: `--config.model.family=tree` takes another family. Takes well under a minute on 2
cores; expect a test AUC of about .84.
"""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path
from typing import Any, cast

import jax
import numpy as np
from ml_collections import ConfigDict

from experiments.binary.measures import measures, reliability
from experiments.classical import baselines, comparison, report
from experiments.classical.families import TITLES, build
from experiments.classical.importance import permutation_importance
from experiments.classical.knowledge import discovered, distilled
from experiments.credit import config as credit
from experiments.credit import deciding
from experiments.credit.economics import Terms
from experiments.decisions import Program
from experiments.headline import Headline
from research.data.features import Features
from research.inference import Predictor
from research.tasks import Estimator, FittedClassifier
from research.workdir import Workdir

AFTER_TRAINING = ("policy", "economics")
PRESETS = {"fast": {"families.forest.trees": 50, "families.boosting.rounds": 50}}

load_data = credit.load_data
training_examples = credit.training_examples
build_prepare = credit.build_prepare
build_program = credit.build_program


def get_config() -> ConfigDict:
    """Every number of the experiment."""
    shared = credit.get_config()
    config = ConfigDict({name: shared[name] for name in ("seed", "data", "policy", "economics")})
    config.model = ConfigDict({"family": "boosting"})
    config.families = ConfigDict(
        {
            "logistic": {"l2": 1e-3},
            "elastic_net": {"l1": 3e-4, "l2": 1e-3},
            "linear_svm": {"penalty": 0.1, "loss": "hinge"},
            "rbf_svm": {"penalty": 3.0, "gamma": 0.003},
            "random_features": {"components": 500, "penalty": 1.0, "gamma": 0.01},
            "tree": {"criterion": "entropy", "max_depth": 6, "min_samples_leaf": 60},
            "forest": {"trees": 300, "min_samples_leaf": 5},
            "boosting": {"rounds": 200, "learning_rate": 0.1, "max_leaves": 4, "l2": 1.0},
        }
    )
    return config


def build_task(config: ConfigDict, workdir: Workdir) -> Estimator:
    """The family that `config.model` names."""
    family = config.model.family
    options = config.families.get(family, ConfigDict()).to_dict()
    return FittedClassifier(model=build(family, options))


def evaluate(config: ConfigDict, data: credit.Data, predictor: Predictor) -> dict[str, Any]:
    """The chosen model beside scikit-learn's logistic regression, and all families."""
    test, features = data["test"], cast(Features, predictor.prepare)
    parts = {
        name: {"inputs": np.asarray(features(part.columns)), "labels": part.target}
        for name, part in data.items()
    }
    predictions = predictor(test.columns)
    raw = np.asarray(jax.nn.softmax(predictions["logits"]))[:, 1]
    ours = predictions["probabilities"][:, 1]
    train = parts["train"]
    theirs = baselines.logistic(train["inputs"], train["labels"], parts["test"]["inputs"])
    candidates = {
        TITLES[config.model.family]: ours,
        "scikit-learn's logistic regression": theirs,
    }
    chosen, baseline = (measures(name, p, test.target) for name, p in candidates.items())
    headline = Headline(
        data=f"credit, {len(test):,} held-out applications",
        parameters=comparison.parameters(predictor.variables),
        metric="AUC",
        value=chosen["auc"],
        baseline=baseline["name"],
        baseline_value=baseline["auc"],
    )
    evaluation = {
        "examples": {name: len(part) for name, part in data.items()},
        "models": [chosen, baseline],
        "calibration": {
            name: reliability(p, test.target) for name, p in {"before": raw, "after": ours}.items()
        },
        "families": comparison.compare(config.families.to_dict(), parts, seed=config.seed),
        "importance": permutation_importance(
            predictor, test.columns, test.target, seed=config.seed
        ),
        "headline": dataclasses.asdict(headline),
    }
    return {**evaluation, "summary": report.summary(evaluation)}


def decide_test(config: ConfigDict, data: credit.Data, program: Program, workdir: Workdir) -> str:
    """Decides the held-out applications; writes `discovered.rules` and `distilled.rules`, too."""
    train, test = data["train"], data["test"]
    terms = Terms(**config.economics.to_dict())
    knowledge = {
        "discovered": discovered(train, test),
        "distilled": distilled(program.predictor, train, test, terms),
    }
    for name, found in knowledge.items():
        workdir.write_text(f"{name}.rules", found.text)
    render = functools.partial(report.render, knowledge=knowledge)
    return deciding.decide_test(config.to_dict(), data, program, workdir, render)


def decide_cases(config: ConfigDict, cases: Path, program: Program, out: Path) -> str:
    """Decides applications from a file; see `experiments.credit.deciding`."""
    return deciding.decide_cases(cases, program, out)
