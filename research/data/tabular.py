"""A table with everything known about it: keys, columns, target and schema."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from research.data.schema import Schema

if TYPE_CHECKING:
    import pyarrow as pa


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class TabularDataset:
    """N rows in memory.

    Attributes:
        ids: `[N]` texts, the key of each row.
        columns: by name, float32 `[N]` with NaN for missing (numeric) or int32 `[N]` with
            -1 for missing (categorical).
        target: int32 `[N]`, the index into `schema.classes`.
        schema: what the columns are.

    Raises:
        ValueError: if the columns are not those of the schema, or the lengths differ.
    """

    ids: npt.NDArray[np.str_]
    columns: dict[str, npt.NDArray[Any]]
    target: npt.NDArray[np.int32]
    schema: Schema

    def __post_init__(self) -> None:
        if tuple(self.columns) != self.schema.names:
            raise ValueError(
                f"found the columns {tuple(self.columns)}, expected {self.schema.names}"
            )
        arrays = {"ids": self.ids, "target": self.target, **self.columns}
        shapes = {name: array.shape for name, array in arrays.items()}
        if set(shapes.values()) != {(len(self.ids),)}:
            raise ValueError(f"all arrays must have one shape [N], found {shapes}")

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: npt.ArrayLike) -> Self:
        """The dataset of these rows: indices `[M]` or a mask `[N]`."""
        rows = np.asarray(rows)
        rows = rows if rows.size else np.zeros(0, np.int64)  # [] would be float64
        return dataclasses.replace(
            self,
            ids=self.ids[rows],
            columns={name: array[rows] for name, array in self.columns.items()},
            target=self.target[rows],
        )

    def to_table(self) -> pa.Table:
        """Numbers, category names and nulls, as a file of cases has them.

        The key comes first and the target last, as far as the schema names them; whole
        numbers are int64, so that a CSV file shows 30 rather than 30.0.
        """
        import pyarrow as pa

        arrays: dict[str, Any] = {}
        if self.schema.key is not None:
            arrays[self.schema.key] = pa.array(self.ids.tolist(), pa.string())
        for column in self.schema.columns:
            values = self.columns[column.name]
            if column.kind == "numeric":
                arrays[column.name] = _numbers(values)
            else:
                arrays[column.name] = _names(values, column.categories)
        if self.schema.target is not None:
            arrays[self.schema.target] = _names(self.target, self.schema.classes)
        return pa.table(arrays)


def missing(values: npt.NDArray[np.generic]) -> npt.NDArray[np.bool_]:
    """Which values of a column are: NaN among numbers, negative codes among categories."""
    return np.isnan(values) if values.dtype.kind == "f" else np.less(values, 0)


def _numbers(values: npt.NDArray[np.float32]) -> pa.Array:
    import pyarrow as pa

    absent = missing(values)
    known = values[~absent]
    # Beyond 2**24 a float32 may be whole by accident.
    if np.all((known == np.round(known)) & (np.abs(known) <= 2**24)):
        return pa.array(np.where(absent, 0, values).astype(np.int64), mask=absent)
    return pa.array(values, mask=absent)


def _names(codes: npt.NDArray[np.int32], names: tuple[str, ...]) -> pa.Array:
    import pyarrow as pa

    return pa.array([names[code] if code >= 0 else None for code in codes.tolist()], pa.string())
