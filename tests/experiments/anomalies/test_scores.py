import numpy as np
import pytest

from experiments.anomalies.corruptions import CORRUPTIONS
from experiments.anomalies.scores import Known, measures


def test_rarity_is_a_share_of_known_scores():
    scores = np.random.default_rng(0).gamma(2.0, size=5000)
    known = Known.from_json(Known.of(scores).to_json())
    asked = np.array([-1.0, np.quantile(scores, 0.25), np.quantile(scores, 0.99), 1e9], np.float32)
    np.testing.assert_allclose(known.rarity(asked), [0, 0.25, 0.99, 1], atol=1e-3)
    np.testing.assert_allclose(known.excess(asked[2:3]), 1, rtol=1e-3)


def test_equal_scores_have_no_excess_of_infinity():
    known = Known.of(np.zeros(10))
    assert np.isfinite(known.excess(np.ones(1, np.float32))).all()


def test_measures_by_hand():
    found = measures(
        "mean",
        lambda pictures: pictures.reshape(len(pictures), -1).mean(1),
        {
            "usual": np.array([[[0.1]], [[0.3]]], np.float32),
            "bright": np.array([[[0.9]]], np.float32),
            "between": np.array([[[0.2]]], np.float32),
        },
    )
    assert found["by_kind"] == {"bright": 1.0, "between": 0.5}
    assert found["auroc"] == 0.75


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_corruptions(name):
    pictures = np.random.default_rng(0).random((12, 8, 8, 1)).astype(np.float32)
    before = pictures.copy()
    made = CORRUPTIONS[name](pictures, 3)
    np.testing.assert_array_equal(pictures, before)  # nothing is changed in place
    np.testing.assert_array_equal(made, CORRUPTIONS[name](pictures, 3))
    assert made.dtype == np.float32 and made.shape == pictures.shape
    assert made.min() >= 0 and made.max() <= 1
    changed = (made != pictures).mean()
    assert {"noisy": 0.1 < changed < 0.2, "torn": changed == 0.5}.get(name, changed > 0.2)
