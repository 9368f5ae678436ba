"""Parquet files as arrays, batch by batch.

Shuffled examples can't be read from Parquet one by one: each would cost the decoding of a
whole row group. `write_mapped(folder, parquet_batches(files))` makes a source of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from research.arguments import require


def parquet_batches(
    paths: Sequence[str | os.PathLike[str]],
    *,
    columns: Sequence[str] | None = None,
    rows: int = 65_536,
) -> Iterator[dict[str, npt.NDArray[Any]]]:
    """Reads one file after the other, a row group at a time at most.

    Args:
        paths: of the files, in order.
        columns: to read; all by default.
        rows: of a batch at most.

    Yields:
        By column, `[M]` for numbers and truth values, `[M, L]` for lists of them that all
        have the length L.

    Raises:
        ArgumentError: for texts and other types, for missing values, for lists of different
            lengths, and for a column that is not there.
    """
    import pyarrow.parquet as pq

    for path in paths:
        with pq.ParquetFile(path) as file:
            known = file.schema_arrow.names
            missing = [name for name in columns or () if name not in known]
            require(
                not missing,
                f"{path} has no column {', '.join(map(repr, missing))}, found {', '.join(known)}",
            )
            for batch in file.iter_batches(batch_size=rows, columns=columns):
                yield {
                    name: _as_array(f"{path}, column {name!r}", column)
                    for name, column in zip(batch.schema.names, batch.columns, strict=True)
                }


def _as_array(where: str, column: Any) -> npt.NDArray[Any]:
    import pyarrow as pa
    import pyarrow.compute as pc

    require(
        column.null_count == 0,
        f"{where}: found {column.null_count} missing values: fill or drop them first",
    )
    kind = column.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        lengths = np.unique(pc.list_value_length(column).to_numpy(zero_copy_only=False))
        require(
            len(lengths) == 1,
            f"{where}: found lists of {lengths.min()} to {lengths.max()} values, expected one "
            "length: pad them first",
        )
        return _as_array(where, column.flatten()).reshape(len(column), int(lengths[0]))
    require(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind),
        f"{where}: found {kind}, expected numbers, truth values, or lists of them",
    )
    array: npt.NDArray[Any] = column.to_numpy(zero_copy_only=False)
    return array
