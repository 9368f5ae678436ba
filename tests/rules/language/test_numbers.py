import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.errors import RuleError
from rules.language.ir import Span
from rules.language.numbers import parse_number, round_float32, shortest_float32

SPAN = Span(line=1, column=1, end_line=1, end_column=2)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("007", 7),
        ("30_000", 30000),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("1_0.2_5E-1", 1.025),
        ("40%", 0.4),
        ("12.5%", 0.125),
        ("0.1%", 0.001),
        ("100%", 1.0),
    ],
)
def test_spellings(text: str, value: float | int) -> None:
    number = parse_number(text, span=SPAN)
    assert number == value and type(number) is type(value)


@given(st.integers(0, 10**9), st.integers(0, 6))
def test_percent_is_exactly_the_shifted_decimal(digits: int, places: int) -> None:
    text = f"{digits:0{places + 1}d}"
    point = len(text) - places
    percent = text[:point] + ("." + text[point:] if places else "") + "%"
    assert parse_number(percent, span=SPAN) == float(f"{digits}e-{places + 2}")


def test_endless_numbers_are_refused() -> None:
    with pytest.raises(RuleError, match="more than 100 characters"):
        parse_number("9" * 101, span=SPAN)


@given(st.floats(allow_nan=False, allow_infinity=False) | st.floats(width=32, allow_nan=False))
def test_rounding_is_that_of_numpy(value: float) -> None:
    with np.errstate(over="ignore"):
        expected = float(np.float32(value))
    if math.isinf(expected):
        with pytest.raises(RuleError, match="does not fit a float32"):
            round_float32(value, span=SPAN)
    elif abs(expected) < float(np.finfo(np.float32).tiny):
        assert round_float32(value) == 0.0
        assert math.copysign(1, round_float32(value)) == 1
    else:
        assert round_float32(value) == expected


@pytest.mark.parametrize("value", [1e-40, -1e-40, 1.1754942e-38, -0.0, 0.0])
def test_subnormals_and_negative_zero_are_zero(value: float) -> None:
    assert struct.pack("d", round_float32(value)) == struct.pack("d", 0.0)


def test_the_smallest_normal_stays() -> None:
    assert round_float32(2.0**-126) == 2.0**-126


@pytest.mark.parametrize("value", [1e39, 10**400, math.inf], ids=["1e39", "10**400", "inf"])
def test_what_is_too_large(value: float | int) -> None:
    with pytest.raises(RuleError, match="does not fit a float32") as caught:
        round_float32(value, span=SPAN)
    assert caught.value.span == SPAN


@pytest.mark.parametrize(
    ("value", "text"), [(0.4, "0.4"), (3.0, "3"), (0.62, "0.62"), (1e20, "1e+20"), (-2.5, "-2.5")]
)
def test_shortest_texts(value: float, text: str) -> None:
    assert shortest_float32(round_float32(value)) == text


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_shortest_texts_name_the_same_float32(value: float) -> None:
    assert np.float32(shortest_float32(value)) == np.float32(value)
