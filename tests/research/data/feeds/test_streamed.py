from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.arguments import ArgumentError
from research.data.feeds import InMemory, Resident, Streamed
from tests.research.data.feeds.sources import Failing, Numbered, arrays

# As a trainer calls: on and on, at times by another count, at times from another step.
calls = st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 60)), st.integers(1, 6)), max_size=8)


@pytest.fixture(scope="module")
def reading_threads() -> Callable[[], list[str]]:
    """The names of the feeds' threads, but for those that other tests have left."""
    left = set(threading.enumerate())
    return lambda: [t.name for t in set(threading.enumerate()) - left if t.name.startswith("feed")]


@given(
    st.integers(1, 40),
    st.integers(1, 9),
    st.integers(0, 99),
    st.integers(1, 3),
    st.integers(0, 4),
    calls,
)
def test_the_same_batches_as_resident_bit_for_bit(
    reading_threads: Callable[[], list[str]],
    size: int,
    batch_size: int,
    seed: int,
    threads: int,
    prefetch: int,
    calls: list,
) -> None:
    examples = arrays(np.arange(size))
    resident = Resident(examples=examples, batch_size=batch_size, seed=seed)
    streamed = Streamed(
        Numbered(size), batch_size=batch_size, seed=seed, threads=threads, prefetch=prefetch
    )
    step = 0
    try:
        for jump, count in calls:
            step = step if jump is None else jump
            loaded = streamed.load(step, count)
            indices = resident.load(step, count)
            for k in range(count):
                expected = resident.batch(examples, indices[k])
                batch = streamed.batch(
                    streamed.resident, {name: array[k] for name, array in loaded.items()}
                )
                assert batch.keys() == expected.keys()
                for name in expected:
                    assert batch[name].dtype == expected[name].dtype
                    np.testing.assert_array_equal(batch[name], expected[name])
            step += count
    finally:
        streamed.close()
    assert reading_threads() == []


@given(st.integers(2, 12), st.data())
def test_shares_of_a_batch_make_the_whole(batch_size: int, data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, batch_size - 1))
    whole, first, second = (Streamed(Numbered(30), batch_size=batch_size, seed=1) for _ in range(3))
    try:
        for step in (0, 2):
            parts = [
                first.load(step, 2, slice(0, cut))["index"],
                second.load(step, 2, slice(cut, batch_size))["index"],
            ]
            np.testing.assert_array_equal(
                np.concatenate(parts, axis=1), whole.load(step, 2)["index"]
            )
        # The same feed asked for another share.
        np.testing.assert_array_equal(
            first.load(4, 2, slice(cut, batch_size))["index"],
            second.load(4, 2, slice(cut, batch_size))["index"],
        )
    finally:
        for feed in (whole, first, second):
            feed.close()


class Counting(InMemory):
    """Keeps the indices it was asked for."""

    def __init__(self, size: int) -> None:
        super().__init__(arrays(np.arange(size)))
        object.__setattr__(self, "asked", [])

    def take(self, indices):
        self.asked.append(len(indices))
        return super().take(indices)


def test_reads_ahead_and_reads_nothing_twice() -> None:
    source = Counting(100)
    feed = Streamed(source, batch_size=4, seed=0, prefetch=3)
    for step in range(0, 20, 2):
        feed.load(step, 2)
    feed.load(20, 1)  # a boundary
    feed.load(21, 2)
    feed.load(23, 2)
    feed.close()
    assert set(source.asked) == {8}  # chunks of two steps
    # The 25 steps lie in 13 chunks; the third next is at most begun.
    assert 13 <= len(source.asked) <= 16


def test_without_prefetch_only_what_is_needed() -> None:
    source = Counting(100)
    feed = Streamed(source, batch_size=4, seed=0, prefetch=0)
    feed.load(0, 2)
    feed.load(2, 2)
    feed.close()
    assert source.asked == [8, 8]


def test_a_loaded_batch_is_not_overwritten_by_the_next() -> None:
    feed = Streamed(Numbered(50), batch_size=4, seed=0)
    first = feed.load(0, 1)
    kept = first["values"].copy()
    for step in range(1, 9):
        feed.load(step, 1)
    np.testing.assert_array_equal(first["values"], kept)
    feed.close()


def test_head_takes_the_first_without_starting_anything(
    reading_threads: Callable[[], list[str]],
) -> None:
    feed = Streamed(Numbered(3), batch_size=4, seed=0)
    np.testing.assert_array_equal(feed.head(2)["index"], [0, 1])
    np.testing.assert_array_equal(feed.head(9)["index"], [0, 1, 2])
    assert reading_threads() == []
    assert (feed.size, feed.batch_size, feed.seed, feed.resident) == (3, 4, 0, {})


def test_what_the_source_raises_comes_out_and_the_threads_end(
    reading_threads: Callable[[], list[str]],
) -> None:
    feed = Streamed(Failing(20, at=7, how="raise"), batch_size=5, seed=0)
    with pytest.raises(OSError, match="example 7 is unreadable"):
        for step in range(4):  # one epoch
            feed.load(step, 1)
    assert reading_threads() == []


def test_a_source_that_returns_too_few() -> None:
    feed = Streamed(Failing(20, at=7, how="short"), batch_size=20, seed=0)
    message = "asked for 20 examples and returned arrays of the lengths {'index': 19}"
    with pytest.raises(ArgumentError, match=message):
        feed.load(0, 1)


def test_a_feed_can_be_used_again_after_close() -> None:
    feed = Streamed(Numbered(20), batch_size=5, seed=0)
    first = feed.load(3, 1)
    feed.close()
    feed.close()
    np.testing.assert_array_equal(feed.load(3, 1)["index"], first["index"])
    feed.close()


def test_a_feed_that_is_forgotten_ends_its_threads(
    reading_threads: Callable[[], list[str]],
) -> None:
    feed = Streamed(Numbered(20), batch_size=5, seed=0)
    feed.load(0, 1)
    assert reading_threads()
    del feed
    assert reading_threads() == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"workers": -1}, "workers is -1, expected 0 or more"),
        ({"threads": 0}, "threads is 0, expected 1 or more"),
        ({"prefetch": -1}, "prefetch is -1, expected 0 or more"),
    ],
)
def test_impossible_numbers(settings: dict, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        Streamed(Numbered(5), batch_size=1, seed=0, **settings)


@pytest.mark.parametrize(("first", "count"), [(-1, 1), (0, 0)])
def test_impossible_steps(first: int, count: int) -> None:
    with pytest.raises(ArgumentError, match=f"found step {first}, count {count}"):
        Streamed(Numbered(5), batch_size=1, seed=0).load(first, count)
