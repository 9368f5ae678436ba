"""One column of cases, from what people keep in tables to what the engines compute with.

The encodings: float32 with NaN, int32 with -2**31, int8 with -1 and enum codes (int32) with
-1 where a value is missing.
"""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from rules.engines.values import (
    FLOAT_MAX,
    INT_MISSING,
    TINY,
    Value,
    admit,
    canonical,
    expected,
)
from rules.errors import did_you_mean
from rules.language import ir

__all__ = ["arrow_array", "decode_value", "encode_column", "encode_values", "missing_column"]

Column = npt.NDArray[Any]
TRUE, FALSE = ("true", "yes"), ("false", "no")


def encode_column(item: ir.Input, values: Any) -> Column:
    """Encodes the values of one input.

    Args:
        item: the input.
        values: a pyarrow array, a NumPy array `[B]`, or a sequence of Python values; None,
            NaN, null and infinities are missing.

    Returns:
        `[B]`; values outside the bounds of the input are missing, with a UserWarning.

    Raises:
        TypeError: a value is of another kind than the input.
        ValueError: a text is no member of the input's list.
    """
    array = _arrow(item, values)
    if array.null_count == len(array):
        return missing_column(item.type, len(array))
    match item.type:
        case ir.FloatType():
            return _floats(item, item.type, array)
        case ir.IntType():
            return _ints(item, item.type, array)
        case ir.BoolType():
            return _bools(item, array)
        case ir.EnumType():
            return _codes(item, item.type, array)


def missing_column(type_: ir.Type, count: int) -> Column:
    """A column of `count` missing values."""
    match type_:
        case ir.FloatType():
            return np.full(count, np.nan, np.float32)
        case ir.IntType():
            return np.full(count, INT_MISSING, np.int32)
        case ir.BoolType():
            return np.full(count, -1, np.int8)
        case ir.EnumType():
            return np.full(count, -1, np.int32)


def encode_values(type_: ir.Type, values: Sequence[Value | None]) -> Column:
    """A column of values that an engine computed, None where one is unknown."""
    column = missing_column(type_, len(values))
    for row, value in enumerate(values):
        if value is not None:
            if isinstance(type_, ir.EnumType):
                value = type_.members.index(str(value))
            column[row] = value
    return column


def decode_value(type_: ir.Type, code: Any) -> Value | None:
    """The value that one encoded element stands for; None is missing.

    Args:
        type_: of the input or derived name.
        code: a NumPy scalar, also of the other dtypes that `rules.engines.xla` takes.
    """
    plain = code.item()
    match type_:
        case ir.FloatType():
            return float(plain) if math.isfinite(plain) else None
        case ir.IntType():
            return None if plain == INT_MISSING else int(plain)
        case ir.BoolType():
            return None if plain < 0 else bool(plain)
        case ir.EnumType(members=members):
            return members[plain] if 0 <= plain < len(members) else None


def arrow_array(values: Any) -> pa.Array | pa.ChunkedArray:
    """A column of Python or NumPy values, ints beyond 64 bits as floats.

    Raises:
        pyarrow.ArrowException: the values are of several kinds.
    """
    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, OverflowError):
        return pa.array([_narrow(value) for value in values], from_pandas=True)


def _narrow(value: Any) -> Any:
    if not isinstance(value, int) or -(2**63) <= value < 2**63:
        return value
    return float(max(-sys.float_info.max, min(value, sys.float_info.max)))


def _arrow(item: ir.Input, values: Any) -> pa.Array:
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if hasattr(values, "__array__") and not hasattr(values, "type") and not hasattr(values, "iloc"):
        values = np.asarray(values)  # also what lives on a device
    if not isinstance(values, pa.Array):
        try:
            values = arrow_array(values)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
            # Values of several kinds: one by one, so that the wrong one is named.
            values = pa.array([_admit(item, row, value) for row, value in enumerate(values)])
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_string_view(values.type):
        values = values.cast(pa.string())
    return values


def _admit(item: ir.Input, row: int, value: Any) -> Value | None:
    try:
        return admit(item.name, item.type, value)
    except (TypeError, ValueError) as error:
        raise type(error)(f"row {row + 1}: {error}") from None


def _floats(item: ir.Input, type_: ir.FloatType, array: pa.Array) -> Column:
    numbers, present = _numbers(item, array)
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
    _warn(item, outside)
    return column


