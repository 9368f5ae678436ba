"""Relations and entities in every form that people keep them in."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from rules.cases import encode, encode_cases
from rules.engines.values import INT_MISSING
from rules.language import ir
from tests.rules.cases.household import (
    ADULT,
    BORN,
    EARNS,
    GUARANTOR,
    LATE,
    LIVES,
    OWES,
    PARENT,
    SHADE,
    about,
)

NAN = float("nan")
ONE = about(EARNS)


def column(ruleset: ir.Ruleset, name: str, cases: Any) -> list[Any]:
    found: list[Any] = encode(ruleset, cases, missing_columns="unknown")[name].tolist()
    return found


def same(left: Any, right: Any) -> bool:
    return np.array_equal(np.array(left), np.array(right), equal_nan=np.array(left).dtype != object)


# --------------------------------------------------------------- the forms of one case


@pytest.mark.parametrize(
    ("earns", "values", "labels"),
    [
        ({"anna": 8, "bob": None}, [8, NAN, NAN], {0: "anna", 1: "bob"}),
        ([8, None], [8, NAN, NAN], {0: 1, 1: 2}),
        ((8, 9, 7), [8, 9, 7], {0: 1, 1: 2, 2: 3}),
        ({3: 8.0, 1: 5.0}, [5, NAN, 8], {0: 1, 2: 3}),
        ({("anna",): 8}, [8, NAN, NAN], {0: "anna"}),
        ([], [NAN] * 3, {}),
        ({}, [NAN] * 3, {}),
    ],
)
def test_a_functional_attribute(earns: Any, values: Any, labels: dict[int, Any]) -> None:
    encoded = encode_cases(ONE, {"income": 1, "earns": earns})
    assert same(encoded.columns["earns"], [values])
    assert encoded.objects("Guarantor", 0) == labels
    assert encoded.columns["Guarantor"].tolist() == [[int(slot in labels) for slot in range(3)]]


@pytest.mark.parametrize(
    "late", [[2, 3], {2: True, 3: True}, {"2": True, "3": True}, [False, True, True], [2.0, "3"]]
)
def test_a_relation_is_closed(late: Any) -> None:
    """What the case does not list does not hold."""
    assert column(about(LATE), "late", {"income": 1, "late": late}) == [[0, 1, 1, 0]]


def test_truths_by_position_and_what_is_not_known() -> None:
    late = [False, None, True]
    assert column(about(LATE), "late", {"income": 1, "late": late}) == [[0, -1, 1, 0]]
    assert column(about(LATE), "late", {"income": 1, "late": []}) == [[0, 0, 0, 0]]
    assert column(about(LATE), "late", {"income": 1, "late": None}) == [[-1] * 4]


def test_members_of_a_list_are_objects() -> None:
    assert column(about(SHADE), "shade", {"income": 1, "shade": {"right": "dark"}}) == [[-1, 0]]
    assert column(about(SHADE), "shade", {"income": 1, "shade": ["light"]}) == [[1, -1]]


@pytest.mark.parametrize(
    "parent", [[["ann", "bob"], ["bob", "cleo"]], {("ann", "bob"): True, ("bob", "cleo"): True}]
)
def test_several_arguments(parent: Any) -> None:
    encoded = encode_cases(about(PARENT), {"income": 1, "parent": parent})
    assert encoded.objects("Person", 0) == {0: "ann", 1: "bob", 2: "cleo"}
    assert np.argwhere(encoded.columns["parent"][0]).tolist() == [[0, 1], [1, 2]]
    assert encoded.columns["Person"].tolist() == [[1, 1, 1, 0]]


def test_values_about_several() -> None:
    rows = [["anna", 2, 7], ["bob", 4, None]]
    found = encode(about(OWES), {"income": 1, "owes": rows})["owes"][0]
    assert found[0, 1] == 7 and (found == INT_MISSING).sum() == 11


def test_who_is_there() -> None:
    case = {"income": 1, "Guarantor": {"anna": True, "bob": None, "cleo": False}}
    encoded = encode_cases(ONE, [{**case, "earns": {"dan": 1.0}}])
    assert encoded.columns["Guarantor"].tolist() == [[1, -1, 1]]
    assert encoded.objects("Guarantor", 0) == {0: "anna", 1: "bob", 2: "dan"}
    assert column(ONE, "Guarantor", [{"Guarantor": ["anna"]}]) == [[1, 0, 0]]
    assert column(ONE, "Guarantor", [{"Guarantor": []}]) == [[0, 0, 0]]


def test_nobody_knows_who_is_there() -> None:
    encoded = encode_cases(ONE, [{"income": 1.0}], missing_columns="unknown")
    assert encoded.columns["Guarantor"].tolist() == [[-1] * 3]
    assert encoded.objects("Guarantor", 0) == {0: 1, 1: 2, 2: 3}
    assert encoded.case(0) == {"income": 1.0}


def test_texts_have_one_code_in_all_columns() -> None:
    nation = ir.Input(name="nation", type=ir.StringType())
    rows = [{"nation": "fr", "lives": {"ann": "be", "bob": "fr"}}, {"nation": "be"}]
    encoded = encode_cases(about(nation, LIVES), rows, missing_columns="unknown")
    assert encoded.texts == ("fr", "be")
    assert encoded.columns["nation"].tolist() == [0, 1]
    assert encoded.columns["lives"].tolist() == [[1, 0, -1, -1], [-1] * 4]
    assert encoded.case(0)["lives"] == {"ann": "be", "bob": "fr"}


def test_texts_in_rows() -> None:
    pairs = dataclasses.replace(LIVES, parameters=("Person", "Month"))
    encoded = encode_cases(
        about(pairs), {"income": 1, "lives": [["ann", 2, "fr"], ["bob", 1, None]]}
    )
    assert encoded.case(0)["lives"] == {("ann", 2): "fr", ("bob", 1): None}


def test_days() -> None:
    born = {"ann": "1970-01-02", "bob": "1970-02-01T10:00:00", "cleo": None}
    assert column(about(BORN), "born", {"income": 1, "born": born}) == [
        [1, 31, INT_MISSING, INT_MISSING]
    ]


# ------------------------------------------------------------------------- tables

NAMED = [{"anna": 8.0, "bob": None}, {}, None, {"cleo": 9.0}]
NAMED_VALUES = [[8, NAN, NAN], [NAN] * 3, [NAN] * 3, [9, NAN, NAN]]
NAMED_THERE = [[1, 1, 0], [0, 0, 0], [-1, -1, -1], [1, 0, 0]]
PLACED = [[8.0, None], [], None, [9.0]]


def _map(rows: Any) -> pa.Array:
    kind = pa.map_(pa.string(), pa.float64())
    return pa.array([row and list(row.items()) for row in rows], kind)


@pytest.mark.parametrize(
    "earns",
    [
        NAMED,
        pd.Series(NAMED),
        np.array(NAMED, object),
        _map(NAMED),
        pa.chunked_array([_map(NAMED[:1]), _map(NAMED[1:])]),
        pa.array(
            [[{"who": "anna", "n": 8.0}, {"who": "bob"}], [], None, [{"who": "cleo", "n": 9.0}]],
            pa.list_(pa.struct([("who", pa.string()), ("n", pa.float64())])),
        ),
        pa.array(['{"anna": 8, "bob": null}', "{}", None, '{"cleo": 9}']),
        pd.Series(['{"anna": 8, "bob": null}', "{}", None, '{"cleo": 9}']).astype("category"),
    ],
    ids=["dicts", "pandas", "objects", "map", "chunks", "structs", "json", "categories"],
)  # fmt: skip
def test_columns_of_names(earns: Any) -> None:
    encoded = encode_cases(ONE, {"income": [1.0] * 4, "earns": earns})
    assert same(encoded.columns["earns"], NAMED_VALUES)
    assert encoded.columns["Guarantor"].tolist() == NAMED_THERE
    assert encoded.objects("Guarantor", 3) == {0: "cleo"}


@pytest.mark.parametrize(
    "earns",
    [
        PLACED,
        pd.Series(PLACED),
        [None if row is None else np.array(row, float) for row in PLACED],
        pa.array(PLACED),
        pa.array([None, *PLACED])[1:],
        pa.array(PLACED, pa.large_list(pa.int64())),
        pa.array(["[8, null]", "[]", None, "[9]"]),
    ],
    ids=["lists", "pandas", "arrays", "list", "slice", "large", "json"],
)
def test_columns_of_positions(earns: Any) -> None:
    encoded = encode_cases(ONE, {"income": [1.0] * 4, "earns": earns})
    assert same(encoded.columns["earns"], NAMED_VALUES)
    assert encoded.columns["Guarantor"].tolist() == NAMED_THERE
    assert encoded.objects("Guarantor", 3) == {0: 1}


def test_lists_of_a_fixed_size() -> None:
    table = pa.table({
        "income": [1.0, 2.0],
        "late": pa.array([[True, False, None, True], None], pa.list_(pa.bool_(), 4)),
    })  # fmt: skip
    assert column(about(LATE), "late", table) == [[1, 0, -1, 1], [-1] * 4]
    assert column(about(LATE), "late", table.slice(1)) == [[-1] * 4]


@pytest.mark.parametrize("kind", [pa.string(), pa.int8(), pa.string_view()])
def test_lists_of_what_holds(kind: pa.DataType) -> None:
    late = pa.array([["2", "4"], [], None] if kind != pa.int8() else [[2, 4], [], None])
    late = late.cast(pa.list_(kind))
    found = column(about(LATE), "late", {"income": [1.0] * 3, "late": late})
    assert found == [[0, 1, 0, 1], [0] * 4, [-1] * 4]


def test_names_and_numbers_of_those_it_holds_for() -> None:
    named = {"income": [1.0, 1.0], "adult": pa.array([["bob", "anna"], []])}
    encoded = encode_cases(about(ADULT), named)
    assert encoded.objects("Guarantor", 0) == {0: "bob", 1: "anna"}
    placed = {"income": [1.0, 1.0], "adult": pa.array([[3, 1], []])}
    assert column(about(ADULT), "adult", placed) == [[1, 0, 1], [0, 0, 0]]
    assert column(about(ADULT), "Guarantor", placed) == [[1, 0, 1], [0, 0, 0]]


def test_structs_mention_what_is_not_null() -> None:
    earns = pa.array([{"anna": 8.0, "bob": None}, {"anna": None, "bob": 9.0}, None])
    encoded = encode_cases(ONE, {"income": [1.0] * 3, "earns": earns})
    assert encoded.objects("Guarantor", 0) == {0: "anna"}
    assert encoded.objects("Guarantor", 1) == {0: "bob"}
    assert encoded.columns["Guarantor"].tolist() == [[1, 0, 0], [1, 0, 0], [-1] * 3]
    mixed = pa.array([{"anna": 8.0, "bob": 1}], pa.struct([("anna", "float64"), ("bob", "int8")]))
    assert same(encode(ONE, {"income": [1.0], "earns": mixed})["earns"], [[8, 1, NAN]])


def test_rows_of_structs() -> None:
    parent = pa.array([[{"who": "ann", "whose": "bob"}], [], None])
    found = encode(about(PARENT), {"income": [1.0] * 3, "parent": parent})
    assert np.argwhere(found["parent"] == 1).tolist() == [[0, 0, 1]]
    assert found["Person"].tolist() == [[1, 1, 0, 0], [0] * 4, [-1] * 4]
    said = pa.array([[{"who": "ann", "whose": "bob", "is": False}]])
    assert not encode(about(PARENT), {"income": [1.0], "parent": said})["parent"].any()


def test_rows_of_lists() -> None:
    parent = pa.array([[["ann", "bob"]], []])
    found = encode(about(PARENT), {"income": [1.0] * 2, "parent": parent})
    assert np.argwhere(found["parent"] == 1).tolist() == [[0, 0, 1]]


def test_listings_in_tables() -> None:
    listed = pa.array([["bob", "anna"], [], None])
    assert column(ONE, "Guarantor", {"income": [1.0] * 3, "Guarantor": listed}) == [
        [1, 1, 0], [0, 0, 0], [-1] * 3
    ]  # fmt: skip
    said = pa.array(
        [[("bob", None), ("anna", True), ("dan", False)]], pa.map_(pa.string(), pa.bool_())
    )
    encoded = encode_cases(ONE, {"income": [1.0], "Guarantor": said}, missing_columns="unknown")
    assert encoded.objects("Guarantor", 0) == {0: "bob", 1: "anna"}
    assert encoded.columns["Guarantor"].tolist() == [[-1, 1, 0]]


def test_arrays_with_room() -> None:
    earns = np.array([[1.0, NAN], [3.0, 4.0]])
    found = encode(ONE, {"income": np.ones(2), "earns": earns})
    assert same(found["earns"], [[1, NAN, NAN], [3, 4, NAN]])
    assert found["Guarantor"].tolist() == [[1, 1, 0], [1, 1, 0]]
    there = np.array([[True, False], [True, True]])
    found = encode(ONE, {"income": np.ones(2), "earns": earns, "Guarantor": there})
    assert found["Guarantor"].tolist() == [[1, 0, 0], [1, 1, 0]]
    owes = np.arange(24).reshape(2, 3, 4) % 10
    found = encode(about(OWES), {"income": np.ones(2), "owes": owes})
    assert same(found["owes"], owes)


def test_what_arrays_have_in_empty_slots_is_no_object() -> None:
    cases = {
        "income": np.ones(1),
        "parent": np.ones((1, 4, 4), bool),
        "Person": np.array([[1, -1, 0]], np.int8),
    }
    found = encode(about(PARENT), cases)
    assert found["Person"].tolist() == [[1, -1, 0, 0]]
    assert np.argwhere(found["parent"][0]).tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]


# -------------------------------------------------- one case, or columns of several


@pytest.mark.parametrize(
    ("cases", "count"),
    [
        ({"late": [3, 4]}, 1),
        ({"late": [True, None]}, 1),
        ({"late": []}, 1),
        ({"late": {3: True}}, 1),
        ({"late": None}, 1),
        ({"late": [[3, 4], [1]]}, 2),
        ({"late": [None, [1]]}, 2),
        ({"late": [{3: True}, {}]}, 2),
        ({"late": pa.array([[3]])}, 1),
        ({"late": np.zeros((5, 4), bool)}, 5),
        ({"late": "[1, 2]"}, 1),
        ({"parent": [["ann", "bob"]], "late": []}, 1),
        ({"parent": [[["ann", "bob"]], []], "late": [[], []]}, 2),
        ({"Person": ["ann", "bob"], "late": [3]}, 1),
        ({"income": [1, 2], "late": [[3], None]}, 2),
    ],
)
def test_how_many_cases(cases: Any, count: int) -> None:
    assert encode_cases(about(LATE, PARENT), cases, missing_columns="unknown").count == count


# ------------------------------------------------------------------------------ speed


@pytest.mark.parametrize("form", ["list", "map", "array"])
def test_a_hundred_thousand_cases_with_eight_objects(form: str) -> None:
    count, each = 100_000, 8
    wide = about(EARNS, entities=(dataclasses.replace(GUARANTOR, maximum=each),))
    values = np.random.default_rng(0).random((count, each))
    offsets = pa.array(np.arange(count + 1) * each, pa.int32())
    flat = pa.array(values.reshape(-1))
    names = pa.array([f"g{k}" for k in range(each)] * count)
    earns = {
        "list": lambda: pa.ListArray.from_arrays(offsets, flat),
        "map": lambda: pa.MapArray.from_arrays(offsets, names, flat),
        "array": lambda: values,
    }[form]()
    start = time.process_time()
    found = encode(wide, {"income": values[:, 0], "earns": earns})["earns"]
    assert time.process_time() - start < 2  # 0.2 to 0.5 s on one core
    assert np.array_equal(found, values.astype(np.float32))
