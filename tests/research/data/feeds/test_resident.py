from __future__ import annotations

import jax
import numpy as np
import pytest

from research.arguments import ArgumentError
from research.data.feeds import InMemory, Resident
from research.data.loading import Batches

EXAMPLES = {"x": np.arange(20, dtype=np.float32).reshape(10, 2), "y": np.arange(10)}


def test_gathers_what_batches_names():
    feed = Resident(examples=EXAMPLES, batch_size=4, seed=3)
    assert (feed.size, feed.batch_size) == (10, 4)
    loaded = feed.load(7, 3, slice(1, 3))
    expected = Batches(10, 4, seed=3).steps(7, 3)[:, 1:3]
    np.testing.assert_array_equal(loaded, expected)
    assert loaded.dtype == np.int32
    batch = jax.jit(feed.batch)(feed.resident, loaded[2])
    np.testing.assert_array_equal(batch["x"], EXAMPLES["x"][expected[2]])
    np.testing.assert_array_equal(batch["y"], expected[2])
    feed.close()


def test_head():
    head = Resident(examples=EXAMPLES, batch_size=4, seed=3).head(2)
    assert {name: array.tolist() for name, array in head.items()} == {
        "x": [[0, 1], [2, 3]],
        "y": [0, 1],
    }


@pytest.mark.parametrize(
    ("examples", "message"),
    [
        ({}, "the examples have the lengths \\(nothing\\), expected one and the same"),
        ({"x": np.zeros(3), "y": np.zeros(4)}, "the lengths {'x': 3, 'y': 4}"),
    ],
)
@pytest.mark.parametrize(
    "make", [InMemory, lambda arrays: Resident(examples=arrays, batch_size=1, seed=0)]
)
def test_arrays_that_do_not_belong_together(make, examples, message):
    with pytest.raises(ArgumentError, match=message):
        make(examples)


def test_nothing_to_train_on():
    with pytest.raises(ValueError, match="found 0 examples"):
        Resident(examples={"x": np.zeros((0, 3))}, batch_size=1, seed=0)


def test_in_memory_takes_in_any_order():
    source = InMemory(EXAMPLES)
    assert len(source) == 10
    np.testing.assert_array_equal(source.take(np.array([9, 0, 9]))["y"], [9, 0, 9])
