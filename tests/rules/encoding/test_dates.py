"""Dates of every kind as day numbers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from rules.encoding import decode_value, encode_column
from rules.engines.values import INT_MISSING, admit
from rules.language import ir

DAY = ir.Input(name="day", type=ir.DateType())
DAYS = [date(1970, 1, 2), None, date(2026, 3, 1), date(1969, 12, 31)]
NUMBERS = [1, INT_MISSING, 20_513, -1]
TIMES = [value and datetime(value.year, value.month, value.day, 23, 59) for value in DAYS]


@pytest.mark.parametrize(
    "values",
    [
        DAYS,
        TIMES,
        [value and value.isoformat() for value in DAYS],
        [value and value.isoformat(" ") for value in TIMES],
        np.array(DAYS, "datetime64[D]"),
        np.array(TIMES, "datetime64[ns]"),
        pd.to_datetime(pd.Series(TIMES)),
        pd.Series(TIMES, dtype="datetime64[ns, UTC]"),
        pa.array(DAYS),
        pa.array(DAYS, pa.date64()),
        pa.array(TIMES, pa.timestamp("us")),
        pa.array(TIMES, pa.timestamp("s", tz="UTC")),
        pa.array(["1970-01-02", None, "2026-03-01", "1969-12-31"], pa.large_string()),
        [1, None, 20_513, -1],
        [1.0, float("nan"), 20_513.0, -1.0],
        np.array([1, INT_MISSING, 20_513, -1], np.int32),
        [date(1970, 1, 2), None, "2026-03-01", -1],
    ],
)
@pytest.mark.filterwarnings("ignore:input day. 1 of 4 values are out of bounds")
def test_every_kind_of_day(values: Any) -> None:
    column = encode_column(DAY, values)
    assert column.dtype == np.int32 and column.tolist() == NUMBERS


def test_a_time_with_a_zone_is_a_day_there() -> None:
    late = datetime(2026, 3, 1, 1, tzinfo=timezone(timedelta(hours=2)))
    assert admit("day", DAY.type, late) == 20_513
    tokyo = pa.array([datetime(2026, 2, 28, 20, tzinfo=UTC)], pa.timestamp("s", tz="Asia/Tokyo"))
    assert encode_column(DAY, tokyo).tolist() == [20_513]


def test_days_out_of_the_calendar_are_missing() -> None:
    with pytest.warns(UserWarning, match="2 of 3 values are out of bounds .* row 1; expected a d"):
        found = encode_column(DAY, [ir.DAY_MIN - 1, ir.DAY_MAX, 2**40])
    assert found.tolist() == [INT_MISSING, ir.DAY_MAX, INT_MISSING]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (
            ["2026-03-01", "01.03.2026"],
            "row 2: input day: found '01.03.2026', expected a date such",
        ),
        (["2026-02-30"], "row 1: input day: found '2026-02-30'"),
        ([1.5], "row 1: input day: found 1.5, expected a date such as 2026-01-31"),
        ([None, True], "row 2: input day: found True"),
        (pa.array([1], pa.duration("s")), "row 1: input day"),
    ],
)
def test_what_is_no_day(values: Any, told: str) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        encode_column(DAY, values)
    assert told in str(caught.value)


def test_decoding() -> None:
    assert [decode_value(DAY.type, code) for code in np.array(NUMBERS, np.int32)] == [
        1, None, 20_513, -1
    ]  # fmt: skip
