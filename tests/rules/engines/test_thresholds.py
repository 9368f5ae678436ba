"""Thresholds of unrounded numbers."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.engines.generated.thresholds import _searched, first_above, first_at_least
from rules.engines.values import FLOAT_MAX, TINY, canonical

EDGES = (0.0, TINY * (1 + 2**-23), -TINY * (1 + 2**-23), 1.0, -1.0, 0.1, FLOAT_MAX, -FLOAT_MAX)


def _check(constant: float) -> None:
    for found, strict in ((first_at_least(constant), False), (first_above(constant), True)):
        assert found == _searched(constant, strict=strict)
        before = canonical(math.nextafter(found, -math.inf))
        assert before is None or before < constant or (strict and before == constant)
        at = canonical(found)
        assert at is None or at > constant or (not strict and at == constant)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False, allow_subnormal=False))
def test_the_first_number_is_that_of_a_search(constant: float) -> None:
    number = canonical(constant)
    assert number is not None
    _check(number)


@pytest.mark.parametrize("constant", EDGES)
def test_edges(constant: float) -> None:
    number = canonical(constant)
    assert number is not None
    _check(number)
