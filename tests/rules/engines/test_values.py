"""The number contract: what a case may hold."""

from __future__ import annotations

import datetime
import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.engines.values import FLOAT_MAX, TINY, admit, canonical, expected, within
from rules.language import ir

COLOUR = ir.EnumType(("red", "green"))


@given(st.floats())
def test_canonical_is_float32_without_specks_and_infinities(number: float) -> None:
    with np.errstate(over="ignore"):
        rounded = np.float32(number)
    found = canonical(number)
    if not np.isfinite(rounded):
        assert found is None
    elif abs(rounded) <= TINY:
        assert found == 0 and math.copysign(1, found) == 1
    else:
        assert found == rounded


@pytest.mark.parametrize("number", [0.0, -0.0, 1e-45, -1e-40, TINY, -TINY, TINY / 2])
def test_specks_are_a_positive_zero(number: float) -> None:
    assert struct.pack("d", canonical(number)) == struct.pack("d", 0.0)


def test_the_smallest_number_that_counts() -> None:
    above = float(np.nextafter(np.float32(TINY), np.float32(1)))
    assert canonical(above) == above


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 1e39, FLOAT_MAX * 1.0001])
def test_what_is_not_finite_in_float32_is_unknown(number: float) -> None:
    assert canonical(number) is None


@pytest.mark.parametrize(
    ("type_", "value", "inside"),
    [
        (ir.PROB, 0.0, True),
        (ir.PROB, 1.0, True),
        (ir.PROB, 1.0000001, False),
        (ir.FloatType(low=0.0, low_open=True), 0.0, False),
        (ir.FloatType(high=3.0, high_open=True), 3.0, False),
        (ir.FloatType(low=1e-40), 0.0, True),  # the bound is flushed as well
        (ir.FloatType(high=0.1), float(np.float32(0.1)), True),  # and rounded
        (ir.IntType(0, 5), 5, True),
        (ir.IntType(0, 5), 6, False),
        (ir.BOOL, True, True),
        (COLOUR, "red", True),
    ],
)
def test_bounds(type_: ir.Type, value: float | str, inside: bool) -> None:
    assert within(type_, value) is inside


@pytest.mark.parametrize(
    ("type_", "given_", "admitted"),
    [
        (ir.FloatType(), 3, 3.0),
        (ir.FloatType(), 0.1, float(np.float32(0.1))),
        (ir.FloatType(), np.float32(0.5), 0.5),
        (ir.FloatType(), math.nan, None),
        (ir.FloatType(), None, None),
        (ir.FloatType(), 1e300, None),
        (ir.PROB, 1.5, None),
        (ir.IntType(), 3.0, 3),
        (ir.IntType(), np.int64(7), 7),
        (ir.IntType(), math.inf, None),
        (ir.IntType(0, 5), 6, None),
        (ir.IntType(), 2**40, None),
        (ir.BOOL, np.bool_(True), True),
        (COLOUR, "green", "green"),
        (ir.StringType(), "Spain", "Spain"),
        (ir.DateType(), "1970-01-02", 1),
        (ir.DateType(), "1970-01-02T12:30:00", 1),
        (ir.DateType(), datetime.date(1969, 12, 31), -1),
        (ir.DateType(), datetime.datetime(1970, 1, 2, 23, 59), 1),
        (ir.DateType(), np.datetime64("1970-01-02T23:59", "ns"), 1),
        (ir.DateType(), np.datetime64("NaT", "D"), None),
        (ir.DateType(), 7, 7),
        (ir.DateType(), 7.0, 7),
        (ir.DateType(), math.nan, None),
        (ir.DateType(), ir.DAY_MAX + 1, None),
    ],
)
def test_admit(type_: ir.Type, given_: object, admitted: object) -> None:
    found = admit("x", type_, given_)  # type: ignore[arg-type]
    assert found == admitted and type(found) is type(admitted)


@pytest.mark.parametrize(
    ("type_", "given_", "error", "text"),
    [
        (ir.FloatType(), "3", TypeError, "input x: found '3', expected a number, or None where"),
        (ir.FloatType(), True, TypeError, "found True, expected a number"),
        (ir.IntType(0, 9), 2.5, TypeError, "found 2.5, expected a whole number in 0..9"),
        (ir.BOOL, 1, TypeError, "found 1, expected true or false"),
        (ir.BOOL, math.nan, TypeError, "found nan, expected true or false"),
        (COLOUR, 1, TypeError, "found 1, expected one of red, green"),
        (COLOUR, True, TypeError, "found True, expected one of red, green"),
        (COLOUR, "gren", ValueError, "expected one of red, green; did you mean green?"),
        (COLOUR, "zzzz", ValueError, "found 'zzzz', expected one of red, green"),
        (ir.DateType(), "tomorrow", ValueError, "found 'tomorrow', expected a date such as 2026"),
        (ir.DateType(), True, TypeError, "found True, expected a date such as 2026-01-31, or None"),
        (ir.DateType(), 1.5, TypeError, "found 1.5, expected a date"),
        (ir.StringType(), 1, TypeError, "found 1, expected a text, or None where"),
        (ir.FloatType(), datetime.date(2026, 1, 1), TypeError, "expected a number"),
    ],
)
def test_admit_tells_what_it_expected(
    type_: ir.Type, given_: object, error: type[Exception], text: str
) -> None:
    with pytest.raises(error) as caught:
        admit("x", type_, given_)  # type: ignore[arg-type]
    assert text in str(caught.value)


def test_expected_names_the_bounds() -> None:
    bounds = ir.FloatType(low=0.0, high=1.0, low_open=True, high_open=True)
    assert expected(bounds) == "a number > 0 and < 1"
    assert expected(ir.PROB) == "a number >= 0 and <= 1"
    assert expected(ir.FloatType()) == "a number"
