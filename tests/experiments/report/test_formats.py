from __future__ import annotations

import math

import pytest

from experiments.report.formats import NOTHING, count, decimal, percent, plain_value, signed

MINUS = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (count(4454), "4,454"),
        (count(-1200), f"{MINUS}1,200"),
        (decimal(0.84249), "0.842"),
        (decimal(12345.678, 1), "12,345.7"),
        (percent(0.2814), "28.1%"),
        (percent(1, 0), "100%"),
        (signed(12), "+12.0"),
        (signed(-1234.56), f"{MINUS}1,234.6"),
        (signed(0.0), "0.0"),
        (signed(-0.04), "0.0"),
    ],
)
def test_numbers(found: str, expected: str) -> None:
    assert found == expected


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_a_dash(value: float) -> None:
    assert [f(value) for f in (count, decimal, percent, signed)] == [NOTHING] * 4


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "missing"),
        (math.nan, "missing"),
        (math.inf, NOTHING),
        (True, "yes"),
        (False, "no"),
        (3000, "3,000"),
        (3000.0, "3,000"),
        (-2, f"{MINUS}2"),
        (0.123456, "0.1235"),
        (1e20, "1e+20"),
        ("part-time", "part-time"),
    ],
)
def test_inputs_of_a_case(value: object, expected: str) -> None:
    assert plain_value(value) == expected


def test_what_is_told_of_objects() -> None:
    assert plain_value({}) == "none"
    assert plain_value({"anna": 50_000, "bob": None}) == "anna 50,000, bob missing"
    assert plain_value({("anna", 3): True}) == "anna 3 yes"
