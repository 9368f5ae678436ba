"""Files of cases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from rules.encoding import arrow_array
from rules.encoding.arrow_values import text_array

__all__ = ["read_cases"]

SUFFIXES = (".csv", ".jsonl", ".parquet")
# Spellings of "no value" in a CSV file.
NULLS = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None")
NOT_UTF8 = "{path}: this is not UTF-8; save the file in that encoding"


def read_cases(path: str | Path) -> pa.Table:
    """Reads cases from a csv (with a header line), jsonl or parquet file.

    Empty cells and `NA`, `N/A`, `NaN`, `null`, `None` in a csv file are missing values. A
    relation is a JSON text in a csv cell, an array or an object in a jsonl file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: another suffix, an empty file, a malformed line (which is named), not UTF-8.
    """
    path = Path(path)
    if path.suffix not in SUFFIXES:
        raise ValueError(
            f"{path}: cannot read {path.suffix or 'a file without suffix'!s}, "
            f"expected one of {', '.join(SUFFIXES)}"
        )
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file")
    if path.stat().st_size == 0:
        raise ValueError(f"{path}: the file is empty, expected cases, one per row")
    try:
        match path.suffix:
            case ".csv":
                table = _read_csv(path)
            case ".jsonl":
                table = _read_jsonl(path)
            case _:
                import pyarrow.parquet  # slow to import

                table = pyarrow.parquet.read_table(path)
        names = table.column_names
    except UnicodeDecodeError:
        raise ValueError(NOT_UTF8.format(path=path)) from None
    except pa.ArrowInvalid as error:
        raise ValueError(f"{path}: {error}") from None
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{path}: the column {twice[0]} occurs twice; rename one")
    return table


def _read_csv(path: Path) -> pa.Table:
    import pyarrow.csv

    convert = pyarrow.csv.ConvertOptions(null_values=list(NULLS), strings_can_be_null=True)
    try:
        table = pyarrow.csv.read_csv(path, convert_options=convert)
    except pa.ArrowInvalid:
        # Once more on one thread, where the reader knows the number of the malformed row.
        options = pyarrow.csv.ReadOptions(use_threads=False)
        table = pyarrow.csv.read_csv(path, read_options=options, convert_options=convert)
    if any(map(pa.types.is_binary, table.schema.types)):  # bytes that are no text
        raise ValueError(NOT_UTF8.format(path=path))
    return table


def _read_jsonl(path: Path) -> pa.Table:
    rows: list[dict[str, Any]] = []
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise ValueError(
                    f"{path}:{number}:{error.colno}: this is not JSON: {error.msg}; expected one "
                    "object per line"
                ) from None
            if not isinstance(row, dict):
                raise ValueError(
                    f"{path}:{number}: found {line.strip()[:40]}, expected an object such as "
                    '{"income": 30000}'
                )
            rows.append(row)
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {}
    for name in names:
        try:
            columns[name] = _json_column([row.get(name) for row in rows])
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise ValueError(f"{path}: column {name} mixes kinds of values: {error}") from None
    return pa.table(columns)


def _json_column(values: list[Any]) -> pa.Array | pa.ChunkedArray:
    given = [value for value in values if value is not None]
    if given and all(isinstance(value, dict) for value in given):
        # A map: a struct would have the keys of all lines in each.
        values = [value and list(value.items()) for value in values]
        items = arrow_array([item for value in given for item in value.values()])
        return pa.array(values, pa.map_(pa.string(), items.type), from_pandas=True)
    try:
        return arrow_array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        if not any(isinstance(value, list) for value in given):
            raise
        # Rows such as ["ann", "bob", 3.5] are of no type of Arrow: their text is.
        return text_array([value and json.dumps(value) for value in values])
