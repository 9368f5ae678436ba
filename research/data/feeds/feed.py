"""How a trainer gets its batches, wherever the examples lie."""

from __future__ import annotations

from typing import Any, Protocol

import jax
import numpy as np
import numpy.typing as npt

from research.arguments import require

Batch = dict[str, jax.Array]
Arrays = dict[str, npt.NDArray[Any]]


class ExampleSource(Protocol):
    """N examples that can be had in any order, as files or a data base have them.

    For worker processes it must survive `pickle`, and is best a path rather than the data.
    """

    def __len__(self) -> int:
        """The number of examples, N."""

    def take(self, indices: npt.NDArray[np.int64]) -> Arrays:
        """The examples of these indices `[M]`, in this order: arrays `[M, ...]` by name.

        The same index always gives the same example. Called from several threads at once.
        """


class Feed(Protocol):
    """The batches of a run: which examples each step gets depends on the step alone.

    A step is made in two parts. `load` runs on the host, ahead of the step; `batch` runs
    inside jit. What the first returns goes to the second, one step at a time:

        loaded = feed.load(first, count, rows)     # [K, b, ...]
        batch = feed.batch(resident, loaded[k])    # [b, ...], in the program of step k
    """

    @property
    def size(self) -> int:
        """The number of examples, N."""

    @property
    def batch_size(self) -> int:
        """B, of the whole batch, over all devices and processes."""

    @property
    def seed(self) -> int:
        """Of the order."""

    @property
    def resident(self) -> Arrays:
        """Host arrays `[N, ...]` to be kept on every device; empty for a stream."""

    def head(self, count: int) -> Arrays:
        """The first `count` examples as the source has them: to check names, shapes, dtypes."""

    def load(self, first: int, count: int, rows: slice = slice(None)) -> Any:
        """What `count` steps from `first` on need from the host.

        Args:
            first: the step.
            count: K, 1 or more.
            rows: the share of each batch that this process feeds, b of B examples.

        Returns:
            A tree of host arrays with the leading axes `[K, b]`.
        """

    def batch(self, resident: Batch, loaded: Any) -> Batch:
        """One step's batch, inside jit.

        Args:
            resident: `self.resident`, on the devices.
            loaded: of one step: leading axis `[b]`, or any part of it.

        Returns:
            Arrays `[b, ...]` by name.
        """

    def close(self) -> None:
        """Ends the threads and processes that read ahead; the feed can be used again."""


def taken(source: ExampleSource, indices: npt.ArrayLike) -> Arrays:
    """What a source has at the indices `[M]`, checked: arrays `[M, ...]` by name.

    Raises:
        ArgumentError: when it returned arrays of another length.
    """
    wanted = np.asarray(indices, np.int64)
    arrays = {name: np.asarray(array) for name, array in source.take(wanted).items()}
    lengths = {name: len(array) for name, array in arrays.items()}
    require(
        set(lengths.values()) == {len(wanted)},
        f"the source was asked for {len(wanted)} examples and returned arrays of the lengths "
        f"{lengths or '(nothing)'}: take(indices) gives one row for each index",
    )
    return arrays
