from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from research.arguments import ArgumentError
from research.data.mapped import write_mapped
from research.data.parquet import parquet_batches


def write(path: Path, **columns: object) -> Path:
    pq.write_table(pa.table(columns), path, row_group_size=4)
    return path


def test_files_one_after_the_other_as_a_source(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(25, 3)).astype(np.float32)
    files = []
    for number, rows in enumerate([slice(0, 10), slice(10, 25)]):
        flat = pa.array(vectors[rows].ravel())
        files.append(
            write(
                tmp_path / f"{number}.parquet",
                label=pa.array(np.arange(25)[rows], pa.int32()),
                known=pa.array((np.arange(25) % 2 == 0)[rows]),
                vector=pa.FixedSizeListArray.from_arrays(flat, 3),
                lists=pa.array(vectors[rows].tolist(), pa.list_(pa.float32())),
            )
        )
    batches = list(parquet_batches(files, rows=7))
    assert max(len(batch["label"]) for batch in batches) <= 7
    source = write_mapped(tmp_path / "examples", batches)
    taken = source.take(np.array([24, 0, 11]))
    np.testing.assert_array_equal(taken["label"], [24, 0, 11])
    np.testing.assert_array_equal(taken["known"], [True, True, False])
    np.testing.assert_array_equal(taken["vector"], vectors[[24, 0, 11]])
    np.testing.assert_array_equal(taken["lists"], vectors[[24, 0, 11]])
    assert taken["label"].dtype == np.int32
    assert taken["vector"].dtype == np.float32


def test_some_columns(tmp_path: Path) -> None:
    path = write(tmp_path / "x.parquet", a=[1, 2], b=["x", "y"])
    (batch,) = parquet_batches([path], columns=["a"])
    assert list(batch) == ["a"]


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (["x", "y"], "x.parquet, column 'a': found string, expected numbers"),
        ([1, None], "column 'a': found 1 missing values: fill or drop them first"),
        ([[1], [2, 3]], "column 'a': found lists of 1 to 2 values, expected one length: pad"),
        ([[1], [None]], "column 'a': found 1 missing values"),
    ],
)
def test_what_cannot_be_an_array(tmp_path: Path, column: list, message: str) -> None:
    path = write(tmp_path / "x.parquet", a=column)
    with pytest.raises(ArgumentError, match=message):
        list(parquet_batches([path]))


def test_a_column_that_is_not_there(tmp_path: Path) -> None:
    path = write(tmp_path / "x.parquet", a=[1])
    with pytest.raises(ArgumentError, match="has no column 'b', found a"):
        list(parquet_batches([path], columns=["a", "b"]))
