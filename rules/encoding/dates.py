"""Dates as the numbers of their days: days since 1970-01-01."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from rules.encoding.arrow_values import filled, number_array, truths
from rules.encoding.told import Place
from rules.language.settings import day_number

__all__ = ["days"]

BEYOND = 2**40  # no day, and no overflow on the way to a whole number


def days(place: Place, array: pa.Array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Day numbers, 0 where there is none, and where there is one.

    Args:
        place: for messages.
        array: dates, times (of which the day counts, where they have a zone the day there),
            texts such as `2026-01-31`, or day numbers.

    Raises:
        TypeError: the array holds something else.
        ValueError: a text is no date.
    """
    kind = array.type
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        array = pc.local_timestamp(array)
    if pa.types.is_timestamp(kind) or pa.types.is_date64(kind):
        array = pc.floor_temporal(array.cast(pa.timestamp("ms"), safe=False), unit="day")
        array = array.cast(pa.date32())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        array = _of_texts(place, array)
    present = truths(array.is_valid())
    if pa.types.is_date32(array.type):
        array = array.cast(pa.int32())
    if pa.types.is_floating(array.type):  # what pandas makes of whole numbers that lack some
        numbers = filled(array, np.nan)
        present = np.isfinite(numbers)
        wrong = present & (numbers != np.floor(numbers))
    elif pa.types.is_integer(array.type):
        numbers = filled(array, 0)
        wrong = np.zeros(len(array), bool)
    else:
        wrong = present
    if wrong.any():
        raise TypeError(place.told(array, int(np.argmax(wrong))))
    bounded = np.where(present, numbers, 0).clip(-BEYOND, BEYOND)
    return bounded.astype(np.int64), present


def _of_texts(place: Place, array: pa.Array) -> pa.Array:
    # Few distinct days stand in many rows.
    coded = array.dictionary_encode()
    numbers = []
    for text in coded.dictionary.to_pylist():
        try:
            numbers.append(day_number(datetime.fromisoformat(text.strip())))
        except ValueError:
            row = pc.index(array, text).as_py()
            raise ValueError(place.told(array, row)) from None
    return number_array(np.array(numbers, np.int32)).take(coded.indices)
