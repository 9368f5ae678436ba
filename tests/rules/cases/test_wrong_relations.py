"""What is wrong with relations and entities, told with row, object and what to do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from rules.cases import encode, encode_cases
from rules.language import ir
from tests.rules.cases.household import BORN, EARNS, LATE, PARENT, SHADE, about, entity

ONE = about(EARNS)


@pytest.mark.parametrize(
    ("ruleset", "rows", "told"),
    [
        (ONE, [{"earns": [1] * 4}], "row 1: entity Guarantor: found 4 objects, expected at most 3; "
         "declare `entity Guarantor max 4`"),
        (ONE, [{}, {"earns": dict.fromkeys("abcde", 1)}],
         "row 2: entity Guarantor: found 5 objects, expected at most 3; declare `entity Guarantor "
         "max 5`"),
        (ONE, [{"earns": {7: 1}}], "found 7 objects, expected at most 3"),
        (ONE, [{"earns": [1], "Guarantor": ["anna"]}],
         "row 1: entity Guarantor: the case tells of anna by name and of 1 by position; use one"),
        (ONE, [{"earns": {"anna": 1}, "Guarantor": {"anna": False}}],
         "row 1: entity Guarantor: the case says that there is no anna, yet earns tells something"),
        (ONE, [{}, {"earns": {"anna": "much"}}],
         "row 2: input earns(anna): found 'much', expected a number >= 0"),
        (ONE, [{"earns": [1, "x"]}], "row 1: input earns(2): found 'x', expected a number >= 0"),
        (ONE, [{"earns": 5}], "row 1: input earns: found 5, expected a mapping from Guarantor"),
        (ONE, [{"earns": {"": 5}}], "row 1: input earns: found '', expected a Guarantor: a name"),
        (ONE, [{"earns": {0: 5}}], "expected a Guarantor: a name, or a position from 1 on"),
        (ONE, [{"Guarantor": "anna"}], "row 1: Guarantor: found 'anna', which is not JSON"),
        (ONE, [{"Guarantor": [True]}], "row 1: entity Guarantor: found True, expected a Guarantor"),
        (ONE, [{"Guarantor": ["a", "a"]}], "row 1: entity Guarantor: a is listed twice; lis"),
        (ONE, [{"earns": "{anna: 5}"}], "row 1: earns: found '{anna: 5}', which is not JSON"),
        (about(LATE), [{"late": [5]}], "row 1: input late: found 5, expected a Month: a"),
        (about(LATE), [{"late": [True] * 5}], "row 1: input late: found 5 values, expected at mo"),
        (about(LATE), [{"late": {3: True, "3": True}}], "row 1: input late(3): told twice"),
        (about(SHADE), [{"shade": {"left": "dim"}}], "row 1: input shade(left): found 'dim', exp"),
        (about(SHADE), [{"shade": {"lift": "dark"}}], "one of left, right; did you mean left?"),
        (about(PARENT), [{"parent": [["ann"]]}], "row 1: input parent: found ['ann'], expected"),
        (about(BORN), [{"born": {"ann": "31.01.2026"}}], "expected a date such as 2026-01-31"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(ruleset: ir.Ruleset, rows: Any, told: str) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        encode(ruleset, rows, missing_columns="unknown")
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("cases", "told"),
    [
        ({"earns": np.ones((1, 4))}, "input earns: found an array of shape (1, 4), with room for 4 "
         "Guarantor objects; expected at most 3, or declare `entity Guarantor max 4`"),
        ({"earns": np.ones((1, 3, 2))}, "expected [B, Guarantor]"),
        ({"earns": pa.array([[("a", 1.0), ("a", 2.0)]], pa.map_(pa.string(), pa.float64()))},
         "row 1: input earns(a): told twice; tell it once"),
        ({"earns": pa.array([[("", 1.0)]], pa.map_(pa.string(), pa.float64()))}, "found ''"),
        ({"earns": pa.array([["much"]])}, "row 1: input earns(1): found 'much', expected a numb"),
        ({"earns": pa.array([True])}, "row 1: input earns: found True, expected a mapping"),
    ],
)  # fmt: skip
def test_wrong_columns_are_told(cases: Any, told: str) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        encode(ONE, {"income": np.ones(1), **cases})
    assert told in str(caught.value)


def test_values_out_of_bounds_are_counted_with_their_row() -> None:
    told = r"input earns: 1 of 3 values are out of bounds .* first in row 2; expected a number >= 0"
    with pytest.warns(UserWarning, match=told):
        encode(ONE, {"income": [1.0, 1.0], "earns": [[1.0, 2.0], [-1.0]]})


def test_an_entity_without_bound_has_no_columns() -> None:
    unbounded = about(EARNS, entities=(entity("Guarantor"),))
    encoded = encode_cases(unbounded, [{"earns": {f"g{k}": k for k in range(50)}}, {}],
                           missing_columns="unknown")  # fmt: skip
    assert len(encoded.case(0)["earns"]) == 50
    assert encoded.objects("Guarantor", 1) == {0: 1}
    with pytest.raises(ValueError, match=r"entity Guarantor has no bound, .*`entity Guarantor max"):
        _ = encoded.columns
