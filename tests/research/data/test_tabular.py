from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from research.data.schema import Column, Schema
from research.data.tables import conform, labels, read_table, write_table
from research.data.tabular import TabularDataset

SCHEMA = Schema(
    key="id",
    columns=(
        Column(name="age", kind="numeric"),
        Column(name="rate", kind="numeric"),
        Column(name="home", kind="categorical", categories=("rent", "owner")),
    ),
    target="default",
    classes=("no", "yes"),
)
DATA = TabularDataset(
    ids=np.array(["a", "b", "c"]),
    columns={
        "age": np.array([30, np.nan, 41], np.float32),
        "rate": np.array([0.1, 2**25, np.nan], np.float32),
        "home": np.array([1, -1, 0], np.int32),
    },
    target=np.array([0, 1, 0], np.int32),
    schema=SCHEMA,
)


def test_the_table_has_names_and_nulls() -> None:
    table = DATA.to_table()
    assert table.to_pydict() == {
        "id": ["a", "b", "c"],
        "age": [30, None, 41],
        "rate": [pytest.approx(0.1), 2**25, None],
        "home": ["owner", None, "rent"],
        "default": ["no", "yes", "no"],
    }
    assert [str(type_) for type_ in table.schema.types] == [
        "string",
        "int64",
        "float",
        "string",
        "string",
    ]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_files_of_cases_give_the_same_arrays(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"cases{suffix}"
    write_table(DATA.to_table(), path)
    table = read_table(path)
    for name, array in conform(table, SCHEMA).items():
        np.testing.assert_array_equal(array, DATA.columns[name])
        assert array.dtype == DATA.columns[name].dtype
    np.testing.assert_array_equal(labels(table, SCHEMA), DATA.target)


def test_take() -> None:
    part = DATA.take([2, 0])
    assert len(part) == 2
    assert part.ids.tolist() == ["c", "a"]
    assert part.columns["home"].tolist() == [0, 1]
    assert part.target.tolist() == [0, 0]
    assert DATA.take(DATA.target == 1).ids.tolist() == ["b"]
    assert len(DATA.take([])) == 0


def test_parts_must_fit() -> None:
    with pytest.raises(ValueError, match=r"found the columns \('age',\), expected \('age', 'rate'"):
        TabularDataset(
            ids=DATA.ids,
            columns={"age": DATA.columns["age"]},
            target=DATA.target,
            schema=SCHEMA,
        )
    with pytest.raises(ValueError, match=r"all arrays must have one shape \[N\], found"):
        TabularDataset(ids=DATA.ids, columns=DATA.columns, target=DATA.target[:2], schema=SCHEMA)
