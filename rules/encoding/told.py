"""Where a value stands, for messages: the input and the case."""

from __future__ import annotations

import dataclasses
import warnings

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rules.engines.values import expected
from rules.language import ir

__all__ = ["Place"]


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Place:
    """The values of one input.

    Attributes:
        item: the input.
        rows: int64 `[E]`, the case of each value, from 0; None where it is its position.
    """

    item: ir.Input
    rows: npt.NDArray[np.int64] | None = None

    def number(self, index: int) -> int:
        """The number of the case of a value, from 1."""
        return (index if self.rows is None else int(self.rows[index])) + 1

    def told(self, array: pa.Array, index: int) -> str:
        """The message that a value is none of its input."""
        found = array[index].as_py()
        return (
            f"row {self.number(index)}: input {self.item.name}: found {found!r}, expected "
            f"{expected(self.item.type)}"
        )

    def warn(self, outside: npt.NDArray[np.bool_]) -> None:
        """Warns of values `[E]` that are out of bounds."""
        count = int(outside.sum())
        if count:
            warnings.warn(
                f"input {self.item.name}: {count} of {len(outside)} values are out of bounds and "
                f"count as missing, the first in row {self.number(int(np.argmax(outside)))}; "
                f"expected {expected(self.item.type)}",
                UserWarning,
                stacklevel=4,
            )
