"""Cases from files, tables and dictionaries, as the columns that the engines read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from rules.encoding import arrow_array, decode_value, encode_column, missing_column
from rules.engines.values import Value
from rules.errors import did_you_mean
from rules.language import ir

__all__ = ["decode_case", "encode", "read_cases"]

SUFFIXES = (".csv", ".jsonl", ".parquet")
KINDS = (
    "a mapping of columns, a list of dictionaries, a dictionary, a pyarrow.Table or a data frame"
)
# Spellings of "no value" in a CSV file.
NULLS = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None")
NOT_UTF8 = "{path}: this is not UTF-8; save the file in that encoding"


def read_cases(path: str | Path) -> pa.Table:
    """Reads cases from a csv (with a header line), jsonl or parquet file.

    Empty cells and `NA`, `N/A`, `NaN`, `null`, `None` in a csv file are missing values.

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
            columns[name] = arrow_array([row.get(name) for row in rows])
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise ValueError(f"{path}: column {name} mixes kinds of values: {error}") from None
    return pa.table(columns)


def encode(
    ruleset: ir.Ruleset,
    cases: Any,
    *,
    missing_columns: Literal["error", "unknown"] = "error",
) -> dict[str, npt.NDArray[Any]]:
    """Encodes cases for the engines; columns that are no inputs are ignored.

    Args:
        ruleset: a checked rule set.
        cases: a mapping of columns (lists or arrays `[B]`), a list of dictionaries, a
            single dictionary (one case), a `pyarrow.Table`, or a data frame of pandas or
            polars. None, NaN, null and infinities are missing values, and so is what one
            dictionary of several leaves out.
        missing_columns: what to do about an input that no case has: an `error`, since the
            name may be misspelt, or take it as `unknown`, missing in every case.

    Returns:
        By input name, `[B]`: float32 with NaN, int32 with -2**31, int8 with -1 for bools,
        int32 codes with -1 for enums where a value is missing. Values outside the bounds of
        their input are missing; a UserWarning counts them.

    Raises:
        ValueError: a column is absent, columns differ in length, a text is no member of its
            enum.
        TypeError: a value is of another kind than its input; cases of another kind than
            listed.
    """
    if missing_columns not in ("error", "unknown"):
        raise ValueError(f"missing_columns is {missing_columns!r}, expected 'error' or 'unknown'")
    columns, count = _columns(cases)
    absent = [item for item in ruleset.inputs if item.name not in columns]
    if absent and missing_columns == "error" and (count or columns):
        raise ValueError(_absent(ruleset, absent, columns))
    return {
        item.name: encode_column(item, columns[item.name])
        if item.name in columns
        else missing_column(item.type, count)
        for item in ruleset.inputs
    }


def decode_case(
    ruleset: ir.Ruleset, columns: Mapping[str, npt.NDArray[Any]], row: int
) -> dict[str, Value | None]:
    """One case of encoded columns `[B]` as a dictionary; None is missing."""
    return {item.name: decode_value(item.type, columns[item.name][row]) for item in ruleset.inputs}


def _columns(cases: Any) -> tuple[Mapping[str, Any], int]:
    """Columns by name, and how many cases there are."""
    if isinstance(cases, Mapping):
        return _columns_of_mapping(cases)
    if hasattr(cases, "to_arrow"):  # polars
        cases = cases.to_arrow()
    if isinstance(cases, pa.RecordBatch):
        cases = pa.Table.from_batches([cases])
    if isinstance(cases, pa.Table):
        return {name: cases[name] for name in cases.column_names}, cases.num_rows
    if hasattr(cases, "iloc"):  # pandas
        return {str(name): cases[name] for name in cases.columns}, len(cases)
    if isinstance(cases, Iterable) and not isinstance(cases, str | bytes):
        return _columns_of_rows(list(cases))
    raise TypeError(f"found cases of type {type(cases).__name__}, expected {KINDS}")


def _columns_of_rows(rows: Sequence[Any]) -> tuple[Mapping[str, Any], int]:
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping):
            raise TypeError(f"row {number}: found {row!r}, expected a dictionary of inputs")
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}, len(rows)


def _columns_of_mapping(cases: Mapping[str, Any]) -> tuple[Mapping[str, Any], int]:
    scalar = {name for name, values in cases.items() if _is_scalar(values)}
    if len(scalar) == len(cases):
        return {name: [value] for name, value in cases.items()}, 1
    if scalar:
        raise TypeError(
            f"cases mix single values ({', '.join(sorted(scalar))}) with columns; expected "
            "either one case or columns of one length"
        )
    lengths = {name: len(values) for name, values in cases.items()}
    (first, count), *others = lengths.items()
    for name, length in others:
        if length != count:
            raise ValueError(
                f"column {name} has {length} values, {first} has {count}; expected columns of "
                "one length"
            )
    return cases, count


def _is_scalar(values: Any) -> bool:
    return values is None or isinstance(values, str | bytes) or np.ndim(values) == 0


def _absent(ruleset: ir.Ruleset, absent: Sequence[ir.Input], columns: Mapping[str, Any]) -> str:
    hints = {item.name: did_you_mean(item.name, columns) for item in absent}
    names = ", ".join(f"{name} ({hint})" if hint else name for name, hint in hints.items())
    return (
        f"rule set {ruleset.name}: no column for {names}; found: {', '.join(columns) or 'none'}; "
        'add it, or count it as missing in every case with missing_columns="unknown"'
    )
