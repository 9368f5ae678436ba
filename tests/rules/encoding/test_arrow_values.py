"""Arrow arrays made without `pyarrow.array` are those that it makes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.encoding.arrow_values import (
    FEW,
    few,
    filled,
    list_array,
    number_array,
    text_array,
    truths,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
INTS = st.integers(-(2**63), 2**63 - 1)
KINDS = (
    TEXTS,
    st.booleans(),
    INTS,
    st.floats(),
    st.floats() | st.integers(-(2**53), 2**53),
)


def _same(made: pa.Array, expected: pa.Array) -> None:
    made.validate(full=True)
    assert made.type == expected.type and made.null_count == expected.null_count
    for one, other in zip(made.to_pylist(), expected.to_pylist(), strict=True):
        both = isinstance(one, float) and isinstance(other, float)
        assert one == other or (both and math.isnan(one) and math.isnan(other))


@given(st.sampled_from(KINDS).flatmap(lambda kind: st.lists(kind | st.none(), max_size=12)))
def test_short_lists_of_one_kind(values: list[Any]) -> None:
    made = few(values)
    if not pa.types.is_null(pa.array(values, from_pandas=True).type):
        assert made is not None
        _same(made, pa.array(values, from_pandas=True))


@pytest.mark.parametrize(
    "values",
    [
        [None],
        [math.nan, None],
        [],
        [1, True],
        [1, "a"],
        [2**63],
        [0.5, 2**53 + 1],
        [np.float64(1.0)],
        [["a"]],
        (1, 2),
        np.zeros(3),
        [1] * (FEW + 1),
    ],
)
def test_all_others_are_left_to_pyarrow(values: Any) -> None:
    assert few(values) is None


@given(st.lists(TEXTS | st.none(), max_size=12), st.lists(st.lists(TEXTS, max_size=3), max_size=5))
def test_texts_and_lists_of_them(texts: list[str | None], lists: list[list[str]]) -> None:
    _same(text_array(iter(texts)), pa.array(texts, pa.string()))
    _same(list_array(lists), pa.array(lists, pa.list_(pa.string())))


def test_long_ones() -> None:
    texts = ["ä", None, "long"] * FEW
    _same(text_array(texts), pa.array(texts, pa.string()))
    _same(list_array([["a"], []] * FEW), pa.array([["a"], []] * FEW))


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64", "float32", "float64"])
def test_numbers(dtype: str) -> None:
    numbers = np.arange(12).astype(dtype)[::2]
    _same(number_array(numbers), pa.array(numbers))
    array = pa.array([1, None, 3], pa.from_numpy_dtype(np.dtype(dtype)))
    for whole in (array, array[:1], array[:0], array[1:]):
        expected = [-1 if value is None else value for value in whole.to_pylist()]
        assert filled(whole, -1).tolist() == expected
    both = pa.array([True, False, True, True])
    assert truths(both[1:]).tolist() == [False, True, True] and truths(both[:0]).tolist() == []
    assert filled(pa.array([2**62 + 1, None]), 0).tolist() == [2**62 + 1, 0]
