from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.data.splits import split, split_groups

THREE = {"train": 0.6, "validation": 0.2, "test": 0.2}
labels = st.lists(st.integers(0, 6), max_size=300)
seeds = st.integers(-(2**70), 2**70)
weights = st.lists(st.integers(0, 10), min_size=1, max_size=5).filter(any)


@given(labels, weights, seeds)
def test_disjoint_covering_ascending_and_in_proportion(
    strata: list[int], weights: list[int], seed: int
) -> None:
    fractions = {f"part{i}": w / sum(weights) for i, w in enumerate(weights)}
    parts = split(strata, fractions, seed=seed)
    assert list(parts) == list(fractions)
    together = np.concatenate(list(parts.values()))
    assert sorted(together) == list(range(len(strata)))
    array = np.asarray(strata, int)
    for name, rows in parts.items():
        assert rows.dtype == np.int64
        assert np.all(np.diff(rows) > 0)
        assert abs(len(rows) - fractions[name] * len(strata)) <= len(weights)
        for stratum in set(strata):
            quota = fractions[name] * np.sum(array == stratum)
            assert abs(np.sum(array[rows] == stratum) - quota) < 1 + 1e-6
        if fractions[name] == 0:
            assert rows.size == 0


@given(st.integers(0, 500), seeds)
def test_a_number_of_examples_is_one_stratum(n: int, seed: int) -> None:
    whole, strata = split(n, THREE, seed=seed), split(np.zeros(n), THREE, seed=seed)
    for name in THREE:
        np.testing.assert_array_equal(whole[name], strata[name])


def test_small_strata_do_not_all_fall_into_one_part() -> None:
    parts = split(np.arange(1000), THREE, seed=0)  # a stratum for each example
    assert {name: len(rows) for name, rows in parts.items()} == {
        "train": 600,
        "validation": 200,
        "test": 200,
    }


def test_the_split_never_changes() -> None:
    parts = split(12, THREE, seed=7)
    assert {name: rows.tolist() for name, rows in parts.items()} == {
        "train": [1, 2, 3, 7, 8, 9, 10],
        "validation": [0, 4, 5],
        "test": [6, 11],
    }


def test_seeds_differ() -> None:
    first, second = (split(1000, THREE, seed=seed)["train"] for seed in (0, 1))
    # 600 of 1000 twice, independently: 360 in common, give or take.
    assert 310 < np.intersect1d(first, second).size < 410


def test_membership_does_not_follow_position() -> None:
    train = split(10_000, {"train": 0.5, "test": 0.5}, seed=3)["train"]
    member = np.zeros(10_000)
    member[train] = 1
    assert abs(np.corrcoef(member, np.arange(10_000))[0, 1]) < 0.04
    assert abs(np.corrcoef(member[1:], member[:-1])[0, 1]) < 0.04


def test_text_labels() -> None:
    parts = split(["yes", "no"] * 10, {"a": 0.5, "b": 0.5}, seed=0)
    assert len(parts["a"]) == 10
    assert np.sum(parts["a"] % 2 == 0) == 5


@pytest.mark.parametrize(
    "fractions",
    [{}, {"a": 0.5}, {"a": 1.2, "b": -0.2}, {"a": float("nan")}, {"a": 0.7, "b": 0.7}],
)
def test_wrong_fractions(fractions: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="expected numbers from 0 that sum to 1"):
        split(10, fractions, seed=0)


def test_wrong_strata() -> None:
    with pytest.raises(ValueError, match="found -1 examples"):
        split(-1, THREE, seed=0)
    with pytest.raises(ValueError, match=r"the shape \(2, 2\), expected one label each"):
        split(np.zeros((2, 2)), THREE, seed=0)


@given(groups=st.lists(st.integers(0, 15), max_size=60), seed=st.integers(0, 2**32))
def test_groups_never_come_apart(groups, seed):
    groups = np.array(groups, np.int64)
    fractions = {"train": 0.6, "validation": 0.1, "test": 0.3}
    parts = split_groups(groups, fractions, seed=seed, strata=groups % 3)
    rows = np.concatenate(list(parts.values()))
    np.testing.assert_array_equal(np.sort(rows), np.arange(len(groups)))
    for part in parts.values():
        np.testing.assert_array_equal(part, np.sort(part))
        assert set(groups[part]).isdisjoint(np.delete(groups, part))
    assert set(np.unique(groups[parts["validation"]]).tolist()) <= set(groups.tolist())


def test_groups_are_split_as_their_strata():
    groups = np.repeat(np.arange(40), 3)
    parts = split_groups(groups, {"a": 0.25, "b": 0.75}, seed=1, strata=groups // 20)
    assert [(groups[parts["a"]] // 20 == stratum).sum() for stratum in (0, 1)] == [15, 15]
    alone = split_groups(np.arange(50), {"a": 0.2, "b": 0.8}, seed=3, strata=np.zeros(50))
    np.testing.assert_array_equal(alone["a"], split(50, {"a": 0.2, "b": 0.8}, seed=3)["a"])


def test_groups_and_strata_belong_to_the_same_examples():
    with pytest.raises(ValueError, match=r"groups have the shape \(3,\) and strata \(2,\)"):
        split_groups(np.arange(3), {"a": 1.0}, seed=0, strata=np.zeros(2))
