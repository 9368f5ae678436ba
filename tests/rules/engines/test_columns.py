"""Columns as engines on arrays want them, or an error that says what to change."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rules.engines.columns import check_columns, column_names, entity_size, presence_names, sizes
from rules.language import ir
from tests.rules.cases.household import EARNS, LATE, LIVES, OWES, PARENT, about, entity

ALL = about(EARNS, LATE, PARENT, OWES, LIVES)
B = 5
COLUMNS: dict[str, Any] = {
    "income": np.zeros(B, np.float32),
    "earns": np.zeros((B, 3), np.float32),
    "late": np.zeros((B, 4), bool),
    "parent": np.zeros((B, 4, 4), np.int8),
    "owes": np.zeros((B, 3, 4), np.int32),
    "lives": np.zeros((B, 4), np.int32),
    "Guarantor": np.ones((B, 3), bool),
    "Person": np.ones((B, 4), np.int8),
}


def test_the_shape_of_the_batch() -> None:
    assert check_columns(ALL, COLUMNS) == (B,)
    assert check_columns(ALL, {name: column[0] for name, column in COLUMNS.items()}) == ()
    shared = {**COLUMNS, "late": COLUMNS["late"][0], "income": np.float32(1)}
    assert check_columns(ALL, shared) == (B,)
    assert check_columns(ALL, {n: c.reshape(1, *c.shape) for n, c in COLUMNS.items()}) == (1, B)


def test_names_and_sizes() -> None:
    assert presence_names(ALL) == ("Guarantor", "Person")
    assert column_names(ALL) == {
        "income": 0, "earns": 1, "late": 1, "parent": 2, "owes": 2, "lives": 1,
        "Guarantor": 1, "Person": 1,
    }  # fmt: skip
    assert sizes(ALL, OWES) == (3, 4)
    rich = ir.Derived(
        name="rich", type=ir.BOOL, clauses=(), parameters=(ir.Binding(name="m", entity="Month"),)
    )
    assert sizes(ALL, rich) == (4,)
    with pytest.raises(ValueError, match="entity Person has no bound.*`entity Person max 32`"):
        entity_size(about(PARENT, entities=(entity("Person"),)), "Person")


@pytest.mark.parametrize(
    ("name", "column", "told"),
    [
        ("Person", None, "no column for entity Person; found: .*expected who is there, "),
        ("earns", None, "no column for input earns; .* with NaN where a case lacks it"),
        ("earns", np.zeros((B, 4), np.float32),
         r"column earns has shape \(5, 4\), expected the batch and then 3 for Guarantor; r"),
        ("parent", np.zeros(4, np.int8), r"shape \(4,\), expected .* then 4 for Person, 4 for"),
        ("earns", np.zeros((B + 1, 3), np.float32), r"has shape \(6, 3\), expected one that"),
        ("lives", np.zeros((B, 4), "U2"), "column lives is <U2, expected int32 .a text; miss"),
        ("Guarantor", np.zeros((B, 3)), "column Guarantor is float64, expected bool or int8"),
    ],
)  # fmt: skip
def test_wrong_columns(name: str, column: Any, told: str) -> None:
    columns = {**COLUMNS, name: column}
    if column is None:
        del columns[name]
    with pytest.raises((TypeError, ValueError), match=told):
        check_columns(ALL, columns)
