import jax
import jax.numpy as jnp
import numpy as np
import pytest

from research.arguments import ArgumentError
from research.models.classical import KernelSVM, LinearSVM, RandomFeatureSVM
from research.models.classical.random_features import random_features

pytest.importorskip("sklearn", reason="needs scikit-learn")


def examples(classes, count=150, seed=0):
    random = np.random.default_rng(seed)
    inputs = (random.normal(size=(count, 4)) + 2).astype(np.float32)
    score = ((inputs - 2) ** 2).sum(axis=1) + inputs[:, 0] + random.normal(size=count)
    return inputs, np.digitize(score, np.quantile(score, np.linspace(0, 1, classes + 1)[1:-1]))


def scores(logits):
    """What scikit-learn calls decision function: one score for two classes."""
    logits = np.asarray(logits)
    return logits[:, 1] - logits[:, 0] if logits.shape[1] == 2 else logits


@pytest.mark.parametrize("loss", ["hinge", "squared_hinge"])
@pytest.mark.parametrize("classes", [2, 4])
def test_the_linear_svm_equals_scikit_learn(loss, classes):
    inputs, labels = examples(classes)
    model = LinearSVM(penalty=0.1, loss=loss)
    variables = model.fit(inputs, labels, 0)
    theirs = model.scikit(0).fit(inputs.astype(np.float64), labels)
    logits = jax.jit(model.predict)(variables, inputs)["logits"]
    assert logits.shape == (150, classes)
    np.testing.assert_allclose(scores(logits), theirs.decision_function(inputs), atol=1e-5)
    np.testing.assert_array_equal(logits.argmax(-1), theirs.predict(inputs))


def test_the_hinge_loss_is_minimal():
    inputs, labels = examples(2)
    params = LinearSVM(penalty=0.1, loss="hinge", steps=100_000).fit(inputs, labels, 0).params
    sign = 2 * labels - 1

    def loss(kernel, bias):
        margins = np.maximum(0, 1 - sign * (inputs @ kernel + bias))
        return (kernel**2).sum() / 2 + bias**2 / 2 + 0.1 * margins.sum()

    kernel, bias = np.float64(params["kernel"][:, 0]), float(params["bias"][0])
    best = loss(kernel, bias)
    for step in np.random.default_rng(0).normal(size=(50, 5)) * 0.05:
        assert loss(kernel + step[:4], bias + step[4]) >= best - 1e-4


@pytest.mark.parametrize("gamma", [None, 0.3])
@pytest.mark.parametrize("classes", [2, 3, 4])
def test_the_kernel_svm_equals_scikit_learn(gamma, classes):
    inputs, labels = examples(classes)
    model = KernelSVM(penalty=2.0, gamma=gamma)
    variables = model.fit(inputs, labels, 0)
    theirs = model.scikit(0).set_params(break_ties=True).fit(inputs.astype(np.float64), labels)
    rows = examples(2, seed=1)[0]
    outputs = jax.jit(model.predict)(variables, rows)
    np.testing.assert_allclose(scores(outputs["logits"]), theirs.decision_function(rows), atol=1e-5)
    np.testing.assert_array_equal(outputs["logits"].argmax(-1), theirs.predict(rows))
    theirs.set_params(decision_function_shape="ovo", break_ties=False)
    pairs = theirs.decision_function(rows).reshape(len(rows), -1)
    np.testing.assert_allclose(outputs["pairs"], pairs, atol=1e-5)


def test_random_features_approach_the_kernel():
    rows = examples(2, count=20)[0]
    random = np.random.default_rng(0)
    gamma, width = 0.2, 40_000
    params = {
        "frequencies": random.normal(scale=np.sqrt(2 * gamma), size=(4, width)).astype(np.float32),
        "phases": random.uniform(0, 2 * np.pi, width).astype(np.float32),
    }
    features = np.asarray(random_features(jax.tree.map(jnp.asarray, params), jnp.asarray(rows)))
    squares = ((rows[:, None] - rows[None]) ** 2).sum(-1)
    np.testing.assert_allclose(features @ features.T, np.exp(-gamma * squares), atol=0.03)


def test_random_features_do_what_a_line_cannot():
    inputs, labels = examples(2, count=300)
    model = RandomFeatureSVM(components=200, gamma=0.3)
    variables = model.fit(inputs, labels, 0)
    again = model.fit(inputs, labels, 0)
    for name, array in variables.params.items():
        np.testing.assert_array_equal(array, again.params[name])
    outputs = jax.jit(model.predict)(variables, inputs)
    assert outputs["features"].shape == (300, 200)
    curved = (outputs["logits"].argmax(-1) == labels).mean()
    line = LinearSVM()
    straight = line.predict(line.fit(inputs, labels, 0), inputs)["logits"].argmax(-1) == labels
    assert curved > straight.mean() + 0.1


def test_inputs_that_do_not_vary():
    inputs, labels = np.ones((10, 2), np.float32), np.arange(10) % 2
    variables = RandomFeatureSVM(components=3).fit(inputs, labels, 0)
    assert all(np.isfinite(array).all() for array in variables.params.values())


def test_bad_input(monkeypatch):
    inputs, labels = examples(2)
    for family in (LinearSVM, KernelSVM, RandomFeatureSVM):
        with pytest.raises(ArgumentError, match="penalty is 0.0, expected more than 0"):
            family(penalty=0.0)
    with pytest.raises(ArgumentError, match="components are 0, expected more than 0"):
        RandomFeatureSVM(components=0)
    monkeypatch.setattr("research.models.classical.svm.MOST_EXAMPLES", 100)
    with pytest.raises(ArgumentError, match="found 150 examples, .* take RandomFeatureSVM"):
        KernelSVM().fit(inputs, labels, 0)
