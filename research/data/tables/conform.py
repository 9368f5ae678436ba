"""A table brought to a schema: arrays by name, missing values marked, problems named."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from research.arguments import did_you_mean
from research.data.schema import Column, Schema
from research.data.tables.arrow import NULL_WORDS, Columns, Rows, TableError, as_table, listed

if TYPE_CHECKING:
    import pyarrow as pa

_LOG = logging.getLogger(__name__)
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$|^[+-]?(?i:inf|infinity|nan)$"
_SHOWN = 3

Array = npt.NDArray[Any]


class DataWarning(UserWarning):
    """Values that were taken as missing: infinite numbers, categories the schema lacks."""


def conform(cases: pa.Table | Columns | Rows, schema: Schema) -> dict[str, Array]:
    """The input columns of `schema`, read from a table with any further columns.

    Nulls, NaN, empty texts and words such as "NA" are missing. Infinite numbers, numbers
    beyond float32 and categories that the schema does not list count as missing with a
    `DataWarning`. A category column of truth values reads as "true" and "false", or as
    "yes" and "no" if those are its categories. Further columns are ignored (and logged).

    Args:
        cases: what `as_table` accepts; zero rows are fine.
        schema: the columns to read.

    Returns:
        By name, in the order of the schema: float32 `[N]` with NaN for missing (numeric),
        int32 `[N]` with -1 for missing (categorical).

    Raises:
        TableError: if columns are missing or hold values of a wrong type. One error lists
            all problems; rows count from 1 for the first case.
    """
    table = as_table(cases)
    _require(table, schema.names)
    beside = {*schema.names, schema.key, schema.target}
    ignored = [name for name in table.column_names if name not in beside]
    if ignored:
        _LOG.info("columns that the schema does not name are ignored: %s", ", ".join(ignored))
    problems: list[str] = []
    arrays: dict[str, Array] = {}
    for column in schema.columns:
        read = _numeric if column.kind == "numeric" else _categorical
        arrays[column.name] = read(table[column.name], column, problems.append)
    if problems:
        raise TableError(f"the table does not fit the schema:{listed(problems)}")
    return arrays


def labels(cases: pa.Table | Columns | Rows, schema: Schema) -> Array:
    """The codes of the target: int32 `[N]`, the index into `schema.classes`.

    Raises:
        TableError: if the target column is not there, or a row has no class or another one.
        ValueError: if the schema has no target.
    """
    if schema.target is None:
        raise ValueError("the schema has no target, so a table has no labels")
    table = as_table(cases)
    _require(table, (schema.target,))
    column = Column(name=schema.target, kind="categorical", categories=schema.classes)
    problems: list[str] = []
    texts = _texts(table[schema.target], column, problems.append)
    codes = _codes(texts, schema.classes)
    (wrong,) = np.nonzero(codes < 0)
    if wrong.size:
        rows = _rows(texts, wrong)
        problems.append(f"column {column.name!r}: {rows}, expected one of {schema.classes}")
    if problems:
        raise TableError(f"the target does not fit the schema:{listed(problems)}")
    return codes


def _require(table: pa.Table, names: Sequence[str]) -> None:
    found = table.column_names
    missing = [
        f"no column {name!r}{did_you_mean(name, found)}" for name in names if name not in found
    ]
    twice = [f"more than one column {name!r}" for name in names if found.count(name) > 1]
    if missing or twice:
        raise TableError(
            f"found the columns {', '.join(found) or '(none)'}:{listed(missing + twice)}"
        )


def _numeric(values: pa.ChunkedArray, column: Column, report: Callable[[str], None]) -> Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    values = _decoded(values)
    if pa.types.is_string(values.type):
        texts = _trimmed(values)
        texts = pc.if_else(
            pc.is_in(texts, value_set=pa.array(NULL_WORDS)), pa.scalar(None, pa.string()), texts
        )
        is_number = pc.fill_null(pc.match_substring_regex(texts, _NUMBER), True)
        (wrong,) = np.nonzero(~is_number.to_numpy())
        if wrong.size:
            report(f"column {column.name!r}: {_rows(texts, wrong)}, expected a number")
            texts = pc.if_else(is_number, texts, pa.scalar(None, pa.string()))
        numbers = texts.cast(pa.float64())
    elif _is_number(values.type):
        numbers = values.cast(pa.float64(), safe=False)
    else:
        if values.null_count < len(values):
            report(f"column {column.name!r}: found {values.type} values, expected numbers")
        return np.full(len(values), np.nan, np.float32)
    with np.errstate(over="ignore"):
        array: Array = numbers.to_numpy().astype(np.float32)
    infinite = np.isinf(array)
    if infinite.any():
        _warn(
            f"column {column.name!r}: {infinite.sum()} infinite values (or beyond float32) "
            f"are taken as missing, first in row {np.argmax(infinite) + 1}"
        )
        array[infinite] = np.nan
    return array


def _categorical(values: pa.ChunkedArray, column: Column, report: Callable[[str], None]) -> Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = _texts(values, column, report)
    codes = _codes(texts, column.categories)
    null = pc.or_kleene(pc.is_null(texts), pc.is_in(texts, value_set=pa.array(NULL_WORDS)))
    (unknown,) = np.nonzero((codes < 0) & ~null.to_numpy())
    if unknown.size:
        first = texts[int(unknown[0])].as_py()
        _warn(
            f"column {column.name!r}: {unknown.size} values are not among the categories and "
            f"are taken as missing: {_rows(texts, unknown)}, expected one of "
            f"{column.categories}{did_you_mean(first, column.categories)}"
        )
    return codes


def _texts(values: pa.ChunkedArray, column: Column, report: Callable[[str], None]) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    values = _decoded(values)
    if pa.types.is_boolean(values.type):
        no, yes = ("no", "yes") if "yes" in column.categories else ("false", "true")
        return pc.if_else(values, yes, no)
    if pa.types.is_string(values.type):
        return _trimmed(values)
    if _is_number(values.type) or pa.types.is_null(values.type):
        return values.cast(pa.string())  # 1.0 becomes "1"
    report(f"column {column.name!r}: found {values.type} values, expected texts")
    return pa.chunked_array([pa.nulls(len(values), pa.string())])


def _codes(texts: pa.ChunkedArray, categories: tuple[str, ...]) -> Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    index = pc.fill_null(pc.index_in(texts, value_set=pa.array(categories)), -1)
    return np.array(index.to_numpy(), np.int32)


def _decoded(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Dictionary-encoded and large strings as plain ones, so that few types are left."""
    import pyarrow as pa

    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    is_text = pa.types.is_large_string(values.type) or pa.types.is_string_view(values.type)
    return values.cast(pa.string()) if is_text else values


def _trimmed(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow.compute as pc

    return pc.utf8_trim_whitespace(texts)


def _is_number(type_: pa.DataType) -> bool:
    import pyarrow as pa

    is_number = pa.types.is_integer(type_) or pa.types.is_floating(type_)
    return bool(is_number or pa.types.is_decimal(type_))


def _rows(texts: pa.ChunkedArray, wrong: Array) -> str:
    shown = ", ".join(f"row {row + 1} has {texts[int(row)].as_py()!r}" for row in wrong[:_SHOWN])
    more = f" and {wrong.size - _SHOWN} more rows" if wrong.size > _SHOWN else ""
    return f"{shown}{more}"


def _warn(text: str) -> None:
    warnings.warn(text, DataWarning, stacklevel=4)
