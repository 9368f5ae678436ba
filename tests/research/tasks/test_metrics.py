import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.tasks import metrics

sklearn_metrics = pytest.importorskip("sklearn.metrics", reason="needs scikit-learn")


@st.composite
def scored(draw):
    labels = draw(
        st.lists(st.integers(0, 1), min_size=2, max_size=60).filter(lambda x: 0 < sum(x) < len(x))
    )
    # Few distinct values, so that ties are common.
    scores = draw(
        st.lists(
            st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0]),
            min_size=len(labels),
            max_size=len(labels),
        )
    )
    return np.array(scores), np.array(labels)


@given(scored())
def test_auc_and_roc_agree_with_scikit_learn(case):
    scores, labels = case
    assert metrics.roc_auc(scores, labels) == pytest.approx(
        sklearn_metrics.roc_auc_score(labels, scores)
    )
    false, true = metrics.roc_curve(scores, labels)
    theirs_false, theirs_true, _ = sklearn_metrics.roc_curve(
        labels, scores, drop_intermediate=False
    )
    np.testing.assert_allclose(false, theirs_false)
    np.testing.assert_allclose(true, theirs_true)


@given(scored())
def test_brier_agrees_with_scikit_learn(case):
    scores, labels = case
    assert metrics.brier_score(scores, labels) == pytest.approx(
        sklearn_metrics.brier_score_loss(labels, scores)
    )


def test_log_loss_and_accuracy_agree_with_scikit_learn():
    random = np.random.default_rng(0)
    probabilities = random.dirichlet(np.ones(4), 50)
    labels = random.integers(0, 4, 50)
    assert metrics.log_loss(probabilities, labels) == pytest.approx(
        sklearn_metrics.log_loss(labels, probabilities, labels=range(4))
    )
    assert metrics.accuracy(probabilities, labels) == pytest.approx(
        sklearn_metrics.accuracy_score(labels, probabilities.argmax(1))
    )


def test_log_loss_of_the_impossible_is_finite():
    assert np.isfinite(metrics.log_loss([[1.0, 0.0]], [1]))


def test_one_class_has_no_roc_curve():
    with pytest.raises(ValueError, match="both classes"):
        metrics.roc_auc([0.1, 0.2], [1, 1])


def test_reliability_of_calibrated_predictions_is_small():
    random = np.random.default_rng(0)
    predicted = random.uniform(size=20_000)
    events = random.uniform(size=20_000) < predicted
    curve = metrics.reliability(predicted, events, bins=10)
    assert curve.calibration_error < 0.015
    assert curve.count.sum() == 20_000
    assert metrics.reliability(predicted**2, events).calibration_error > 0.1


def test_reliability_by_hand():
    curve = metrics.reliability([0.1, 0.3, 0.6, 0.8], [0, 1, 0, 1], bins=2)
    np.testing.assert_allclose(curve.predicted, [0.2, 0.7])
    np.testing.assert_allclose(curve.observed, [0.5, 0.5])
    assert curve.calibration_error == pytest.approx(0.25)


def test_reliability_with_fewer_examples_than_bins():
    assert metrics.reliability([0.5], [1], bins=10).count.tolist() == [1]
