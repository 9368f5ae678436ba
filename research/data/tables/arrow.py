"""Arrow tables from Python values, and what every file of this package shares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

Rows = Sequence[Mapping[str, Any]]
Columns = Mapping[str, Any]

# What people and programs write into text files for "no value here".
NULL_WORDS = ("", "NA", "N/A", "n/a", "na", "NaN", "nan", "NULL", "null", "None", "<NA>")
_SHOWN = 10


class TableError(ValueError):
    """A table that cannot be read or does not fit; the message lists every problem found."""


def as_table(cases: pa.Table | Columns | Rows) -> pa.Table:
    """A table from a table, from columns by name, from rows, or from a pandas.DataFrame.

    A column of mixed types becomes strings, for `conform` to name the rows that are wrong.

    Raises:
        TableError: if the columns differ in length or are not one-dimensional.
        TypeError: if `cases` is none of these.
    """
    import pyarrow as pa

    if isinstance(cases, pa.Table):
        return cases
    if hasattr(cases, "columns") and hasattr(cases, "to_dict"):  # pandas, not imported here
        return _from_columns({str(name): cases[name].to_numpy() for name in cases.columns})
    if isinstance(cases, Mapping):
        return _from_columns(cases)
    if isinstance(cases, Sequence) and all(isinstance(row, Mapping) for row in cases):
        return from_rows(cases)
    raise TypeError(
        f"found {type(cases).__name__}, expected a pyarrow.Table, columns by name "
        "(a mapping), a list of rows (mappings), or a pandas.DataFrame"
    )


def listed(problems: Sequence[str]) -> str:
    """The first problems, one a line, and how many more there are."""
    more = [f"... and {len(problems) - _SHOWN} more"] if len(problems) > _SHOWN else []
    return "".join(f"\n  - {line}" for line in (*problems[:_SHOWN], *more))


def from_rows(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """A table from rows that may lack columns; the columns come in the order they appear."""
    rows = list(rows)
    names = dict.fromkeys(name for row in rows for name in row)
    return _from_columns({name: [row.get(name) for row in rows] for name in names})


def _from_columns(columns: Mapping[str, Any]) -> pa.Table:
    import pyarrow as pa

    arrays = {str(name): _array(name, values) for name, values in columns.items()}
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise TableError(f"columns must have one length, found {lengths}")
    return pa.table(arrays)


def _array(name: str, values: Any) -> Any:
    import pyarrow as pa

    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values
    if isinstance(values, str | bytes) or not hasattr(values, "__len__"):
        raise TableError(f"column {name!r}: found {values!r}, expected one value per row")
    if getattr(values, "ndim", 1) != 1:
        raise TableError(f"column {name!r}: found the shape {values.shape}, expected [N]")
    if hasattr(values, "__array__"):  # numpy, JAX and pandas alike
        values = np.asarray(values)
    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        words = (None if value is None else str(value) for value in values)
        return pa.array(words, pa.string())