def _ints(item: ir.Input, type_: ir.IntType, array: pa.Array) -> Column:
    numbers, present = _numbers(item, array)
    if numbers.dtype.kind == "f":
        present = present & np.isfinite(numbers)
        fractional = present & (numbers != np.floor(numbers))
        if fractional.any():
            raise _mismatch(item, array, fractional)
    outside = present & ((numbers < type_.low) | (numbers > type_.high))
    inside = present & ~outside
    _warn(item, outside)
    column: Column = np.where(inside, np.where(inside, numbers, 0).astype(np.int64), INT_MISSING)
    return column.astype(np.int32)


def _bools(item: ir.Input, array: pa.Array) -> Column:
    present = _present(array)
    if _is_text(array):
        text = pc.utf8_lower(pc.utf8_trim_whitespace(array))
        true, false = (
            pc.is_in(text, pa.array(words, text.type)).to_numpy(zero_copy_only=False)
            for words in (TRUE, FALSE)
        )
    elif _is_number(array) or pa.types.is_boolean(array.type):
        # Floats too: they are what pandas makes of a column of bools that lacks some.
        numbers = array.cast(pa.float64(), safe=False).fill_null(np.nan)
        numbers = numbers.to_numpy(zero_copy_only=False)
        present, true, false = ~np.isnan(numbers), numbers == 1, numbers == 0
    else:
        raise _mismatch(item, array, present)
    wrong = present & ~true & ~false
    if wrong.any():
        raise _mismatch(item, array, wrong)
    return np.where(true, 1, np.where(false, 0, -1)).astype(np.int8)


def _codes(item: ir.Input, type_: ir.EnumType, array: pa.Array) -> Column:
    if pa.types.is_integer(array.type) or pa.types.is_boolean(array.type):
        array = array.cast(pa.string())  # what a CSV reader makes of members like "1"
    if not _is_text(array):
        raise _mismatch(item, array, _present(array))
    members = pa.array(type_.members, array.type)
    codes = pc.index_in(array, members).fill_null(-1).to_numpy(zero_copy_only=False)
    wrong = _present(array) & (codes < 0)
    if wrong.any():
        row = int(np.argmax(wrong))
        hint = did_you_mean(array[row].as_py(), type_.members)
        raise ValueError(_told(item, array, row) + (f"; {hint}" if hint else ""))
    column: Column = codes.astype(np.int32)
    return column


def _numbers(item: ir.Input, array: pa.Array) -> tuple[Column, npt.NDArray[np.bool_]]:
    """Numbers, 0 where there is none, and where there is one."""
    present = _present(array)
    if pa.types.is_decimal(array.type):
        array = array.cast(pa.float64())
    if _is_text(array):
        raise _no_number(item, array)
    if not _is_number(array):
        raise _mismatch(item, array, present)
    return array.fill_null(0).to_numpy(zero_copy_only=False), present


def _present(array: pa.Array) -> npt.NDArray[np.bool_]:
    present: npt.NDArray[np.bool_] = array.is_valid().to_numpy(zero_copy_only=False)
    return present


def _is_number(array: pa.Array) -> bool:
    return bool(pa.types.is_integer(array.type) or pa.types.is_floating(array.type))


def _is_text(array: pa.Array) -> bool:
    return bool(pa.types.is_string(array.type) or pa.types.is_large_string(array.type))


def _mismatch(item: ir.Input, array: pa.Array, wrong: npt.NDArray[np.bool_]) -> TypeError:
    return TypeError(_told(item, array, int(np.argmax(wrong))))


def _no_number(item: ir.Input, array: pa.Array) -> TypeError:
    for row, text in enumerate(array.to_pylist()):
        try:
            float(text or 0)
        except ValueError:
            return TypeError(_told(item, array, row))
    return TypeError(f"input {item.name}: the column holds texts, not numbers; convert it")


def _told(item: ir.Input, array: pa.Array, row: int) -> str:
    found = array[row].as_py()
    return f"row {row + 1}: input {item.name}: found {found!r}, expected {expected(item.type)}"


def _warn(item: ir.Input, outside: npt.NDArray[np.bool_]) -> None:
    count = int(outside.sum())
    if count:
        warnings.warn(
            f"input {item.name}: {count} of {len(outside)} values are out of bounds and count "
            f"as missing, the first in row {int(np.argmax(outside)) + 1}; expected "
            f"{expected(item.type)}",
            UserWarning,
            stacklevel=4,
        )
