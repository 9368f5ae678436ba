import jax
import jax.numpy as jnp
import numpy as np
import pytest

from research.arguments import ArgumentError
from research.models.unsupervised import KMeans
from research.models.unsupervised.distances import squared_distances


def fitted(rows, seed=0, **options):
    kmeans = KMeans(**options)
    kmeans.check({"inputs": rows})
    return kmeans, kmeans.fit({"inputs": rows}, {}, seed)


def blobs(count=20, spread=0.1):
    centres = np.array([[0, 0], [5, 0], [0, 5], [5, 5]], np.float32)
    noise = np.random.default_rng(0).normal(scale=spread, size=(4, count, 2)).astype(np.float32)
    return centres, (centres[:, None] + noise).reshape(-1, 2)


def test_blobs_are_found():
    centres, rows = blobs()
    kmeans, variables = fitted(rows, clusters=4, restarts=3)
    found = np.asarray(variables.params["centres"])
    nearest = np.linalg.norm(found[:, None] - centres, axis=-1).argmin(1)
    assert sorted(nearest) == [0, 1, 2, 3]
    np.testing.assert_allclose(found, rows.reshape(4, 20, 2).mean(1)[nearest], atol=1e-4)
    outputs = jax.jit(kmeans.predict)(variables, rows)
    assert len({tuple(part) for part in np.asarray(outputs["cluster"]).reshape(4, 20)}) == 4
    distances = np.linalg.norm(rows[:, None] - found, axis=-1)
    np.testing.assert_allclose(outputs["features"], distances, atol=2e-3)
    np.testing.assert_allclose(outputs["score"], distances.min(1) ** 2 / 2, atol=1e-4)
    np.testing.assert_array_equal(outputs["reconstruction"], found[outputs["cluster"]])
    assert float(variables.params["inertia"]) == pytest.approx(
        (distances.min(1) ** 2).sum(), rel=0.01
    )


def test_as_good_as_scikit_learn_on_digits():
    datasets = pytest.importorskip("sklearn.datasets", reason="needs scikit-learn")
    cluster = pytest.importorskip("sklearn.cluster", reason="needs scikit-learn")
    rows = (datasets.load_digits().data / 16).astype(np.float32)
    _, variables = fitted(rows, clusters=10, restarts=3)
    peer = cluster.KMeans(10, n_init=3, random_state=0).fit(rows)
    assert float(variables.params["inertia"]) <= peer.inertia_ * 1.002


def test_a_seed_gives_one_result_and_another_seed_another_start():
    _, rows = blobs(spread=2.0)
    first, again, other = (
        np.asarray(fitted(rows, seed, clusters=7, restarts=1)[1].params["centres"])
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_more_restarts_are_never_worse():
    _, rows = blobs(spread=2.0)
    inertia = [
        float(fitted(rows, clusters=9, restarts=restarts)[1].params["inertia"])
        for restarts in (1, 8)
    ]
    # The keys differ, too, so this holds of good luck only up to a little.
    assert inertia[1] <= inertia[0] * 1.01


@pytest.mark.parametrize("clusters", [1, 3])
def test_equal_rows_and_as_many_clusters_as_rows(clusters):
    rows = np.ones((3, 2), np.float32)
    _, variables = fitted(rows, clusters=clusters, restarts=1)
    np.testing.assert_array_equal(variables.params["centres"], 1)
    assert float(variables.params["inertia"]) == 0
    apart = np.arange(6, dtype=np.float32).reshape(3, 2)
    _, variables = fitted(apart, clusters=3, restarts=1)
    assert float(variables.params["inertia"]) == pytest.approx(0, abs=1e-4)


def test_one_cluster_is_the_mean_and_evaluation_a_sum():
    _, rows = blobs()
    kmeans, variables = fitted(rows, clusters=1, restarts=1)
    np.testing.assert_allclose(variables.params["centres"][0], rows.mean(0), atol=1e-5)
    sums = kmeans.evaluate(variables, {"inputs": rows, "weight": np.ones(80, np.float32)})
    assert float(sums["loss"]) == pytest.approx(float(variables.params["inertia"]) / 2, rel=1e-4)


def test_distances_are_never_negative():
    rows = jnp.full((3, 4), 1e3) + jnp.arange(3)[:, None] * 1e-4
    found = squared_distances(rows, rows)
    assert (np.asarray(found) >= 0).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"clusters": 81}, "clusters is 81, expected 1 to 80, the number of examples"),
        ({"clusters": 2, "restarts": 0}, "restarts is 0"),
        ({"clusters": 2, "iterations": 0}, "iterations is 0"),
        ({"clusters": 2, "tolerance": -1.0}, "tolerance is -1.0"),
    ],
)
def test_what_it_cannot_be_fitted_on(options, message):
    with pytest.raises(ArgumentError, match=message):
        KMeans(**options).check({"inputs": blobs()[1]})
