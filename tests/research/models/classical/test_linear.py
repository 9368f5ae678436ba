import jax
import numpy as np
import pytest

from research.arguments import ArgumentError
from research.models.classical import LinearRegression
from research.models.classical.proximal import minimise


def examples(count=60, width=6, seed=0):
    random = np.random.default_rng(seed)
    inputs = (random.normal(size=(count, width)) + 3).astype(np.float32)
    inputs[:, 1] = inputs[:, 0] + 0.3 * inputs[:, 1]
    targets = inputs @ [1.0, 0, -2, 0, 0.5, 0] + 4 + random.normal(size=count)
    return inputs, targets


def fitted(model, inputs, targets):
    params = model.fit(inputs, targets, 0).params
    return np.append(params["kernel"], params["bias"])


def weights(theirs):
    return np.append(theirs.coef_, theirs.intercept_)


@pytest.mark.parametrize("l2", [0.0, 0.3])
def test_least_squares_and_ridge_equal_scikit_learn(l2):
    linear = pytest.importorskip("sklearn.linear_model", reason="needs scikit-learn")
    inputs, targets = examples()
    theirs = linear.Ridge(alpha=l2 * len(inputs)) if l2 else linear.LinearRegression()
    theirs.fit(inputs.astype(np.float64), targets)
    ours = fitted(LinearRegression(l2=l2), inputs, targets)
    np.testing.assert_allclose(ours, weights(theirs), rtol=1e-6)


@pytest.mark.parametrize(("l1", "l2"), [(0.3, 0.0), (0.2, 0.1), (0.01, 0.5)])
def test_the_elastic_net_equals_scikit_learn(l1, l2):
    linear = pytest.importorskip("sklearn.linear_model", reason="needs scikit-learn")
    inputs, targets = examples()
    theirs = linear.ElasticNet(
        alpha=l1 + l2, l1_ratio=l1 / (l1 + l2), tol=1e-13, max_iter=1_000_000
    ).fit(inputs.astype(np.float64), targets)
    ours = fitted(LinearRegression(l1=l1, l2=l2), inputs, targets)
    np.testing.assert_allclose(ours, weights(theirs), rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(ours[:-1] == 0, theirs.coef_ == 0)


def test_of_many_solutions_the_least():
    inputs, targets = examples(count=4)
    kernel = fitted(LinearRegression(), inputs, targets)[:-1]
    centred = inputs.astype(np.float64) - inputs.mean(axis=0, dtype=np.float64)
    least = np.linalg.pinv(centred) @ (targets - targets.mean())
    np.testing.assert_allclose(kernel, least, rtol=1e-4)


def test_predictions():
    inputs, targets = examples()
    model = LinearRegression()
    variables = model.fit(inputs, targets, 0)
    mean = jax.jit(model.predict)(variables, inputs)["mean"]
    expected = inputs @ variables.params["kernel"] + variables.params["bias"]
    np.testing.assert_allclose(mean, expected, rtol=1e-5, atol=1e-5)
    # The residuals of least squares are orthogonal to the inputs.
    np.testing.assert_allclose((mean - targets) @ inputs, 0, atol=1e-2)


def test_a_large_penalty_leaves_the_mean():
    inputs, targets = examples()
    for model in (LinearRegression(l1=1e3), LinearRegression(l2=1e9)):
        ours = fitted(model, inputs, targets)
        np.testing.assert_allclose(ours[:-1], 0, atol=1e-6)
        np.testing.assert_allclose(ours[-1], targets.mean(), rtol=1e-5)


def test_bad_input():
    inputs, targets = examples()
    with pytest.raises(ArgumentError, match="l1 is -1.0, expected at least 0"):
        LinearRegression(l1=-1.0)
    with pytest.raises(ArgumentError, match="l2 is nan, expected at least 0"):
        LinearRegression(l2=float("nan"))
    with pytest.raises(ArgumentError, match="inputs hold NaN or infinity"):
        LinearRegression().fit(np.where(inputs > 3, np.nan, inputs), targets, 0)


def test_what_does_not_converge_is_said(monkeypatch):
    monkeypatch.setattr("research.models.classical.proximal._STEPS", 3)
    with pytest.raises(ArgumentError, match="did not converge in 3 steps: standardise"):
        minimise(lambda x: x * np.array([1.0, 1e-3]), np.ones(2), curvature=1.0, l1=1e-9)
