"""The values of one input, from what people keep in tables to what the engines compute with.

The encodings: float32 with NaN, int32 with -2**31 (whole numbers and days), int8 with -1 and
codes (int32, of enums and texts) with -1 where a value is missing.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from rules.encoding.arrow_values import few, filled, text_array, truths
from rules.encoding.dates import days
from rules.encoding.texts import TextCodes
from rules.encoding.told import Place
from rules.encoding.values import Column, missing_column
from rules.engines.values import FLOAT_MAX, INT_MISSING, TINY, Value, admit, canonical
from rules.errors import did_you_mean
from rules.language import ir

__all__ = ["arrow_array", "encode_column"]

TRUE, FALSE = ("true", "yes"), ("false", "no")


def encode_column(
    item: ir.Input,
    values: Any,
    *,
    texts: TextCodes | None = None,
    rows: npt.NDArray[np.int64] | None = None,
) -> Column:
    """Encodes the values of one input.

    Args:
        item: the input.
        values: a pyarrow array, a NumPy array `[B]`, or a sequence of Python values; None,
            NaN, null and infinities are missing.
        texts: the codes of texts, for an input that is one.
        rows: int64 `[B]`, the case of each value, for messages; by default its position.

    Returns:
        `[B]`; values outside the bounds of the input are missing, with a UserWarning.

    Raises:
        TypeError: a value is of another kind than the input.
        ValueError: a text is no member of the input's list, or no date.
    """
    place = Place(item=item, rows=rows)
    array = _arrow(place, values)
    if array.null_count == len(array):
        return missing_column(item.type, len(array))
    match item.type:
        case ir.FloatType():
            return _floats(place, item.type, array)
        case ir.IntType():
            return _ints(place, item.type, array)
        case ir.BoolType():
            return _bools(place, array)
        case ir.EnumType():
            return _codes(place, item.type, array)
        case ir.DateType():
            return _days(place, item.type, array)
        case ir.StringType():
            return _texts(place, texts or TextCodes(()), array)
        case ir.ObjectType():
            raise TypeError(f"input {item.name} is an object, which no column holds")


def arrow_array(values: Any) -> pa.Array | pa.ChunkedArray:
    """A column of Python or NumPy values, ints beyond 64 bits as floats.

    Raises:
        pyarrow.ArrowException: the values are of several kinds.
    """
    array = few(values)
    if array is not None:
        return array
    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, OverflowError):
        return pa.array([_narrow(value) for value in values], from_pandas=True)


def _narrow(value: Any) -> Any:
    if not isinstance(value, int) or -(2**63) <= value < 2**63:
        return value
    return float(max(-sys.float_info.max, min(value, sys.float_info.max)))


def _arrow(place: Place, values: Any) -> pa.Array:
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if hasattr(values, "__array__") and not hasattr(values, "type") and not hasattr(values, "iloc"):
        values = np.asarray(values)  # also what lives on a device
    if not isinstance(values, pa.Array):
        try:
            values = arrow_array(values)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
            # Values of several kinds: one by one, so that the wrong one is named.
            values = pa.array([_admit(place, row, value) for row, value in enumerate(values)])
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_string_view(values.type):
        values = values.cast(pa.string())
    return values


def _admit(place: Place, row: int, value: Any) -> Value | None:
    try:
        return admit(place.item.name, place.item.type, value)
    except (TypeError, ValueError) as error:
        raise type(error)(f"row {place.number(row)}: {error}") from None


def _floats(place: Place, type_: ir.FloatType, array: pa.Array) -> Column:
    numbers, present = _numbers(place, array)
    with np.errstate(over="ignore"):
        column = numbers.astype(np.float32)
    column[np.abs(column) <= np.float32(TINY)] = 0
    column[~present | ~(np.abs(column) <= np.float32(FLOAT_MAX))] = np.nan
    outside = np.zeros(len(column), bool)
    if type_.low is not None:
        low = np.float32(canonical(type_.low))
        outside |= column <= low if type_.low_open else column < low
    if type_.high is not None:
        high = np.float32(canonical(type_.high))
        outside |= column >= high if type_.high_open else column > high
    column[outside] = np.nan
    place.warn(outside)
    return column


def _ints(place: Place, type_: ir.IntType, array: pa.Array) -> Column:
    numbers, present = _numbers(place, array)
    if numbers.dtype.kind == "f":
        present = present & np.isfinite(numbers)
        fractional = present & (numbers != np.floor(numbers))
        if fractional.any():
            raise _mismatch(place, array, fractional)
    outside = present & ((numbers < type_.low) | (numbers > type_.high))
    inside = present & ~outside
    place.warn(outside)
    column: Column = np.where(inside, np.where(inside, numbers, 0).astype(np.int64), INT_MISSING)
    return column.astype(np.int32)


def _bools(place: Place, array: pa.Array) -> Column:
    present = _present(array)
    if _is_text(array):
        text = pc.utf8_lower(pc.utf8_trim_whitespace(array))
        true, false = (
            truths(pc.is_in(text, text_array(words).cast(text.type))) for words in (TRUE, FALSE)
        )
    elif _is_number(array) or pa.types.is_boolean(array.type):
        # Floats too: they are what pandas makes of a column of bools that lacks some.
        numbers = filled(array.cast(pa.float64(), safe=False), np.nan)
        if array.type == pa.int8():  # encoded already
            numbers = np.where(numbers == -1, np.nan, numbers)
        present, true, false = ~np.isnan(numbers), numbers == 1, numbers == 0
    else:
        raise _mismatch(place, array, present)
    wrong = present & ~true & ~false
    if wrong.any():
        raise _mismatch(place, array, wrong)
    return np.where(true, 1, np.where(false, 0, -1)).astype(np.int8)


def _codes(place: Place, type_: ir.EnumType, array: pa.Array) -> Column:
    if pa.types.is_integer(array.type) or pa.types.is_boolean(array.type):
        array = array.cast(pa.string())  # what a CSV reader makes of members like "1"
    if not _is_text(array):
        raise _mismatch(place, array, _present(array))
    members = text_array(type_.members).cast(array.type)
    codes = filled(pc.index_in(array, members), -1)
    wrong = _present(array) & (codes < 0)
    if wrong.any():
        row = int(np.argmax(wrong))
        hint = did_you_mean(array[row].as_py(), type_.members)
        raise ValueError(place.told(array, row) + (f"; {hint}" if hint else ""))
    column: Column = codes.astype(np.int32)
    return column


def _days(place: Place, type_: ir.DateType, array: pa.Array) -> Column:
    numbers, present = days(place, array)
    outside = present & ((numbers < type_.low) | (numbers > type_.high))
    place.warn(outside)
    column: Column = np.where(present & ~outside, numbers, INT_MISSING)
    return column.astype(np.int32)


def _texts(place: Place, texts: TextCodes, array: pa.Array) -> Column:
    if not _is_text(array):
        raise _mismatch(place, array, _present(array))
    return texts.encode(array)


def _numbers(place: Place, array: pa.Array) -> tuple[Column, npt.NDArray[np.bool_]]:
    """Numbers, 0 where there is none, and where there is one."""
    present = _present(array)
    if pa.types.is_decimal(array.type):
        array = array.cast(pa.float64())
    if _is_text(array):
        raise _no_number(place, array)
    if not _is_number(array):
        raise _mismatch(place, array, present)
    return filled(array, 0), present


def _present(array: pa.Array) -> npt.NDArray[np.bool_]:
    return truths(array.is_valid())


def _is_number(array: pa.Array) -> bool:
    return bool(pa.types.is_integer(array.type) or pa.types.is_floating(array.type))


def _is_text(array: pa.Array) -> bool:
    return bool(pa.types.is_string(array.type) or pa.types.is_large_string(array.type))


def _mismatch(place: Place, array: pa.Array, wrong: npt.NDArray[np.bool_]) -> TypeError:
    return TypeError(place.told(array, int(np.argmax(wrong))))


def _no_number(place: Place, array: pa.Array) -> TypeError:
    for row, text in enumerate(array.to_pylist()):
        try:
            float(text or 0)
        except ValueError:
            return TypeError(place.told(array, row))
    return TypeError(f"input {place.item.name}: the column holds texts, not numbers; convert it")
