"""Single values from tables and dictionaries."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from rules.cases import decode_case, encode, read_cases
from rules.engines.values import INT_MISSING
from rules.language import ir
from tests.rules.engines.building import ruleset

RULES = ruleset(
    [],
    inputs={
        "income": ir.FloatType(low=0.0, low_open=True),
        "age": ir.IntType(0, 120),
        "member": ir.BOOL,
        "purpose": ir.EnumType(("car", "education", "business")),
    },
)
ONE = {"income": 30_000, "age": 40, "member": True, "purpose": "car"}


def lists(encoded: dict[str, Any]) -> dict[str, list[Any]]:
    return {name: column.tolist() for name, column in encoded.items()}


def encode_one(name: str, values: Any) -> Any:
    columns = {key: [value] * len(values) for key, value in ONE.items()}
    return encode(RULES, {**columns, name: values})[name]


def test_one_case() -> None:
    encoded = encode(RULES, ONE)
    assert lists(encoded) == {"income": [30_000.0], "age": [40], "member": [1], "purpose": [0]}
    dtypes = {name: str(column.dtype) for name, column in encoded.items()}
    assert dtypes == {"income": "float32", "age": "int32", "member": "int8", "purpose": "int32"}


@pytest.mark.parametrize("form", ["rows", "columns", "arrays", "table", "pandas", "arrow"])
def test_every_form_gives_the_same_columns(form: str) -> None:
    rows = [ONE, {**ONE, "age": None, "purpose": "business"}, {**ONE, "member": False}]
    table = pa.Table.from_pylist(rows)
    forms = {
        "rows": rows,
        "columns": table.to_pydict(),
        "arrays": {name: np.array(values, object) for name, values in table.to_pydict().items()},
        "table": table,
        "pandas": table.to_pandas(),
        "arrow": type("Frame", (), {"to_arrow": lambda self: table})(),
    }
    assert lists(encode(RULES, forms[form])) == {
        "income": [30_000.0] * 3,
        "age": [40, INT_MISSING, 40],
        "member": [1, 1, 0],
        "purpose": [0, 2, 0],
    }


def test_decoding_undoes_encoding() -> None:
    rows = [ONE, dict.fromkeys(ONE)]
    encoded = encode(RULES, rows)
    assert [decode_case(RULES, encoded, row) for row in (0, 1)] == rows


def test_numpy_and_device_arrays() -> None:
    arrays = {
        "income": jnp.asarray([1.0, jnp.nan]),
        "age": np.array([7, 8], np.uint8),
        "member": np.array([True, False]),
        "purpose": np.array(["car", "business"]),
    }
    encoded = encode(RULES, arrays)
    assert np.isnan(encoded["income"]).tolist() == [False, True]
    assert lists(encoded)["age"] == [7, 8] and lists(encoded)["purpose"] == [0, 2]


def test_categories_of_pandas() -> None:
    categories = pd.Categorical(["car", None])
    assert encode_one("purpose", categories).tolist() == [0, -1]
    assert encode_one("purpose", pd.Series(categories)).tolist() == [0, -1]
    assert encode_one("purpose", pa.array(["car", None]).dictionary_encode()).tolist() == [0, -1]


@pytest.mark.parametrize("values", [[1.5, None], [1.5, float("nan")], [1.5, float("inf")]])
def test_missing_floats(values: list[Any]) -> None:
    assert np.isnan(encode_one("income", values)).tolist() == [False, True]


@pytest.mark.parametrize("values", [[3, None], [3.0, float("nan")], [3.0, float("-inf")]])
def test_missing_ints(values: list[Any]) -> None:
    assert encode_one("age", values).tolist() == [3, INT_MISSING]


def test_columns_of_nothing() -> None:
    for name in ONE:
        found = encode_one(name, [None, None])
        assert all(
            decode_case(RULES, encode(RULES, [dict.fromkeys(ONE)]), 0)[n] is None for n in ONE
        )
        assert len(found) == 2


@pytest.mark.parametrize("words", [["true", "No"], ["Yes", " false "], [1, 0], [True, False]])
def test_spellings_of_truths(words: list[Any]) -> None:
    assert encode_one("member", words).tolist() == [1, 0]


def test_members_that_a_csv_reader_takes_for_numbers() -> None:
    grades = ruleset([], inputs={"grade": ir.EnumType(("1", "2"))})
    assert encode(grades, {"grade": [2, 1, None]})["grade"].tolist() == [1, 0, -1]


def test_decimals_and_mixed_numbers() -> None:
    decimals = pa.array([1, 2], pa.decimal128(10, 2))
    assert encode_one("income", decimals).tolist() == [1.0, 2.0]
    assert encode_one("income", [1, 2.5]).tolist() == [1.0, 2.5]
    assert encode_one("age", [np.int64(1), 2.0]).tolist() == [1, 2]


def test_chunked_tables() -> None:
    chunk = pa.table({name: [value] for name, value in ONE.items()})
    assert lists(encode(RULES, pa.concat_tables([chunk, chunk])))["age"] == [40, 40]


def test_out_of_bounds_counts_as_missing_and_is_told() -> None:
    told = r"input income: 2 of 3 values are out of bounds .* row 2; expected a number > 0"
    with pytest.warns(UserWarning, match=told):
        found = encode_one("income", [1.0, 0.0, -5.0])
    assert np.isnan(found).tolist() == [False, True, True]
    with pytest.warns(UserWarning, match=r"input age: 3 of 4 .* in 0..120"):
        assert encode_one("age", [7, -1, 121, 2**40]).tolist() == [7, *[INT_MISSING] * 3]


def test_bounds_see_what_engines_see() -> None:
    """Rounded to float32 first, and specks are zero."""
    bounded = ruleset([], inputs={"x": ir.FloatType(low=0.0, high=0.1)})
    assert encode(bounded, {"x": [0.1, -1e-41, -0.0]})["x"].tolist() == [np.float32(0.1), 0, 0]
    with pytest.warns(UserWarning, match="1 of 1"):
        encode_one("income", [1e-41])


@pytest.mark.parametrize(
    ("name", "values", "text"),
    [
        ("income", ["a lot", "more"], "row 1: input income: found 'a lot', expected a number > 0"),
        ("income", [1.0, "12"], "row 2: input income: found '12', expected a number > 0"),
        ("income", [True, False], "row 1: input income: found True, expected a number"),
        ("age", [1.0, 2.5], "row 2: input age: found 2.5, expected a whole number in 0..120"),
        ("age", [3, "x"], "row 2: input age: found 'x', expected a whole number"),
        ("member", [1, 2], "row 2: input member: found 2, expected true or false"),
        ("member", ["true", "maybe"], "row 2: input member: found 'maybe', expected true or"),
        ("member", [0.5, 1.0], "row 1: input member: found 0.5, expected true or false"),
        ("purpose", [1.5, 2.0], "row 1: input purpose: found 1.5, expected one of car, educ"),
        ("purpose", ["car", "busines"], "row 2: input purpose: found 'busines', expected one of"),
        ("purpose", ["car", "busines"], "did you mean business?"),
        ("purpose", ["car", 7], "row 2: input purpose: found 7, expected one of car"),
    ],
)
def test_wrong_values_are_told_with_their_row(name: str, values: list[Any], text: str) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        encode_one(name, values)
    assert text in str(caught.value)


def test_missing_columns() -> None:
    misspelt = {"incom": [1.0], "age": [3], "member": [True]}
    with pytest.raises(ValueError) as caught:
        encode(RULES, misspelt)
    for text in (
        "no column for income (did you mean incom?), purpose",
        'missing_columns="unknown"',
    ):
        assert text in str(caught.value)
    encoded = encode(RULES, misspelt, missing_columns="unknown")
    assert np.isnan(encoded["income"]).all() and encoded["purpose"].tolist() == [-1]


def test_what_one_of_several_dictionaries_leaves_out_is_missing() -> None:
    short = {name: value for name, value in ONE.items() if name != "age"}
    assert encode(RULES, [ONE, short])["age"].tolist() == [40, INT_MISSING]
    with pytest.raises(ValueError, match="no column for age"):
        encode(RULES, short)


def test_other_columns_are_ignored() -> None:
    assert set(encode(RULES, {**ONE, "colour": object()})) == set(ONE)


def test_no_cases() -> None:
    for nothing in ([], {name: [] for name in ONE}, pa.table({name: [] for name in ONE})):
        assert [len(column) for column in encode(RULES, nothing).values()] == [0] * 4


@pytest.mark.parametrize(
    ("cases", "error", "text"),
    [
        ({**ONE, "age": [1, 2]}, TypeError, "cases mix single values (income, member, purpose)"),
        ({"income": [1.0], "age": [1, 2]}, ValueError, "column age has 2 values, income has 1"),
        ([ONE, 3], TypeError, "row 2: found 3, expected a dictionary of inputs"),
        (42, TypeError, "found cases of type int, expected a mapping of columns"),
        ("cases.csv", TypeError, "found cases of type str"),
    ],
)
def test_other_things_are_told(cases: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error) as caught:
        encode(RULES, cases)
    assert text in str(caught.value)


def test_misspelt_option() -> None:
    with pytest.raises(ValueError, match="missing_columns is 'ignore', expected 'error' or"):
        encode(RULES, ONE, missing_columns="ignore")  # type: ignore[arg-type]


def test_a_hundred_thousand_rows_take_well_under_a_second() -> None:
    rng = np.random.default_rng(0)
    count = 100_000
    columns = {
        "income": rng.random(count) * 1e5 + 1,
        "age": rng.integers(0, 100, count),
        "member": rng.random(count) < 0.5,
        "purpose": rng.choice(["car", "education", "business"], count),
    }
    start = time.process_time()
    encode(RULES, columns)
    assert time.process_time() - start < 1


@pytest.mark.parametrize("name", ["income", "age"])
def test_texts_in_a_column_of_numbers_name_the_first_that_is_none(name: str) -> None:
    with pytest.raises(TypeError, match=f"row 3: input {name}: found 'abc'"):
        encode_one(name, ["12", None, "abc"])
    with pytest.raises(TypeError, match=f"input {name}: the column holds texts, not numbers"):
        encode_one(name, ["12", "3"])


@pytest.mark.parametrize("kind", [pa.string(), pa.float64(), pa.bool_(), pa.date32(), pa.null()])
@pytest.mark.parametrize("count", [0, 2])
def test_a_column_of_nulls_of_any_kind_is_missing(kind: pa.DataType, count: int) -> None:
    nulls = pa.nulls(count, kind)
    found = encode(RULES, pa.table(dict.fromkeys(ONE, nulls)))
    assert lists(found) == {
        "income": pytest.approx([np.nan] * count, nan_ok=True),
        "age": [INT_MISSING] * count,
        "member": [-1] * count,
        "purpose": [-1] * count,
    }


def test_an_empty_data_frame_has_no_cases() -> None:
    assert all(len(column) == 0 for column in encode(RULES, pd.DataFrame(columns=[*ONE])).values())


@pytest.mark.parametrize("huge", [10**24, -(10**40), 10**400])
def test_ints_beyond_64_bits_are_out_of_bounds(huge: int, tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="1 of 2 values are out of bounds"):
        assert encode_one("age", [huge, 1]).tolist() == [INT_MISSING, 1]
    path = tmp_path / "cases.jsonl"
    path.write_text(f'{{"age": {huge}}}\n{{"age": 1}}\n')
    with pytest.warns(UserWarning, match="1 of 2 values are out of bounds"):
        found = encode(RULES, read_cases(path), missing_columns="unknown")
    assert found["age"].tolist() == [INT_MISSING, 1]


@pytest.mark.parametrize("values", [[1.0, 0.0, np.nan], [True, False, None]])
def test_bools_that_pandas_made_floats(values: list[Any]) -> None:
    assert encode_one("member", pa.array(values)).tolist() == [1, 0, -1]
    with pytest.raises(TypeError, match=r"row 2: input member: found 0.5"):
        encode_one("member", [1.0, 0.5, np.nan])


def test_a_record_batch_with_string_views() -> None:
    purposes = pa.array(["car", None]).cast(pa.string_view())
    batch = pa.table({**{key: [value] * 2 for key, value in ONE.items()}, "purpose": purposes})
    assert encode(RULES, batch.to_batches()[0])["purpose"].tolist() == [0, -1]
