from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.data.hashing import hash64
from research.data.shuffle import permute

seeds = st.integers(-(2**70), 2**70)


def test_every_small_n_is_permuted() -> None:
    for n in range(1, 400):
        assert sorted(permute(np.arange(n), n, seed=n, epoch=n % 3)) == list(range(n))


@given(st.integers(1, 30_000), seeds, st.integers(0, 2**40))
def test_a_bijection(n: int, seed: int, epoch: int) -> None:
    order = permute(np.arange(n), n, seed=seed, epoch=epoch)
    assert order.dtype == np.int64
    assert np.array_equal(np.sort(order), np.arange(n))


@given(st.integers(1, 2**62), seeds, st.data())
def test_big_n_needs_no_table(n: int, seed: int, data: st.DataObject) -> None:
    index = data.draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=50, unique=True))
    order = permute(index, n, seed=seed)
    assert np.all((order >= 0) & (order < n))
    assert len(set(order.tolist())) == len(index)


@given(st.integers(1, 200), seeds)
def test_shapes_and_epochs_broadcast(n: int, seed: int) -> None:
    table = permute(np.arange(n), n, seed=seed, epoch=np.arange(3)[:, None])
    assert table.shape == (3, n)
    for epoch in range(3):
        for index in (0, n // 2, n - 1):
            alone = permute(index, n, seed=seed, epoch=epoch)
            assert alone.shape == ()
            assert alone == table[epoch, index]


@pytest.mark.parametrize("n", [2, 3, 4])
def test_all_orders_of_few_are_equally_likely(n: int) -> None:
    trials = 6000
    orders = permute(np.arange(n), n, seed=5, epoch=np.arange(trials)[:, None])
    _, counts = np.unique(orders, axis=0, return_counts=True)
    expected = trials / np.prod(np.arange(1, n + 1))
    cells = round(trials / expected)
    assert len(counts) == cells
    chi_squared = np.sum((counts - expected) ** 2 / expected)
    assert chi_squared < cells - 1 + 5 * np.sqrt(2 * (cells - 1))


def test_neighbours_are_torn_apart() -> None:
    n = 20_000
    order = permute(np.arange(n), n, seed=0)
    for lag in (1, 2, 64, 128):
        assert abs(np.corrcoef(order[lag:], order[:-lag])[0, 1]) < 0.03
    assert np.sum(order == np.arange(n)) < 10  # one fixed point is expected


def test_the_order_never_changes() -> None:
    assert permute(np.arange(10), 10, seed=42, epoch=1).tolist() == [
        3,
        2,
        8,
        9,
        5,
        1,
        0,
        4,
        6,
        7,
    ]


def test_nothing_to_permute() -> None:
    assert permute(np.zeros(0, int), 5, seed=0).size == 0


@pytest.mark.parametrize("n", [0, -3, 2**62 + 1])
def test_impossible_n(n: int) -> None:
    with pytest.raises(ValueError, match=f"n is {n}, expected 1 to"):
        permute([0], n, seed=0)


@pytest.mark.parametrize("index", [[0, 5], [-1]])
def test_an_index_out_of_range(index: list[int]) -> None:
    with pytest.raises(ValueError, match="expected 0 to 4"):
        permute(index, 5, seed=0)


def test_hash64_absorbs_parts_in_order_and_takes_any_integer() -> None:
    assert hash64(1, 2) != hash64(2, 1)
    assert hash64(-1) == hash64(2**64 - 1)
    assert np.array_equal(hash64(3, np.arange(4)), [hash64(3, i) for i in range(4)])


def test_hash64_flips_half_the_bits() -> None:
    x = np.arange(4000, dtype=np.uint64)
    for bit in (0, 17, 63):
        flipped = hash64(x) ^ hash64(x ^ (np.uint64(1) << np.uint64(bit)))
        assert abs(np.bitwise_count(flipped).mean() - 32) < 0.4
