import jax
import numpy as np
import pytest

from research.arguments import ArgumentError
from research.models.classical import LogisticRegression


def examples(classes, count=150, seed=0):
    random = np.random.default_rng(seed)
    inputs = (random.normal(size=(count, 5)) + 1).astype(np.float32)
    score = inputs @ [1.0, -1, 0, 0.2, 0] + random.normal(size=count)
    return inputs, np.digitize(score, np.quantile(score, np.linspace(0, 1, classes + 1)[1:-1]))


def scikit(**options):
    sklearn = pytest.importorskip("sklearn", reason="needs scikit-learn")
    from sklearn.linear_model import LogisticRegression as Theirs

    old = tuple(map(int, sklearn.__version__.split(".")[:2])) < (1, 8)
    if old and "l1_ratio" in options:
        options["penalty"] = "elasticnet"
    return Theirs(max_iter=200_000, tol=1e-9, **options)


@pytest.mark.parametrize("classes", [2, 3])
def test_the_ridge_penalty_equals_scikit_learn(classes):
    inputs, labels = examples(classes)
    theirs = scikit(C=1 / (0.01 * len(labels)), solver="newton-cg")
    theirs.fit(inputs.astype(np.float64), labels)
    model = LogisticRegression(l2=0.01)
    variables = model.fit(inputs, labels, 0)
    kernel, bias = variables.params["kernel"], variables.params["bias"]
    np.testing.assert_allclose(kernel.T, theirs.coef_, atol=1e-6)
    # Of K biases a constant may be added to all.
    apart = bias - theirs.intercept_
    np.testing.assert_allclose(apart - apart[0] * (classes > 2), 0, atol=2e-6)
    probabilities = jax.nn.softmax(jax.jit(model.predict)(variables, inputs)["logits"])
    np.testing.assert_allclose(probabilities, theirs.predict_proba(inputs), atol=1e-6)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize(("l1", "l2"), [(0.02, 0.0), (0.01, 0.02)])
def test_the_elastic_net_equals_scikit_learn(classes, l1, l2):
    inputs, labels = examples(classes, count=80)
    theirs = scikit(
        C=1 / ((l1 + l2) * len(labels)), l1_ratio=l1 / (l1 + l2), solver="saga", random_state=0
    ).fit(inputs.astype(np.float64), labels)
    variables = LogisticRegression(l1=l1, l2=l2).fit(inputs, labels, 0)
    np.testing.assert_allclose(variables.params["kernel"].T, theirs.coef_, atol=1e-5)
    assert (variables.params["kernel"] == 0).any()


def test_at_the_minimum_predictions_are_right_on_average():
    inputs, labels = examples(3)
    model = LogisticRegression(l2=0.0)
    variables = model.fit(inputs, labels, 0)
    probabilities = np.asarray(jax.nn.softmax(model.predict(variables, inputs)["logits"]))
    residual = probabilities - np.eye(3)[labels]
    np.testing.assert_allclose(residual.sum(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(inputs.T @ residual, 0, atol=2e-3)


def test_bad_input():
    inputs, labels = examples(2)
    with pytest.raises(ArgumentError, match="l2 is -0.1, expected at least 0"):
        LogisticRegression(l2=-0.1)
    with pytest.raises(ArgumentError, match="expected integers .150., none negative"):
        LogisticRegression().fit(inputs, labels - 1, 0)
