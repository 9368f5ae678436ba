"""Classical models behind the interface of estimators: fitted, kept, loaded, evaluated."""

import jax
import numpy as np
import pytest

from research.arguments import ArgumentError
from research.models.classical import (
    Boosting,
    ClassicalModel,
    DecisionTree,
    KernelSVM,
    LinearRegression,
    LinearSVM,
    LogisticRegression,
    RandomFeatureSVM,
    RandomForest,
)
from research.tasks import Estimator, FittedClassifier, FittedRegressor
from research.training import fit_estimator, load_model
from research.workdir import Workdir

pytest.importorskip("sklearn", reason="needs scikit-learn")

RANDOM = np.random.default_rng(0)
INPUTS = RANDOM.normal(size=(60, 3)).astype(np.float32)
LABELS = (INPUTS[:, 0] + INPUTS[:, 1] ** 2 > 0.7).astype(np.int32)
EXAMPLES = {"inputs": INPUTS, "labels": LABELS}

CLASSIFIERS = [
    Boosting(rounds=2, min_samples_leaf=5),
    DecisionTree(max_depth=2),
    KernelSVM(),
    LinearSVM(),
    LogisticRegression(),
    LogisticRegression(l1=0.01),
    RandomFeatureSVM(components=5),
    RandomForest(trees=2, max_depth=3),
]


@pytest.mark.parametrize("model", CLASSIFIERS, ids=str)
def test_every_family_is_fitted_kept_and_loaded(model, tmp_path):
    estimator = FittedClassifier(model=model)
    assert isinstance(model, ClassicalModel) and isinstance(estimator, Estimator)
    workdir = Workdir(tmp_path)
    fitted = fit_estimator(estimator, EXAMPLES, EXAMPLES, seed=0, workdir=workdir)
    loaded, _ = load_model(workdir, estimator)
    jax.tree.map(np.testing.assert_array_equal, loaded, fitted.variables)
    again = model.fit(INPUTS, LABELS, 0)
    jax.tree.map(np.testing.assert_array_equal, again, fitted.variables)
    logits = jax.jit(estimator.predict)(loaded, INPUTS)["logits"]
    assert logits.shape == (60, 2) and logits.dtype == np.float32
    outside = estimator.predict(loaded, INPUTS)["logits"]
    np.testing.assert_allclose(logits, outside, rtol=1e-4, atol=1e-5)
    assert ((logits.argmax(-1) == LABELS).mean()) > 0.6


def test_sums_of_a_classifier():
    estimator = FittedClassifier(model=LogisticRegression())
    variables = estimator.fit(EXAMPLES, EXAMPLES, 0)
    weight = np.float32(np.arange(60) % 3)
    sums = estimator.evaluate(variables, {**EXAMPLES, "weight": weight})
    probabilities = np.asarray(jax.nn.softmax(estimator.predict(variables, INPUTS)["logits"]))
    losses = -np.log(probabilities[np.arange(60), LABELS])
    np.testing.assert_allclose(sums["loss"], (losses * weight).sum(), rtol=1e-5)
    hits = probabilities.argmax(-1) == LABELS
    np.testing.assert_allclose(sums["accuracy"], (hits * weight).sum())
    assert sums["weight"] == weight.sum()


def test_a_regression(tmp_path):
    examples = {"inputs": INPUTS, "targets": INPUTS @ np.float32([1, 2, 3])}
    estimator = FittedRegressor(model=LinearRegression())
    fitted = fit_estimator(estimator, examples, examples, seed=0, workdir=Workdir(tmp_path))
    weight = np.ones(60, np.float32)
    sums = estimator.evaluate(fitted.variables, {**examples, "weight": weight})
    assert sums["squared_error"] < 1e-6 and sums["absolute_error"] < 1e-3
    assert sums["loss"] == sums["squared_error"] / 2
    with pytest.raises(ArgumentError, match="found 60 inputs and 59 targets"):
        estimator.check({**examples, "targets": examples["targets"][1:]})


def test_bad_examples():
    estimator = FittedClassifier(model=LogisticRegression())
    with pytest.raises(ArgumentError, match="found the names inputs, expected inputs and labels"):
        estimator.check({"inputs": INPUTS})
    with pytest.raises(ArgumentError, match="expected integers .60., none negative"):
        estimator.check({**EXAMPLES, "labels": LABELS[1:]})
    with pytest.raises(ArgumentError, match="of the classes 1, expected examples of at least two"):
        estimator.fit({**EXAMPLES, "labels": np.ones(60, int)}, EXAMPLES, 0)
