from __future__ import annotations

import datetime
import decimal
import logging
import time
import warnings
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.data.schema import Column, Schema
from research.data.tables import DataWarning, TableError, conform, labels
from research.data.tables.arrow import NULL_WORDS

INCOME = Column(name="income", kind="numeric")
HOME = Column(name="home", kind="categorical", categories=("rent", "owner", "2"))
RECORDS = Column(name="records", kind="categorical", categories=("no", "yes"))
SCHEMA = Schema(columns=(INCOME, HOME), key="id", target="default", classes=("no", "yes"))
BOTH = Schema(columns=(INCOME, HOME))


def income(values: Any) -> list[float | None]:
    array = conform({"income": values}, Schema(columns=(INCOME,)))["income"]
    assert array.dtype == np.float32
    return [None if np.isnan(value) else float(value) for value in array]


def home(values: Any) -> list[int]:
    array = conform({"home": values}, Schema(columns=(HOME,)))["home"]
    assert array.dtype == np.int32
    return list(array.tolist())


numbers = st.floats(width=32, allow_infinity=False)


@given(st.lists(st.none() | numbers))
def test_numbers_in_every_form(values: list[float | None]) -> None:
    expected = [None if value is None or np.isnan(value) else value for value in values]
    texts = [None if value is None else f" {value!r}\t" for value in values]
    assert income(values) == income(texts) == income(pa.array(values, pa.float32())) == expected


@pytest.mark.parametrize("spelling", NULL_WORDS)
def test_words_for_missing(spelling: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert income(["1", spelling]) == [1, None]
        assert home(["rent", spelling]) == [0, -1]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, None, 3], [1, None, 3]),
        ([decimal.Decimal("1.5")], [1.5]),
        (pa.array(["1", "1", None]).dictionary_encode(), [1, 1, None]),
        (pa.array(["1e3", "+.5", "-2."], pa.large_string()), [1000, 0.5, -2]),
        (np.array([7], np.uint8), [7]),
        ([None, None], [None, None]),
        ([], []),
    ],
)
def test_other_forms_of_numbers(values: Any, expected: list[float | None]) -> None:
    assert income(values) == expected


@pytest.mark.parametrize("values", [[1.0, np.inf], ["1", "-inf"], [1.0, 1e300], [1, 10**39]])
def test_infinite_numbers_are_missing_with_a_warning(values: Any) -> None:
    with pytest.warns(DataWarning, match=r"column 'income': 1 infinite .* first in row 2"):
        assert income(values) == [1, None]


def test_categories() -> None:
    assert home(["owner", " rent ", None, "", "2"]) == [1, 0, -1, -1, 2]
    assert home(pa.array(["owner", "owner"]).dictionary_encode()) == [1, 1]
    assert home([2, None]) == home([2.0, None]) == [2, -1]
    assert home([None]) == [-1]
    assert home([]) == []


def test_unseen_categories_are_missing_with_a_warning() -> None:
    message = (
        r"column 'home': 4 values are not among the categories and are taken as missing: row 2 "
        r"has 'Owner', row 3 has 'x', row 4 has 'x' and 1 more rows, expected one of "
        r"\('rent', 'owner', '2'\); did you mean 'owner'\?"
    )
    with pytest.warns(DataWarning, match=message):
        assert home(["rent", "Owner", "x", "x", "x"]) == [0, -1, -1, -1, -1]


def test_the_warning_points_at_the_caller() -> None:
    with pytest.warns(DataWarning) as caught:
        conform({"income": [np.inf], "home": ["x"]}, BOTH)
    assert [warning.filename for warning in caught] == [__file__, __file__]


def test_truth_values_are_categories() -> None:
    schema = Schema(columns=(RECORDS,))
    assert conform({"records": [True, False, None]}, schema)["records"].tolist() == [
        1,
        0,
        -1,
    ]
    flag = Column(name="flag", kind="categorical", categories=("true", "false"))
    assert conform([{"flag": False}], Schema(columns=(flag,)))["flag"].tolist() == [1]


def test_no_rows_and_the_order_of_the_schema() -> None:
    columns = conform({"home": [], "income": []}, SCHEMA)
    assert list(columns) == ["income", "home"]
    assert [(len(array), array.dtype) for array in columns.values()] == [
        (0, np.float32),
        (0, np.int32),
    ]


def test_arrays_can_be_written_and_do_not_alias_the_table() -> None:
    source = np.array([1, 2], np.float32)
    array = conform({"income": source}, Schema(columns=(INCOME,)))["income"]
    array[0] = 9
    assert source[0] == 1


def test_further_columns_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    cases = {
        "id": ["a"],
        "default": ["no"],
        "income": [1],
        "home": ["rent"],
        "x": [1],
        "y": [2],
    }
    with caplog.at_level(logging.INFO, logger="research.data"):
        assert list(conform(cases, SCHEMA)) == ["income", "home"]
    assert caplog.messages == ["columns that the schema does not name are ignored: x, y"]


def test_all_problems_come_in_one_error() -> None:
    with pytest.raises(TableError) as caught:
        conform({"income": ["1", "12a", "1,000", "x", "y"], "home": [["rent"]] * 5}, BOTH)
    assert str(caught.value) == (
        "the table does not fit the schema:\n"
        "  - column 'income': row 2 has '12a', row 3 has '1,000', row 4 has 'x' and 1 more rows, "
        "expected a number\n"
        "  - column 'home': found list<item: string> values, expected texts"
    )


def test_all_missing_columns_come_in_one_error() -> None:
    with pytest.raises(TableError) as caught:
        conform({"incme": [1], "Home": ["rent"]}, BOTH)
    assert str(caught.value) == (
        "found the columns incme, Home:\n"
        "  - no column 'income'; did you mean 'incme'?\n"
        "  - no column 'home'; did you mean 'Home'?"
    )
    with pytest.raises(TableError, match=r"found the columns \(none\)"):
        conform([], BOTH)


def test_a_column_twice() -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["income", "income"])
    with pytest.raises(TableError, match="more than one column 'income'"):
        conform(table, Schema(columns=(INCOME,)))


@pytest.mark.parametrize("values", [[True], [datetime.date(2020, 1, 1)], [{"a": 1}]])
def test_types_that_are_no_numbers(values: list[Any]) -> None:
    with pytest.raises(TableError, match=r"column 'income': found .* values, expected numbers"):
        income(values)


def test_labels() -> None:
    assert labels({"default": ["yes", "no"]}, SCHEMA).tolist() == [1, 0]
    assert labels({"default": [True, False]}, SCHEMA).dtype == np.int32
    with pytest.raises(TableError, match=r"row 2 has 'maybe', row 3 has None, expected one of"):
        labels({"default": ["yes", "maybe", None]}, SCHEMA)
    with pytest.raises(TableError, match="no column 'default'"):
        labels({"income": [1]}, SCHEMA)
    with pytest.raises(TableError, match="found list"):
        labels({"default": [[1]]}, SCHEMA)
    with pytest.raises(ValueError, match="no target"):
        labels({"income": [1]}, BOTH)


def test_a_hundred_thousand_rows_take_less_than_a_second() -> None:
    n = 100_000
    schema = Schema(
        columns=tuple(
            Column(name=f"n{i}", kind="numeric")
            if i % 2
            else Column(name=f"n{i}", kind="categorical", categories=("0", "1", "2"))
            for i in range(14)
        )
    )
    table = pa.table({name: [str(row % 3) for row in range(n)] for name in schema.names})
    start = time.process_time()
    columns = conform(table, schema)
    assert time.process_time() - start < 1
    assert all(len(array) == n for array in columns.values())
