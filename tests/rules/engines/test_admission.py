"""Prepared admission takes and refuses what `values.admit` does."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rules.engines.admission import admission
from rules.engines.values import admit
from rules.language import ir

TYPES: list[ir.Type] = [
    ir.FloatType(),
    ir.PROB,
    ir.FloatType(low=0.1, low_open=True),
    ir.FloatType(high=1e-40, high_open=True),
    ir.FloatType(low=1e300),
    ir.IntType(),
    ir.IntType(-2, 7),
    ir.BOOL,
    ir.EnumType(("car", "boat")),
    ir.StringType(),
    ir.DateType(),
]
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.floats(width=32),
    st.sampled_from(["car", "boat", "bat", "2026-01-31", ""]),
    st.sampled_from([np.float32(0.1), np.int64(3), np.bool_(True), np.str_("car"), (), 1j]),
)


@given(st.sampled_from(TYPES), VALUES)
@example(ir.FloatType(), 10**400)
@example(ir.FloatType(), 2.0**-126)
@example(ir.FloatType(low=0.1, low_open=True), 0.1)
@example(ir.FloatType(low_open=True, high_open=True), -float(np.finfo(np.float32).max))
@example(ir.PROB, math.nextafter(1.0, 2.0))
def test_as_admit(type_: ir.Type, value: Any) -> None:
    wanted = _outcome(lambda: admit("x", type_, value))
    found = _outcome(lambda: admission("x", type_)(value))
    assert found == wanted and type(found) is type(wanted)


def _outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except (TypeError, ValueError) as error:
        return f"{type(error).__name__}: {error}"


def test_messages_name_the_input() -> None:
    with pytest.raises(TypeError, match="input age: found 'old', expected a whole number"):
        admission("age", ir.IntType(0, 120))("old")
