"""What is measured of samples, and the sampler that they are measured against."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments.fashion_gan import samples
from experiments.fashion_gan.baselines import PcaGaussian
from experiments.fashion_gan.inspection import (
    copy_distances,
    limits,
    thumbnails,
    twin_distances,
)
from experiments.fashion_gan.trays import TRAY, in_trays

RANDOM = np.random.default_rng(0)


def test_the_baseline_has_the_moments_of_each_class():
    labels = np.repeat([3, 5], 400).astype(np.int32)
    images = 0.05 * RANDOM.normal(size=(800, 2, 3, 1)) @ np.eye(1)
    images[:400] += 0.4
    images[400:, 0] *= 3
    fitted = PcaGaussian.fit(images.astype(np.float32), labels)
    drawn = fitted.sample(20_000, components=6, seed=0).reshape(-1, 6)
    first = drawn.mean(1) > 0.2
    assert first.mean() == pytest.approx(0.5, abs=0.02)
    for rows, label in ((first, 3), (~first, 5)):
        real = images[labels == label].reshape(-1, 6)
        np.testing.assert_allclose(drawn[rows].mean(0), real.mean(0), atol=0.01)
        np.testing.assert_allclose(
            np.cov(drawn[rows], rowvar=False), np.cov(real, rowvar=False), atol=2e-3
        )
    flat = fitted.sample(50, components=0, seed=0)
    assert len(np.unique(flat.round(5), axis=0)) == 2
    assert np.abs(PcaGaussian.fit(images * 99, labels).sample(9, components=6, seed=1)).max() <= 1


def test_copies_are_near_even_with_noise():
    training = RANDOM.uniform(-1, 1, size=(30, 28, 28, 1)).astype(np.float32)
    small = thumbnails(training)
    assert small.shape == (30, 196) and small.min() >= 0 and small.max() <= 1
    assert small[4, 15] == pytest.approx((training[4, 2:4, 2:4].mean() + 1) / 2)
    noisy = training[:5] + 0.02 * RANDOM.normal(size=(5, 28, 28, 1)).astype(np.float32)
    found = copy_distances(jnp.concatenate([training[:5], noisy, -training[:5]]), small)
    assert found[:5].max() == 0
    assert found[5:10].max() < 0.01 < 0.05 < found[10:].min()
    every = np.sqrt(((thumbnails(-training[:1]) - small) ** 2).mean(1))
    assert float(found[10]) == pytest.approx(every.min(), rel=1e-4)


def test_a_twin_is_a_good_image_made_before():
    features = jnp.asarray([[0.0, 0], [3, 4], [3, 4], [0, 1], [3, 4]])
    found = twin_distances(features, jnp.asarray([True, False, True, True, True]))
    np.testing.assert_allclose(found, [1e6, 5, 5, 1, 0])


def test_limits_are_quantiles_of_real_garments():
    features = RANDOM.normal(size=(TRAY + 40, 2)).astype(np.float32)
    copies = RANDOM.uniform(size=TRAY + 40)
    found = limits({"copy_distance": copies, "features": features}, strictness=0.25)
    assert found["copied"] == pytest.approx(np.quantile(copies, 0.25))
    nearest = []
    for tray in (features[:TRAY], features[TRAY:]):
        nearest += [1e6] + [
            np.linalg.norm(tray[:row] - tray[row], axis=1).min() for row in range(1, len(tray))
        ]
    assert found["twins"] == pytest.approx(np.quantile(nearest, 0.25), rel=1e-4)


@pytest.mark.parametrize("count", [0, 1, TRAY, TRAY + 3])
def test_trays_give_back_what_came_in(count):
    numbers = np.arange(count, dtype=np.int32)
    out = in_trays(lambda columns: {"twice": 2 * columns["n"]}, {"n": numbers})
    np.testing.assert_array_equal(out["twice"], 2 * numbers)


def test_a_seed_is_always_the_same_noise():
    noise = samples.noise(np.uint32([3, 7, 3]), 4)
    np.testing.assert_array_equal(noise[0], noise[2])
    np.testing.assert_array_equal(noise[1], jax.random.normal(jax.random.key(7), (4,)))


def test_a_grid_reads_like_a_page():
    images = np.stack([np.full((2, 3, 1), value, np.float32) for value in (-1, 0, 1)])
    page = samples.grid(images, columns=2)
    assert page.shape == (4, 6)
    assert (page[0, 0], page[0, 3], page[2, 0], page[2, 3]) == (0, 0.5, 1, 0)


def test_a_walk_keeps_to_the_sphere():
    walk = samples._arc(np.array([2.0, 0]), np.array([0, 2.0]), 3)
    np.testing.assert_allclose(walk, [[2, 0], [2**0.5, 2**0.5], [0, 2]], atol=1e-12)
