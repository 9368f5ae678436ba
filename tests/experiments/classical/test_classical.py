"""The parts of the experiment by themselves; test_every_experiment runs the whole."""

import re

import jax.numpy as jnp
import numpy as np
import pytest

import rules
from research.arguments import ArgumentError
from research.models.classical import LogisticRegression

pytest.importorskip("sklearn", reason="needs scikit-learn")

from experiments.classical import baselines
from experiments.classical.comparison import compare
from experiments.classical.config import get_config
from experiments.classical.families import TITLES, build
from experiments.classical.importance import permutation_importance
from experiments.classical.knowledge import Knowledge, discovered, distilled
from experiments.classical.report import render, summary
from experiments.credit.economics import Terms
from research.data.datasets.credit import SCHEMA
from research.data.features import Features
from research.inference import Predictor
from research.tasks import FittedClassifier
from tests.experiments.credit.test_report import report

OPTIONS = {
    **get_config().families.to_dict(),
    "random_features": {"components": 20},
    "forest": {"trees": 3, "min_samples_leaf": 5},
    "boosting": {"rounds": 3},
    "tree": {"max_depth": 3},
}


KNOWLEDGE = {
    "discovered": Knowledge(text="ruleset <tree>", rules=9, leaves=14, agreement=0.77, proved=True),
    "distilled": Knowledge(text="ruleset <found>", rules=4, leaves=8, agreement=0.912, proved=None),
}


def part(seed, count=80):
    random = np.random.default_rng(seed)
    inputs = random.normal(size=(count, 3)).astype(np.float32)
    return {"inputs": inputs, "labels": (inputs[:, 0] > random.normal(size=count)).astype(int)}


@pytest.fixture(scope="module")
def families():
    parts = {name: part(seed) for seed, name in enumerate(("train", "validation", "test"))}
    return compare(OPTIONS, parts, seed=0)


@pytest.fixture(scope="module")
def evaluation(families):
    chosen = families[-1]
    entries = [("income", 0.05), ("age", 0.0), ("price", -0.001)]
    return {
        "examples": {"train": 80, "validation": 80, "test": 80},
        "models": [chosen, {**families[0], "name": "scikit-learn's logistic regression"}],
        "calibration": dict.fromkeys(("before", "after"), chosen["reliability"]),
        "families": families,
        "importance": [
            {"column": column, "drop": drop, "deviation": 0.01} for column, drop in entries
        ],
    }


def test_all_families_are_compared(families):
    assert [family["name"] for family in families] == list(TITLES.values())
    for family in families:
        assert 0.6 < family["auc"] <= 1 and family["parameters"] > 0
        if family["family"] == "random_features":
            assert family["difference"] is family["scikit_seconds"] is None
        else:
            # SAGA, which scikit-learn has for the elastic net, stops a little early.
            assert family["difference"] < (1e-4 if family["family"] == "elastic_net" else 1e-5)


def test_an_unknown_family_is_refused():
    with pytest.raises(ArgumentError, match="'forrest', expected one of .*; did you mean 'forest'"):
        build("forrest", {})


def test_older_versions_of_scikit_learn_want_the_penalty_named(monkeypatch):
    asked = []
    monkeypatch.setattr("sklearn.linear_model.LogisticRegression", lambda **o: asked.append(o))
    for version in ("1.5.2", "1.8.0"):
        monkeypatch.setattr("sklearn.__version__", version)
        baselines.scikit(LogisticRegression(l1=0.01, l2=0.03), examples=100, seed=0)
    old, new = asked
    assert old.pop("penalty") == "elasticnet"
    assert old == new and new["C"] == 0.25 and new["l1_ratio"] == 0.25


def test_the_column_that_decides_is_the_most_important():
    examples = part(0, count=200)
    labels = (examples["inputs"][:, 1] > 0).astype(int)
    estimator = FittedClassifier(model=LogisticRegression())
    predictor = Predictor(
        task=estimator,
        variables=estimator.model.fit(examples["inputs"], labels, 0),
        prepare=lambda columns: jnp.stack([0 * columns["b"], columns["a"], columns["b"]], axis=-1),
    )
    columns = {"b": examples["inputs"][:, 2], "a": examples["inputs"][:, 1]}
    first, second = permutation_importance(predictor, columns, labels, seed=0)
    assert (first["column"], second["column"]) == ("a", "b")
    assert first["drop"] > 0.3 > 0.05 > abs(second["drop"])


def test_the_report_shows_every_family(evaluation):
    page = render(report(evaluation=evaluation), knowledge=KNOWLEDGE)
    for title in TITLES.values():
        assert title in page
    assert "Gradient boosting (decides here)" in page
    assert "decided by a classical model (gradient boosting)" in page
    assert "Drop in AUC when shuffled: income +0.050, age 0.000" in page
    headings = re.findall(r"<h2[^>]*>([^<]+)</h2>", page)
    assert headings[3:7] == [
        "Eight families of models",
        "Predicting in XLA, beside scikit-learn",
        "How good the model is that decides",
        "What was learned, as rules",
    ]
    assert "Learning curves" not in page
    assert "14 leaves read as 9 rules, proved by z3 to decide every case as the tree does" in page
    assert "distilled to 4 rules" in page and "what the model says of 91.2%" in page
    assert "ruleset &lt;found&gt;" in page


def test_the_summary_names_every_family(evaluation):
    text = summary(evaluation)
    for title in TITLES.values():
        assert title in text
    assert re.search(r"logistic regression: AUC 0\.\d{4}; calibration error", text)


def test_the_rules_say_mostly_what_the_model_says(credit):
    columns = {name: values[:1500] for name, values in credit.columns.items()}
    train = credit.take(np.arange(len(credit)) < 1500)
    test = credit.take(np.arange(len(credit)) >= 1500)
    features = Features.fit(columns, SCHEMA)
    model = LogisticRegression()
    predictor = Predictor(
        task=FittedClassifier(model=model),
        variables=model.fit(np.asarray(features(train.columns)), train.target, 0),
        prepare=features,
    )
    found = distilled(
        predictor, train, test, Terms(loss_given_default=0.6, margin=0.2, review_cost=5.0)
    )
    assert 0.75 < found.agreement < 1 and 2 < found.rules < 40
    assert found.text.startswith(f"# Says what the model says of {found.agreement:.1%} of ")
    assert "too risky from 25% on" in found.text
    assert rules.parse(found.text).decision.outcomes == ("worth_it", "too_risky", "unclear")


def test_rules_from_how_loans_ended(credit):
    pytest.importorskip("z3", reason="needs z3-solver")
    train = credit.take(np.arange(len(credit)) < 3000)
    test = credit.take(np.arange(len(credit)) >= 3000)
    found = discovered(train, test)
    assert found.proved and found.rules < found.leaves
    assert 0.7 < found.agreement < 0.85
    assert "# Proved by z3 to decide every case as the tree does.\n" in found.text
    assert rules.parse(found.text).decision.outcomes == ("repaid", "default", "unclear")
