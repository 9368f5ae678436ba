"""Distances between samples and real data beside scipy, and beside loops over pairs."""

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

from research.tasks import sample_quality
from research.tasks.sample_quality import (
    frechet_distance,
    kernel_distance,
    nearest,
    precision_recall,
)


def rows(seed, count, width, shift=0.0):
    random = np.random.default_rng(seed)
    return random.normal(size=(count, width)) @ random.normal(size=(width, width)) + shift


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 8), st.integers(20, 40), st.integers(20, 40))
def test_frechet_distance_beside_scipy(seed, width, first, second):
    one, other = rows(seed, first, width), rows(seed + 1, second, width, shift=0.5)
    covariances = [np.atleast_2d(np.cov(r, rowvar=False)) for r in (one, other)]
    root = scipy.linalg.sqrtm(covariances[0] @ covariances[1])
    expected = ((one.mean(0) - other.mean(0)) ** 2).sum() + np.trace(sum(covariances))
    expected -= 2 * np.trace(root).real
    assert frechet_distance(one, other) == pytest.approx(expected, rel=1e-4, abs=1e-5)
    assert frechet_distance(other, one) == pytest.approx(frechet_distance(one, other), abs=1e-8)


def test_frechet_distance_by_hand():
    one = np.array([[-1.0], [1.0]])  # variance 2
    assert frechet_distance(one, 2 * one + 3) == pytest.approx(9 + 2 + 8 - 2 * 4)
    assert frechet_distance(one, one) == pytest.approx(0, abs=1e-12)


def test_frechet_distance_of_fewer_rows_than_features():
    few = rows(0, 3, 6)  # singular covariances, which scipy's root does not take
    assert frechet_distance(few, few) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(few, few + 1) == pytest.approx(6, abs=1e-6)


def naive_kernel_distance(samples, reference):
    def kernel(x, y):
        return (x @ y / len(x) + 1) ** 3

    def mean(one, other, *, same):
        pairs = [
            kernel(x, y)
            for i, x in enumerate(one)
            for j, y in enumerate(other)
            if not (same and i == j)
        ]
        return np.mean(pairs)

    return (
        mean(samples, samples, same=True)
        + mean(reference, reference, same=True)
        - 2 * mean(samples, reference, same=False)
    )


def test_kernel_distance_beside_loops():
    one, other = rows(0, 7, 4), rows(1, 7, 4, shift=1.0)
    found = kernel_distance(
        jnp.asarray(one, jnp.float32), jnp.asarray(other, jnp.float32), jnp.ones(7)
    )
    assert float(found) == pytest.approx(naive_kernel_distance(one, other), rel=1e-4)


def test_rows_without_weight_do_not_count():
    one, other = (jnp.asarray(rows(s, 9, 4), jnp.float32) for s in (0, 1))
    weight = jnp.asarray([1] * 6 + [0] * 3, jnp.float32)
    padded = kernel_distance(one, other, weight)
    assert float(padded) == pytest.approx(
        float(kernel_distance(one[:6], other[:6], jnp.ones(6))), rel=1e-4
    )


def test_alike_sets_are_no_distance_apart_on_average():
    pairs = [np.split(rows(s, 120, 3), 2) for s in range(40)]
    found = [
        float(kernel_distance(*(jnp.asarray(r, jnp.float32) for r in pair), jnp.ones(60)))
        for pair in pairs
    ]
    assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(len(found))
    assert min(found) < 0 < max(found)


def naive_share(queries, references, k):
    def distance(x, y):
        return np.linalg.norm(x - y)

    radii = [sorted(distance(x, y) for y in references)[k] for x in references]
    inside = [
        any(distance(q, r) <= e for r, e in zip(references, radii, strict=True)) for q in queries
    ]
    return np.mean(inside)


@pytest.mark.parametrize("neighbours", [1, 3])
def test_precision_and_recall_beside_loops(neighbours, monkeypatch):
    monkeypatch.setattr(sample_quality, "_ROWS", 7)
    samples, reference = 0.5 * rows(3, 30, 2), rows(4, 25, 2)
    found = precision_recall(samples, reference, neighbours=neighbours)
    assert found.precision == pytest.approx(naive_share(samples, reference, neighbours))
    assert found.recall == pytest.approx(naive_share(reference, samples, neighbours))


def test_far_samples_are_neither_precise_nor_do_they_cover():
    reference = rows(0, 20, 3)
    assert precision_recall(reference, reference).precision == 1
    far = precision_recall(reference + 1e3, reference)
    assert (far.precision, far.recall) == (0, 0)
    collapsed = precision_recall(reference[:1] + 1e-3 * rows(1, 20, 3), reference)
    assert collapsed.precision == 1 and collapsed.recall < 0.2


def test_nearest_beside_loops(monkeypatch):
    monkeypatch.setattr(sample_quality, "_ROWS", 4)
    queries, references = rows(0, 10, 5), rows(1, 12, 5)
    distances, positions = nearest(queries, references)
    every = np.linalg.norm(queries[:, None] - references[None], axis=-1)
    np.testing.assert_allclose(distances, every.min(1))
    np.testing.assert_array_equal(positions, every.argmin(1))


def test_a_copy_far_from_the_origin_is_at_distance_zero():
    references = 1e6 + rows(0, 10, 4)
    np.testing.assert_array_equal(nearest(references[:3], references)[0], 0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: frechet_distance(np.ones((1, 2)), np.ones((4, 2))), "found 1 and 4 rows"),
        (
            lambda: nearest(np.ones((2, 3)), np.ones((2, 4))),
            r"shapes \[2, 3\] and \[2, 4\], expected \[N, D\] and \[M, D\]",
        ),
        (lambda: nearest(np.ones(3), np.ones((2, 3))), r"shapes \[3\] and"),
        (lambda: nearest(np.ones((0, 3)), np.ones((2, 3))), "found no rows"),
        (
            lambda: precision_recall(np.ones((3, 2)), np.ones((9, 2))),
            "neighbours is 3, expected 1 or more and fewer than the 3 and 9 rows",
        ),
    ],
)
def test_what_cannot_be_compared(call, message):
    with pytest.raises(ValueError, match=message):
        call()
