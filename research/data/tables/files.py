"""Tables from and to files: CSV, JSON lines, Parquet."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from research.arguments import did_you_mean
from research.data.atomic import replacing
from research.data.tables.arrow import NULL_WORDS, TableError, from_rows, listed

if TYPE_CHECKING:
    import pyarrow as pa


def read_table(path: str | os.PathLike[str]) -> pa.Table:
    """Reads a table by the suffix of its file: .csv, .jsonl or .ndjson, .parquet.

    A CSV column is int64 or float64 when all its values are (numbers with a leading zero,
    such as "007", are taken for names), bool when all are "true" or "false", else string.
    The type looks at the whole column, so it does not depend on the first rows.

    Raises:
        TableError: if the file is missing, empty, of another kind, or malformed; all
            malformed rows are named, counting from 1 for the first row after the header.
    """
    path = Path(path)
    reader = _by_suffix(path, _READERS)
    if not path.is_file():
        found = "a folder" if path.is_dir() else "no such file"
        siblings = [p.name for p in path.parent.glob("*")] if path.parent.is_dir() else []
        raise TableError(f"{path}: {found}{did_you_mean(path.name, siblings)}")
    if path.stat().st_size == 0:
        raise TableError(f"{path}: the file is empty, expected a table")
    return reader(path)


def write_table(table: pa.Table, path: str | os.PathLike[str]) -> None:
    """Writes a table by suffix (see `read_table`); the file appears whole or not at all.

    Raises:
        TableError: if the suffix is not known.
    """
    path = Path(path)
    writer = _by_suffix(path, _WRITERS)
    with replacing(path) as temporary:
        writer(table, temporary)


def _by_suffix(path: Path, functions: Mapping[str, Callable[..., Any]]) -> Callable[..., Any]:
    try:
        return functions[path.suffix.lower()]
    except KeyError:
        raise TableError(
            f"{path}: found the suffix {path.suffix!r}, expected one of "
            f"{', '.join(functions)}{did_you_mean(path.suffix, functions)}"
        ) from None


# ----------------------------------------------------------------------------- CSV


def _read_csv(path: Path) -> pa.Table:
    import pyarrow as pa
    from pyarrow import csv

    malformed: list[str] = []

    def note(row: Any) -> str:
        malformed.append(
            f"row {row.number - 1}: found {row.actual_columns} values, "
            f"expected {row.expected_columns}: {row.text!r}"
        )
        return "skip"

    header = _csv_header(path)
    try:
        table = csv.read_csv(
            path,
            # Rows carry their numbers only when they are read by one thread.
            read_options=csv.ReadOptions(use_threads=False),
            parse_options=csv.ParseOptions(
                newlines_in_values=True,
                ignore_empty_lines=len(header) > 1,  # in one column they are the nulls
                invalid_row_handler=note,
            ),
            convert_options=csv.ConvertOptions(
                column_types={name: pa.string() for name in header},
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
    except (pa.ArrowException, UnicodeError) as error:
        raise TableError(f"{path}: not a CSV file in UTF-8: {error}") from error
    if malformed:
        raise TableError(f"{path}: {len(malformed)} malformed rows{listed(malformed)}")
    return pa.table({name: _typed(table[name]) for name in table.column_names})


def _write_csv(table: pa.Table, path: Path) -> None:
    import pyarrow as pa
    from pyarrow import csv

    try:
        csv.write_csv(table, path)
    except pa.ArrowException as error:
        raise TableError(f"CSV cannot hold this table ({error}); use .jsonl or .parquet") from error


def _csv_header(path: Path) -> list[str]:
    import csv

    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = next(csv.reader(file), [])
    except (UnicodeError, csv.Error) as error:
        raise TableError(f"{path}: not a CSV file in UTF-8: {error}") from error
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise TableError(f"{path}: column names must differ, found twice: {', '.join(twice)}")
    if not header:
        raise TableError(f"{path}: not a CSV file, the first line has no column names")
    return header


def _typed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    is_null = pc.is_in(column, value_set=pa.array(NULL_WORDS))
    words = pc.if_else(is_null, pa.scalar(None, pa.string()), column)
    if words.null_count == len(words):
        return words
    if pc.all(pc.is_in(words, value_set=pa.array(["true", "false", None]))).as_py():
        return words.cast(pa.bool_())
    if pc.any(pc.match_substring_regex(words, r"^[+-]?0[0-9]")).as_py():
        return column
    for type_ in (pa.int64(), pa.float64()):
        try:
            return words.cast(type_)
        except pa.ArrowInvalid:
            continue
    return column


# ---------------------------------------------------------------------- JSON lines


def _read_jsonl(path: Path) -> pa.Table:
    rows: list[dict[str, Any]] = []
    malformed: list[str] = []
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                try:
                    row = json.loads(line)
                except json.JSONDecodeError as error:
                    malformed.append(f"line {number}, column {error.colno}: {error.msg}")
                    continue
                if isinstance(row, dict):
                    rows.append(row)
                else:
                    found = type(row).__name__
                    malformed.append(f"line {number}: found a {found}, expected an object")
    except UnicodeError as error:
        raise TableError(f"{path}: not text in UTF-8: {error}") from error
    if malformed:
        raise TableError(f"{path}: {len(malformed)} malformed lines{listed(malformed)}")
    return from_rows(rows)


def _write_jsonl(table: pa.Table, path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        for batch in table.to_batches(max_chunksize=10_000):
            file.writelines(
                json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in batch.to_pylist()
            )


# ------------------------------------------------------------------------- Parquet


def _read_parquet(path: Path) -> pa.Table:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        return parquet.ParquetFile(path).read()
    except pa.ArrowException as error:
        raise TableError(f"{path}: not a Parquet file: {error}") from error


def _write_parquet(table: pa.Table, path: Path) -> None:
    from pyarrow import parquet

    parquet.write_table(table, path)


_READERS = {
    ".csv": _read_csv,
    ".jsonl": _read_jsonl,
    ".ndjson": _read_jsonl,
    ".parquet": _read_parquet,
}
_WRITERS = {
    ".csv": _write_csv,
    ".jsonl": _write_jsonl,
    ".ndjson": _write_jsonl,
    ".parquet": _write_parquet,
}
