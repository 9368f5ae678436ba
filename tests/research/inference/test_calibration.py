import jax
import jax.numpy as jnp
import numpy as np
import pytest

from research.arguments import ArgumentError
from research.inference import Calibration
from research.tasks import metrics


def drawn(scale, bias, count=20_000, seed=0):
    random = np.random.default_rng(seed)
    logits = random.normal(size=(count, len(bias))) * 2
    probabilities = np.asarray(jax.nn.softmax(scale * logits + np.array(bias)))
    labels = (random.uniform(size=(count, 1)) > probabilities.cumsum(1)).sum(1)
    return logits, labels


def test_recovers_scale_and_bias():
    fitted = Calibration.fit(*drawn(0.5, (0.4, -0.4)))
    assert fitted.scale == pytest.approx(0.5, abs=0.02)
    np.testing.assert_allclose(fitted.bias, (0.4, -0.4), atol=0.05)


def test_without_need_there_are_no_biases():
    fitted = [Calibration.fit(*drawn(0.25, (0.0, 0.0, 0.0), 2000, seed)) for seed in range(10)]
    assert all(f.scale == pytest.approx(0.25, abs=0.05) for f in fitted)
    assert sum(f.bias == () for f in fitted) >= 5


def test_lowers_log_loss_and_calibration_error():
    logits, labels = drawn(0.3, (0.5, -0.5))
    before = np.asarray(jax.nn.softmax(logits))
    after = np.asarray(Calibration.fit(logits, labels)(jnp.asarray(logits)))
    assert metrics.log_loss(after, labels) < metrics.log_loss(before, labels)
    errors = [metrics.reliability(p[:, 1], labels).calibration_error for p in (before, after)]
    assert errors[1] < 0.02 < errors[0]


def test_agrees_with_platt_scaling():
    linear_model = pytest.importorskip("sklearn.linear_model", reason="needs scikit-learn")
    logits, labels = drawn(0.7, (0.2, -0.2), count=2000)
    platt = linear_model.LogisticRegression(C=1e6).fit(logits[:, 1:] - logits[:, :1], labels)
    ours = Calibration.fit(logits, labels)
    theirs = platt.predict_proba(logits[:, 1:] - logits[:, :1])
    np.testing.assert_allclose(ours(jnp.asarray(logits)), theirs, atol=2e-3)


def test_separable_examples_do_not_run_away():
    logits = np.array([[5.0, -5.0], [-5.0, 5.0]] * 20)
    assert np.isfinite(Calibration.fit(logits, [0, 1] * 20).scale)


def test_what_is_calibrated_stays_as_it_is():
    kept = [Calibration.fit(*drawn(1.0, (0.0, 0.0), 500, seed)) for seed in range(20)]
    assert sum(fitted == Calibration() for fitted in kept) >= 10
    assert all(0.7 < fitted.scale < 1.4 for fitted in kept)


def test_few_examples():
    assert Calibration.fit([[0.0, 1.0]], [1]) == Calibration()
    assert Calibration.fit([[0.0, 1.0]] * 5, [1] * 5).scale > 0


def test_json_is_exact():
    fitted = Calibration.fit(*drawn(0.5, (0.4, -0.4), count=100))
    assert Calibration.from_json(fitted.to_json()) == fitted


def test_no_calibration_is_softmax():
    logits = jnp.array([[1.0, 2.0], [0.0, -3.0]])
    np.testing.assert_allclose(Calibration()(logits), jax.nn.softmax(logits), rtol=1e-6)


@pytest.mark.parametrize(
    ("logits", "labels", "message"),
    [
        ([[0.0, 1.0]], [0, 1], r"logits \(1, 2\) and labels \(2,\)"),
        ([[0.0, np.nan]], [0], "NaN or infinity"),
        ([[0.0, 1.0]], [-1], "integers from 0 to 1"),
        ([[0.0, 1.0]], [0.0], "integers from 0 to 1"),
    ],
)
def test_what_cannot_be_fitted(logits, labels, message):
    with pytest.raises(ArgumentError, match=message):
        Calibration.fit(logits, labels)
