"""Examples that don't fit: read from a source ahead of the steps that need them."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Generator
from typing import Any

import numpy as np

from research.arguments import require
from research.data.feeds.feed import Arrays, Batch, ExampleSource, taken
from research.data.feeds.threads import by_threads
from research.data.feeds.workers import by_workers
from research.data.loading import Batches


class Streamed:
    """A `Feed` from a source, the same batches as `Resident` gives from the same examples.

    Steps are read in chunks of as many as the first call asks for, guessing that the next
    call goes on where the last one ended. A call elsewhere, or for another share of the
    batch, starts the readers anew; a call for another count only costs a copy.

    Args:
        source: of the examples.
        batch_size: B, of the whole batch.
        seed: of the order.
        workers: Grain processes that read; 0 reads by threads.
        threads: when there are no workers.
        prefetch: chunks to read ahead.

    Raises:
        ArgumentError: when a number can't be used.
        ValueError: when the source is empty, or the batch size is not positive.
    """

    def __init__(
        self,
        source: ExampleSource,
        *,
        batch_size: int,
        seed: int,
        workers: int = 0,
        threads: int = 1,
        prefetch: int = 2,
    ) -> None:
        for name, number, least in (
            ("workers", workers, 0),
            ("threads", threads, 1),
            ("prefetch", prefetch, 0),
        ):
            require(number >= least, f"{name} is {number}, expected {least} or more")
        self._batches = Batches(len(source), batch_size, seed=seed)
        self._source = source
        self._workers, self._threads, self._prefetch = workers, threads, prefetch
        self._chunks: Generator[Arrays, None, None] | None = None
        self._place: tuple[int, slice] | None = None
        self._left: Arrays = {}

    @property
    def size(self) -> int:
        """See `Feed`."""
        return self._batches.n

    @property
    def batch_size(self) -> int:
        """See `Feed`."""
        return self._batches.batch_size

    @property
    def seed(self) -> int:
        """See `Feed`."""
        return self._batches.seed

    @property
    def resident(self) -> Arrays:
        """Nothing."""
        return {}

    def head(self, count: int) -> Arrays:
        """See `Feed`."""
        return taken(self._source, np.arange(min(count, self.size)))

    def load(self, first: int, count: int, rows: slice = slice(None)) -> Arrays:
        """The examples themselves: arrays `[K, b, ...]` by name.

        Raises:
            ArgumentError: when the source returns arrays of another length than asked for.
            WorkersUnavailable: when there are workers but no Grain.
            WorkerDied: when a worker process died.
        """
        require(first >= 0 and count >= 1, f"found step {first}, count {count}, expected 0+, 1+")
        if self._chunks is None or self._place != (first, rows):
            self._restart(first, count, rows)
        assert self._chunks is not None
        parts, needed = [], count
        try:
            while needed:
                chunk = self._left or next(self._chunks)
                parts.append({name: array[:needed] for name, array in chunk.items()})
                size = len(next(iter(chunk.values())))
                self._left = (
                    {name: array[needed:] for name, array in chunk.items()} if size > needed else {}
                )
                needed -= min(needed, size)
        except BaseException:
            self.close()
            raise
        self._place = (first + count, rows)
        if len(parts) == 1:
            return parts[0]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def batch(self, resident: Batch, loaded: Any) -> Batch:
        """See `Feed`."""
        return dict(loaded)

    def close(self) -> None:
        """See `Feed`."""
        chunks, self._chunks, self._left = self._chunks, None, {}
        if chunks is not None:
            chunks.close()

    def _restart(self, first: int, count: int, rows: slice) -> None:
        self.close()
        read = _Chunk(self._source, self._batches, first, count, rows)
        if self._workers:
            self._chunks = by_workers(read, workers=self._workers, ahead=self._prefetch)
        else:
            self._chunks = by_threads(
                read, itertools.count(), threads=self._threads, ahead=self._prefetch
            )


@dataclasses.dataclass(frozen=True)
class _Chunk:
    """Reads chunk after chunk of `count` steps: itself what goes to a worker process."""

    source: ExampleSource
    batches: Batches
    first: int
    count: int
    rows: slice

    def __call__(self, index: int) -> Arrays:
        indices = self.batches.steps(self.first + index * self.count, self.count)[:, self.rows]
        arrays = taken(self.source, indices.ravel().astype(np.int64))
        return {
            name: array.reshape(*indices.shape, *array.shape[1:]) for name, array in arrays.items()
        }
