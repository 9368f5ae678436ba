from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.engines.rete.keys import Codes, float_key, value_key
from rules.engines.values import canonical
from rules.engines.world import admit_case
from rules.language import ir
from tests.rules.engines.rete.policies import GUARANTORS
from tests.rules.engines.strategies import EDGES

numbers = st.one_of(
    st.floats(width=32, allow_nan=False, allow_infinity=False),
    st.sampled_from([float(edge) for edge in EDGES if math.isfinite(edge)]),
).map(canonical)


@given(numbers, numbers)
def test_keys_of_floats_keep_their_order(left: float, right: float) -> None:
    assert (left < right) == (float_key(left) < float_key(right))
    assert (left == right) == (float_key(left) == float_key(right))


def test_zero_has_one_key() -> None:
    assert float_key(0.0) == 0


def test_keys_are_int32() -> None:
    largest = canonical(3.4028234663852886e38)
    assert largest is not None
    assert -(2**31) < float_key(-largest) < 0 < float_key(largest) < 2**31


@pytest.mark.parametrize(
    ("type_", "value", "key"),
    [
        (ir.IntType(), -3, -3),
        (ir.DateType(), 20_000, 20_000),
        (ir.EnumType(("a", "b")), "b", 1),
        (ir.StringType(), "x", 7),
    ],
)
def test_other_keys(type_: ir.Type, value: int | str, key: int) -> None:
    assert value_key(type_, value, {"x": 7}) == key


def test_texts_that_the_rules_do_not_know_get_codes_of_their_own() -> None:
    world = admit_case(GUARANTORS, {})
    codes = Codes(GUARANTORS, world, ("even", "odd"))
    assert [codes.key(ir.StringType(), text) for text in ("odd", "new", "even", "new")] == [
        1,
        2,
        0,
        2,
    ]


def test_codes_of_objects_are_their_values_where_they_have_any() -> None:
    world = admit_case(GUARANTORS, {"earns": {"zoe": 1, "ann": 2}})
    codes = Codes(GUARANTORS, world, ())
    assert codes.objects["Month"][12] == 12
    assert codes.objects["Guarantor"] == {"zoe": 0, "ann": 1}
    assert codes.labels["Guarantor"] == {0: "zoe", 1: "ann"}
