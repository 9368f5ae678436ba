from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.data import loading
from research.data.loading import Batches, padded
from research.data.shuffle import permute

sizes = st.integers(1, 60)


@given(sizes, sizes, st.integers(0, 2**32), st.integers(1, 4))
def test_every_example_once_an_epoch(n: int, batch_size: int, seed: int, epochs: int) -> None:
    batches = Batches(n, batch_size, seed=seed)
    count = -(-epochs * n // batch_size)
    stream = batches.steps(0, count).ravel()
    for epoch in range(epochs):
        assert sorted(stream[epoch * n : (epoch + 1) * n]) == list(range(n))


@given(sizes, sizes, st.integers(0, 1000), st.integers(0, 5))
def test_a_batch_depends_on_its_step_alone(n: int, batch_size: int, first: int, count: int) -> None:
    batches = Batches(n, batch_size, seed=1)
    block = batches.steps(first, count)
    assert block.shape == (count, batch_size)
    assert block.dtype == np.int32
    for offset in range(count):
        np.testing.assert_array_equal(block[offset], batches.indices(first + offset))


@given(st.integers(1, 2**31 - 1), st.integers(1, 3000), st.integers(0, 10**6), st.integers(0, 4))
def test_the_order_of_each_epoch_is_the_permutation(
    n: int, batch_size: int, first: int, count: int
) -> None:
    batches = Batches(n, batch_size, seed=7)
    positions = np.arange(first * batch_size, (first + count) * batch_size)
    expected = permute(positions % n, n, seed=7, epoch=positions // n)
    for again in (batches, batches, pickle.loads(pickle.dumps(batches))):
        steps = again.steps(first, count)
        np.testing.assert_array_equal(steps.ravel(), expected)


def test_what_a_caller_does_to_a_batch_stays_with_the_caller() -> None:
    batches = Batches(100, 10, seed=0)
    expected = batches.indices(3).copy()
    batches.indices(3)[:] = 0
    np.testing.assert_array_equal(batches.indices(3), expected)


def test_a_batch_costs_a_block_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []

    def counting(index, *arguments, **named):
        sizes.append(len(index))
        return permute(index, *arguments, **named)

    monkeypatch.setattr(loading, "permute", counting)
    batches = Batches(10**6, 128, seed=0)
    for step in range(200):
        batches.indices(step)
    assert sum(sizes) < 200 * 128 + 10_000


def test_late_steps_and_many_examples() -> None:
    batches = Batches(2**31 - 1, 8, seed=0)
    assert batches.indices(10**9).min() >= 0
    assert len(set(batches.indices(10**9).tolist())) == 8


def test_epochs_and_seeds_differ() -> None:
    batches = Batches(100, 100, seed=0)
    first, second = batches.indices(0), batches.indices(1)
    other = Batches(100, 100, seed=1).indices(0)
    assert np.sum(first == second) < 10
    assert np.sum(first == other) < 10


def test_steps_per_epoch() -> None:
    assert Batches(1797, 128, seed=0).steps_per_epoch == pytest.approx(14.0390625)


@pytest.mark.parametrize(
    ("n", "batch_size", "message"),
    [
        (0, 4, "found 0 examples"),
        (2**31, 4, "expected 1 to"),
        (4, 0, "batch_size is 0, expected 1 or more"),
    ],
)
def test_impossible_sizes(n: int, batch_size: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Batches(n, batch_size, seed=0)


def test_negative_steps() -> None:
    with pytest.raises(ValueError, match="found step -1"):
        Batches(4, 2, seed=0).indices(-1)


@given(st.integers(0, 200), sizes)
def test_padded_covers_in_order(n: int, batch_size: int) -> None:
    indices, mask = padded(n, batch_size)
    assert indices.shape == mask.shape == (-(-n // batch_size), batch_size)
    assert indices.dtype == np.int32
    assert indices[mask].tolist() == list(range(n))
    assert np.all(indices[~mask] == 0)


@pytest.mark.parametrize(("n", "batch_size"), [(-1, 4), (4, 0)])
def test_padded_impossible(n: int, batch_size: int) -> None:
    with pytest.raises(ValueError, match="expected 0 or more in 1 or more"):
        padded(n, batch_size)
