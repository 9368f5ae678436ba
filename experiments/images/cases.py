"""Pictures from a file, to be decided."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.decisions import case_identifiers
from research.data.datasets import DatasetError, idx
from research.data.tables import TableError, read_table

COLUMN = "pixels"
_SIDE = 28
_EXPECTED = f"{_SIDE} x {_SIDE} numbers from 0 (background) to 255"


def read_pictures(path: Path) -> tuple[list[str], NDArray[np.uint8]]:
    """Identifiers and pictures uint8 `[N, 28, 28, 1]`.

    Args:
        path: an IDX file (`...-ubyte`), or a .jsonl or .parquet file with a column `pixels`,
            nested or flat lists, and if need be a column `id`.

    Raises:
        TableError: when the file can't be read, or its pictures are no such pictures.
    """
    if path.name.endswith("ubyte"):
        return _from_idx(path)
    file = read_table(path)
    if COLUMN not in file.column_names:
        raise TableError(f"{path} has no column {COLUMN}: each row needs {_EXPECTED}")
    try:
        rows = [np.ravel(row) for row in file[COLUMN].to_pylist()]
        pixels: NDArray[Any] = np.array(rows, np.float64).reshape(-1, _SIDE, _SIDE, 1)
    except (TypeError, ValueError):
        raise TableError(f"{path}: every row of {COLUMN} must hold {_EXPECTED}") from None
    if not ((pixels >= 0) & (pixels <= 255)).all():
        raise TableError(f"{path}: {COLUMN} must be numbers from 0 (background) to 255")
    return case_identifiers(file, "id"), np.rint(pixels).astype(np.uint8)


def _from_idx(path: Path) -> tuple[list[str], NDArray[np.uint8]]:
    try:
        images = idx.read(path)
    except DatasetError as error:
        raise TableError(str(error)) from None
    if images.shape[1:] != (_SIDE, _SIDE):
        raise TableError(
            f"{path} has the shape {list(images.shape)}, expected [N, {_SIDE}, {_SIDE}]"
        )
    return [str(number) for number in range(1, len(images) + 1)], images[..., None]
