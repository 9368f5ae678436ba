"""Trees, forests and boosting, each held against scikit-learn on every row."""

import jax
import numpy as np
import pytest

from research.arguments import ArgumentError
from research.models.classical import Boosting, DecisionTree, RandomForest, Tree, unstacked
from research.models.classical.growing import rounded_down

pytest.importorskip("sklearn", reason="needs scikit-learn")


@pytest.fixture(autouse=True)
def one_thread():
    """Threads of boosting wait for each other, long on a busy machine."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield


def examples(classes, count=400, seed=0):
    """Inputs with ties, missing values and numbers near thresholds."""
    random = np.random.default_rng(seed)
    inputs = random.normal(size=(count, 5)).astype(np.float32)
    inputs[:, 1] = np.round(inputs[:, 1] * 2) / 2
    signal = inputs[:, 0] * inputs[:, 1] + inputs[:, 2]
    inputs[random.random(inputs.shape) < 0.1] = np.nan
    if classes is None:
        return inputs, signal + random.normal(size=count) / 4
    noisy = signal + random.normal(size=count) / 2
    return inputs, np.digitize(noisy, np.quantile(noisy, np.linspace(0, 1, classes + 1)[1:-1]))


def near_thresholds(trees, inputs):
    """Examples at the very thresholds, and one float32 to either side."""
    rows = [inputs]
    for tree in trees[:3]:
        inner = np.flatnonzero((tree.feature >= 0) & np.isfinite(tree.threshold))
        for towards in (-np.inf, np.inf, None):
            changed = inputs[np.arange(len(inner)) % len(inputs)].copy()
            at = tree.threshold[inner]
            changed[np.arange(len(inner)), tree.feature[inner]] = (
                at if towards is None else np.nextafter(at, np.float32(towards))
            )
            rows.append(changed)
    return np.concatenate(rows)


MODELS = [
    DecisionTree(),
    DecisionTree(criterion="entropy", max_depth=3, min_samples_leaf=5, pruning=0.001),
    RandomForest(trees=7),
    RandomForest(trees=5, criterion="entropy", min_samples_leaf=20, features=0.7, jobs=1),
]


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("model", MODELS, ids=str)
def test_classifiers_equal_scikit_learn(model, classes):
    inputs, labels = examples(classes)
    variables = model.fit(inputs, labels, 3)
    fitted = model.scikit(3).fit(inputs, labels)
    trees = unstacked(variables.params)
    rows = near_thresholds(trees, examples(2, seed=1)[0])
    outputs = jax.jit(model.predict)(variables, rows)
    leaves = fitted.apply(rows).reshape(len(rows), -1)
    np.testing.assert_array_equal(outputs["leaves"], leaves)
    np.testing.assert_allclose(outputs["frequencies"], fitted.predict_proba(rows), atol=1e-6)
    np.testing.assert_array_equal(outputs["logits"].argmax(-1), fitted.predict(rows))
    assert np.isfinite(outputs["logits"]).all()
    assert trees[0].support[0] <= len(inputs)


@pytest.mark.parametrize(
    "model", [DecisionTree(criterion="mse"), RandomForest(trees=5, criterion="mse")], ids=str
)
def test_regressions_equal_scikit_learn(model):
    inputs, targets = examples(None)
    variables = model.fit(inputs, targets, 0)
    fitted = model.scikit(0).fit(inputs, targets)
    rows = near_thresholds(unstacked(variables.params), examples(2, seed=1)[0])
    outputs = jax.jit(model.predict)(variables, rows)
    np.testing.assert_array_equal(
        outputs["leaves"].reshape(len(rows), -1)[:, 0],
        fitted.apply(rows).reshape(len(rows), -1)[:, 0],
    )
    np.testing.assert_allclose(outputs["mean"], fitted.predict(rows), rtol=1e-5, atol=1e-6)
    assert "logits" not in outputs


@pytest.mark.parametrize("classes", [2, 3, None])
def test_boosting_equals_scikit_learn(classes):
    inputs, targets = examples(classes)
    loss = "squared_error" if classes is None else "log_loss"
    model = Boosting(loss=loss, rounds=8, max_leaves=6, l2=0.5, min_samples_leaf=5)
    variables = model.fit(inputs, targets, 0)
    fitted = model.scikit(0).fit(inputs, targets)
    trees = unstacked(variables.params)
    assert len(trees) == 8 * (3 if classes == 3 else 1)
    rows = near_thresholds(trees, examples(2, seed=1)[0])
    outputs = jax.jit(model.predict)(variables, rows)
    if classes is None:
        np.testing.assert_allclose(outputs["mean"], fitted.predict(rows), rtol=1e-5, atol=1e-6)
        return
    probabilities = jax.nn.softmax(outputs["logits"])
    np.testing.assert_allclose(probabilities, fitted.predict_proba(rows), atol=2e-6)
    np.testing.assert_array_equal(outputs["logits"].argmax(-1), fitted.predict(rows))


def test_boosting_stops_when_it_gets_no_better():
    inputs, labels = examples(2)
    model = Boosting(rounds=60, learning_rate=0.5, patience=2, min_samples_leaf=5)
    variables = model.fit(inputs, labels, 0)
    assert len(variables.params["size"]) < 60


def test_criteria_grow_different_trees():
    inputs, labels = examples(3)
    grown = {
        criterion: DecisionTree(criterion=criterion, max_depth=4).fit(inputs, labels, 0)
        for criterion in ("gini", "entropy")
    }
    first, second = (variables.params["threshold"] for variables in grown.values())
    assert first.shape != second.shape or not np.array_equal(first, second)


def test_the_exported_tree_decides_alike():
    inputs, labels = examples(2)
    model = DecisionTree(max_depth=3)
    variables = model.fit(inputs, labels, 0)
    (tree,) = unstacked(variables.params)
    again = Tree.from_json(tree.to_json())
    outputs = model.predict(variables, inputs)
    values = again.value[again.apply(inputs)]
    np.testing.assert_array_equal(outputs["frequencies"], values)
    leaf_support = again.support[again.leaves].sum()
    assert leaf_support == again.support[0] == len(inputs)


@pytest.mark.parametrize("exact", [0.1, -0.1, 1 / 3, 1e-42, -1e-46, 1e300, -1e300, 0.5, np.inf])
def test_the_float32_threshold_compares_like_the_float64_one(exact):
    threshold = rounded_down([exact])[0]
    assert threshold.dtype == np.float32
    near = np.array([threshold], np.float32)
    candidates = np.concatenate(
        [near, np.nextafter(near, np.float32(np.inf)), np.nextafter(near, np.float32(-np.inf))]
    )
    for number in candidates:
        assert (number <= threshold) == (np.float64(number) <= exact)


def test_bad_input():
    inputs, labels = examples(2)
    with pytest.raises(ArgumentError, match="found the criterion 'mae', expected gini, entropy"):
        DecisionTree(criterion="mae")
    with pytest.raises(ArgumentError, match="found the criterion 'mae'"):
        RandomForest(criterion="mae")
    with pytest.raises(ArgumentError, match="found the loss 'hinge', expected log_loss or"):
        Boosting(loss="hinge")
    with pytest.raises(ArgumentError, match="labels are of the classes 0, expected examples of"):
        DecisionTree().fit(inputs, labels * 0, 0)
    with pytest.raises(ArgumentError, match="labels are of the classes 0, 2,"):
        Boosting().fit(inputs, labels * 2, 0)
    with pytest.raises(ArgumentError, match=r"labels are float64 \(400,\), expected integers"):
        RandomForest().fit(inputs, labels / 2, 0)
    with pytest.raises(ArgumentError, match=r"targets are \(3,\), expected numbers \[400\]"):
        DecisionTree(criterion="mse").fit(inputs, labels[:3], 0)
    with pytest.raises(ArgumentError, match="targets hold NaN or infinity"):
        Boosting(loss="squared_error").fit(inputs, np.full(400, np.nan), 0)
    with pytest.raises(ArgumentError, match="inputs hold infinity"):
        DecisionTree().fit(np.where(np.isnan(inputs), np.inf, inputs), labels, 0)
    with pytest.raises(ArgumentError, match=r"found inputs \(400,\), expected \[N, D\]"):
        DecisionTree().fit(inputs[:, 0], labels, 0)


def test_without_scikit_learn_the_error_says_so(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "sklearn", None)
    for model in (DecisionTree(), RandomForest(), Boosting()):
        with pytest.raises(ArgumentError, match="fitted by scikit-learn, which is not installed"):
            model.fit(*examples(2), 0)
