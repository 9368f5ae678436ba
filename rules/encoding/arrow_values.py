"""Arrow arrays from Python values, and as NumPy arrays, without pandas.

`pyarrow.array`, `pyarrow.scalar` and `to_numpy` import pandas, where it is installed, to see
whether they got something of it, which takes longer than to decide a case. Short arrays are made
of their buffers here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

__all__ = ["few", "filled", "list_array", "number_array", "text_array", "truths"]

FEW = 1000  # values; beyond, pyarrow's own conversion is several times faster
EXACT = 2**53  # ints up to which all are floats


def few(values: Any) -> pa.Array | None:
    """The array that `pyarrow.array(values, from_pandas=True)` makes of a short list.

    Returns:
        Texts, truths or numbers; None where there are too many values, or others than these.
    """
    if not isinstance(values, list) or len(values) > FEW:
        return None
    kinds = {type(value) for value in values} - {type(None)}
    if kinds == {str}:
        return text_array(values)
    if kinds == {bool}:
        return _array(pa.bool_(), values, None)
    if kinds == {int} and all(-(2**63) <= value < 2**63 for value in values if value is not None):
        return _array(pa.int64(), values, np.int64)
    exact = all(abs(value) <= EXACT for value in values if type(value) is int)
    if float in kinds and kinds <= {int, float} and exact:
        known = [None if value is None or math.isnan(value) else value for value in values]
        return _array(pa.float64(), known, np.float64) if set(known) != {None} else None
    return None


def text_array(texts: Iterable[str | None]) -> pa.StringArray:
    """An array of texts; None is null."""
    texts = list(texts)
    if len(texts) > FEW:
        return pa.array(texts, pa.string())
    encoded = [b"" if text is None else text.encode() for text in texts]
    offsets = _offsets(map(len, encoded))
    data = pa.py_buffer(b"".join(encoded))
    return pa.StringArray.from_buffers(len(texts), offsets, data, _present(texts))


def list_array(lists: Sequence[Sequence[str]]) -> pa.ListArray:
    """An array of lists of texts."""
    if len(lists) > FEW:
        return pa.array(lists, pa.list_(pa.string()))
    texts = text_array(text for one in lists for text in one)
    offsets = _offsets(map(len, lists))
    return pa.Array.from_buffers(
        pa.list_(pa.string()), len(lists), [None, offsets], children=[texts]
    )


def number_array(numbers: npt.NDArray[Any]) -> pa.Array:
    """An array of the numbers of a NumPy array `[B]`, none of them null."""
    data = pa.py_buffer(np.ascontiguousarray(numbers))
    return pa.Array.from_buffers(pa.from_numpy_dtype(numbers.dtype), len(numbers), [None, data])


def filled(array: pa.Array, value: float) -> npt.NDArray[Any]:
    """`[B]`: the values of an array of numbers, one of them in place of null."""
    if array.null_count:
        array = array.fill_null(number_array(np.array([value]))[0].cast(array.type))
    return np.from_dlpack(array)


def truths(array: pa.BooleanArray) -> npt.NDArray[np.bool_]:
    """An array of truths, none of them null, as NumPy has it, `[B]`."""
    return np.from_dlpack(array.cast(pa.int8())).astype(bool)


def _array(type_: pa.DataType, values: Sequence[Any], dtype: Any) -> pa.Array:
    plain = [value or 0 for value in values]
    data = _bits(plain) if dtype is None else pa.py_buffer(np.array(plain, dtype))
    return pa.Array.from_buffers(type_, len(values), [_present(values), data])


def _offsets(lengths: Iterable[int]) -> pa.Buffer:
    return pa.py_buffer(np.array([0, *accumulate(lengths)], np.int32))


def _present(values: Sequence[Any]) -> pa.Buffer | None:
    """Where there is a value, as bits; None where there always is."""
    present = [value is not None for value in values]
    return None if all(present) else _bits(present)


def _bits(truths: Sequence[Any]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(np.array(truths, bool), bitorder="little"))
