from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from research.data.tables import TableError, read_table, write_table
from tests.effort import examples

SUFFIXES = (".csv", ".jsonl", ".ndjson", ".parquet")

# Texts that a CSV reader has no reason to take for a number, a truth value or a null.
words = st.text(st.sampled_from("ab ,;\"\n'é\t{#"), min_size=1, max_size=6).map("x".__add__)
values = {
    "text": st.none() | words,
    "whole": st.none() | st.integers(-(2**53), 2**53),
    "real": st.none() | st.floats(allow_nan=False),
    "truth": st.none() | st.booleans(),
}
rows = st.lists(st.fixed_dictionaries(values), min_size=1, max_size=8)
schema = pa.schema(
    [
        ("text", pa.string()),
        ("whole", pa.int64()),
        ("real", pa.float64()),
        ("truth", pa.bool_()),
    ]
)


@pytest.mark.parametrize("suffix", SUFFIXES)
@given(rows=rows)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(50))
def test_round_trip(tmp_path: Path, suffix: str, rows: list[dict[str, Any]]) -> None:
    path = tmp_path / f"table{suffix}"
    write_table(pa.Table.from_pylist(rows, schema=schema), path)
    assert read_table(path).to_pylist() == rows


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_column_of_nulls_keeps_its_rows(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"table{suffix}"
    write_table(pa.table({"a": [None, "x", None]}), path)
    assert read_table(path)["a"].to_pylist() == [None, "x", None]


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("texts", "type_", "expected"),
    [
        (["1", "", "3"], "int64", [1, None, 3]),
        (["1", "NA", "2.5"], "double", [1, None, 2.5]),
        (["1e3", "inf"], "double", [1000, float("inf")]),
        (["007", "8"], "string", ["007", "8"]),
        (["-01", "8"], "string", ["-01", "8"]),
        (["0.5", "0"], "double", [0.5, 0]),
        (["1", "x"], "string", ["1", "x"]),
        (["true", "", "false"], "bool", [True, None, False]),
        (["true", "yes"], "string", ["true", "yes"]),
        (["", "NA"], "string", [None, None]),
        (["99999999999999999999"], "double", [1e20]),
    ],
)
def test_csv_types(tmp_path: Path, texts: list[str], type_: str, expected: list[object]) -> None:
    path = write(tmp_path / "a.csv", "a,b\n" + "".join(f"{text},x\n" for text in texts))
    column = read_table(path)["a"]
    assert str(column.type) == type_
    assert column.to_pylist() == expected


def test_csv_types_look_at_the_whole_column(tmp_path: Path) -> None:
    lines = "".join(f"{row},x\n" for row in range(300_000))  # several blocks of pyarrow's
    path = write(tmp_path / "long.csv", f"a,b\n{lines}abc,x\n")
    assert read_table(path)["a"].type == pa.string()


def test_csv_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "excel.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8-sig")
    assert read_table(path).to_pylist() == [{"a": 1, "b": 2}]


def test_a_header_alone_is_a_table_of_no_rows(tmp_path: Path) -> None:
    table = read_table(write(tmp_path / "a.csv", "a,b\n"))
    assert (table.column_names, table.num_rows) == (["a", "b"], 0)


def test_jsonl_rows_may_lack_columns_and_mix_types(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", '{"a": 1}\n\n{"b": "x", "a": "two"}\n')
    assert read_table(path).to_pylist() == [
        {"a": "1", "b": None},
        {"a": "two", "b": "x"},
    ]


def test_the_suffix_may_be_upper_case(tmp_path: Path) -> None:
    assert read_table(write(tmp_path / "A.CSV", "a,b\n1,2\n")).num_rows == 1


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "a.csv: the file is empty"),
        ("a.csv", b"\n", "not a CSV file"),
        ("a.csv", b"a,b\n\xff,1\n", "not a CSV file in UTF-8"),
        ("a.csv", b"\xffa,b\n1,1\n", "not a CSV file in UTF-8"),
        ("a.csv", b"a,b,a\n1,2,3\n", "column names must differ, found twice: a"),
        (
            "a.jsonl",
            b'{"a": 1}\n{"a": \n[1]\n',
            "(?s)2 malformed lines.*line 2, column.*line 3: ",
        ),
        ("a.jsonl", b"\xff\n", "not text in UTF-8"),
        ("a.parquet", b"PAR1", "not a Parquet file"),
        (
            "a.xlsx",
            b"",
            r"suffix '.xlsx', expected one of .csv, .jsonl, .ndjson, .parquet",
        ),
        ("a.json", b"", r"did you mean '.jsonl'\?"),
    ],
)
def test_files_that_are_no_tables(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(TableError, match=message):
        read_table(path)


def test_all_malformed_csv_rows_are_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "a,b\n1,2\n3\n4,5\n6,7,8\n")
    with pytest.raises(TableError) as caught:
        read_table(path)
    assert str(caught.value) == (
        f"{path}: 2 malformed rows\n"
        "  - row 2: found 1 values, expected 2: '3'\n"
        "  - row 4: found 3 values, expected 2: '6,7,8'"
    )


def test_long_lists_of_problems_are_cut(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", "oops\n" * 25)
    with pytest.raises(TableError, match=r"25 malformed lines(?s:.*)\.\.\. and 15 more$"):
        read_table(path)


def test_missing_files(tmp_path: Path) -> None:
    write(tmp_path / "cases.csv", "a\n")
    with pytest.raises(TableError, match=r"case.csv: no such file; did you mean 'cases.csv'\?"):
        read_table(tmp_path / "case.csv")
    with pytest.raises(TableError, match=r"no such file$"):
        read_table(tmp_path / "nowhere" / "case.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(TableError, match=r"folder\.csv: a folder"):
        read_table(tmp_path / "folder.csv")


def test_csv_cannot_hold_lists_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("old")
    with pytest.raises(TableError, match=r"use \.jsonl or \.parquet"):
        write_table(pa.table({"a": [[1, 2]]}), path)
    assert path.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


def test_unknown_suffixes_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="expected one of"):
        write_table(pa.table({"a": [1]}), tmp_path / "a.tsv")
    assert list(tmp_path.iterdir()) == []
