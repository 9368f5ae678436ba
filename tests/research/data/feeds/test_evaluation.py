from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.data.feeds import in_order
from tests.research.data.feeds.sources import Failing, Numbered


@given(st.integers(0, 40), st.integers(1, 9), st.integers(1, 3), st.integers(0, 50))
def test_every_example_once_in_order(n: int, batch_size: int, threads: int, prefetch: int) -> None:
    batches = list(in_order(Numbered(n), batch_size, threads=threads, prefetch=prefetch))
    assert all(len(array) == batch_size for batch in batches for array in batch.values())
    rows = [(i, w) for b in batches for i, w in zip(b["index"], b["weight"], strict=True)]
    assert [i for i, w in rows if w == 1] == list(range(n))
    assert all(w in (0, 1) for _, w in rows)
    assert len(batches) == -(-n // batch_size)


def test_shares_make_the_whole() -> None:
    whole = list(in_order(Numbered(10), 4))
    shares = [list(in_order(Numbered(10), 4, rows=rows)) for rows in (slice(0, 1), slice(1, 4))]
    for batch, *parts in zip(whole, *shares, strict=True):
        for name in batch:
            np.testing.assert_array_equal(np.concatenate([p[name] for p in parts]), batch[name])


def test_an_error_comes_out() -> None:
    with pytest.raises(OSError, match="example 7 is unreadable"):
        list(in_order(Failing(10, at=7, how="raise"), 2))
