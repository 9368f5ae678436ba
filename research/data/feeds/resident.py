"""Examples in memory: on every device, or on the host."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import numpy as np
import numpy.typing as npt

from research.arguments import require
from research.data.feeds.feed import Arrays, Batch
from research.data.loading import Batches


@dataclasses.dataclass(frozen=True, eq=False)
class InMemory:
    """An `ExampleSource` of arrays `[N, ...]` by name, for `Streamed` where N is too much for a
    device.

    Raises:
        ArgumentError: when the arrays differ in length, or there are none.
    """

    arrays: Arrays

    def __post_init__(self) -> None:
        lengths = {name: len(array) for name, array in self.arrays.items()}
        require(
            len(set(lengths.values())) == 1,
            f"the examples have the lengths {lengths or '(nothing)'}, expected one and the same",
        )

    def __len__(self) -> int:
        return len(next(iter(self.arrays.values())))

    def take(self, indices: npt.NDArray[np.int64]) -> Arrays:
        """See `ExampleSource`."""
        return {name: np.take(array, indices, axis=0) for name, array in self.arrays.items()}


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Resident:
    """A `Feed` of examples on every device: a step sends indices, and gathers inside jit.

    Attributes:
        examples: arrays `[N, ...]` by name.
        batch_size: B, of the whole batch.
        seed: of the order.

    Raises:
        ArgumentError: when the arrays differ in length, or there are none.
        ValueError: when there is no example, or the batch size is not positive.
    """

    examples: Arrays
    batch_size: int
    seed: int

    def __post_init__(self) -> None:
        _ = self._batches

    @property
    def size(self) -> int:
        """See `Feed`."""
        return self._batches.n

    @property
    def resident(self) -> Arrays:
        """See `Feed`."""
        return self.examples

    def head(self, count: int) -> Arrays:
        """See `Feed`."""
        return {name: np.asarray(array[:count]) for name, array in self.examples.items()}

    def load(self, first: int, count: int, rows: slice = slice(None)) -> npt.NDArray[np.int32]:
        """The indices of the examples, int32 `[K, b]`."""
        return self._batches.steps(first, count)[:, rows]

    def batch(self, resident: Batch, loaded: Any) -> Batch:
        """See `Feed`."""
        return {name: array[loaded] for name, array in resident.items()}

    def close(self) -> None:
        """Nothing reads ahead."""

    @functools.cached_property
    def _batches(self) -> Batches:
        return Batches(len(InMemory(self.examples)), self.batch_size, seed=self.seed)
