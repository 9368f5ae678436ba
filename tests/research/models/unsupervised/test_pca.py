import jax
import numpy as np
import pytest

from research.arguments import ArgumentError
from research.models.unsupervised import PCA
from research.tasks import Estimator

RANDOM = np.random.default_rng(0)
ROWS = (RANDOM.normal(size=(60, 6)) @ RANDOM.normal(size=(6, 6)) + 3).astype(np.float32)


def fitted(components=3, rows=ROWS):
    pca = PCA(components=components)
    pca.check({"inputs": rows})
    return pca, pca.fit({"inputs": rows}, {}, 0)


def test_equals_scikit_learn():
    decomposition = pytest.importorskip("sklearn.decomposition", reason="needs scikit-learn")
    pca, variables = fitted()
    peer = decomposition.PCA(3).fit(ROWS)
    np.testing.assert_allclose(variables.params["mean"], peer.mean_, rtol=1e-5)
    np.testing.assert_allclose(variables.params["components"], peer.components_, atol=1e-4)
    np.testing.assert_allclose(variables.params["variances"], peer.explained_variance_, rtol=1e-4)
    outputs = jax.jit(pca.predict)(variables, ROWS)
    np.testing.assert_allclose(outputs["features"], peer.transform(ROWS), atol=1e-3)
    np.testing.assert_allclose(
        outputs["reconstruction"], peer.inverse_transform(peer.transform(ROWS)), atol=1e-3
    )


def test_the_directions_are_orthonormal_and_ordered():
    _, variables = fitted(components=6)
    directions = np.asarray(variables.params["components"])
    np.testing.assert_allclose(directions @ directions.T, np.eye(6), atol=1e-5)
    assert (np.diff(variables.params["variances"]) <= 1e-4).all()


def test_what_lies_in_the_plane_scores_nothing():
    pca, variables = fitted(components=2)
    mean, directions = variables.params["mean"], variables.params["components"]
    inside = np.asarray(mean + 3 * directions[0] - 2 * directions[1])[None]
    assert float(pca.predict(variables, inside)["score"][0]) < 1e-9
    _, whole = fitted(components=6)
    np.testing.assert_allclose(PCA(components=6).predict(whole, ROWS)["score"], 0, atol=1e-8)


def test_pictures_keep_their_shape_and_evaluation_is_a_weighted_sum():
    pictures = ROWS.reshape(60, 2, 3, 1)
    pca, variables = fitted(rows=pictures)
    outputs = pca.predict(variables, pictures)
    assert outputs["reconstruction"].shape == pictures.shape
    by_hand = np.square(pictures - outputs["reconstruction"]).mean((1, 2, 3))
    np.testing.assert_allclose(outputs["score"], by_hand, rtol=1e-5)
    weight = np.arange(60, dtype=np.float32)
    sums = pca.evaluate(variables, {"inputs": pictures, "weight": weight})
    assert float(sums["weight"]) == weight.sum()
    assert float(sums["loss"]) == pytest.approx(float(by_hand @ weight), rel=1e-5)
    assert isinstance(pca, Estimator)


@pytest.mark.parametrize(
    ("examples", "components", "message"),
    [
        ({"inputs": ROWS}, 7, "components is 7, expected 1 to 6: there are 60 examples of 6"),
        ({"inputs": ROWS[:2]}, 3, "expected 1 to 2"),
        ({"inputs": ROWS}, 0, "components is 0"),
        ({"rows": ROWS}, 1, "found the names rows, expected inputs"),
        ({"inputs": ROWS.astype(int)}, 1, "expected floats"),
        ({"inputs": ROWS[:0]}, 1, "none of it empty"),
        ({"inputs": np.where(ROWS > 5, np.nan, ROWS)}, 1, "inputs hold NaN or infinity"),
    ],
)
def test_what_it_cannot_be_fitted_on(examples, components, message):
    with pytest.raises(ArgumentError, match=message):
        PCA(components=components).check(examples)
