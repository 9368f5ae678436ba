"""All examples of a source once, in order, for evaluation."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from research.data.feeds.feed import Arrays, ExampleSource, taken
from research.data.feeds.threads import by_threads
from research.data.loading import padded


def in_order(
    source: ExampleSource,
    batch_size: int,
    *,
    rows: slice = slice(None),
    threads: int = 1,
    prefetch: int = 2,
) -> Generator[Arrays, None, None]:
    """Yields batches of one size that hold every example once, read ahead by threads.

    Args:
        source: of the examples, N.
        batch_size: B.
        rows: the share of each batch that this process feeds, b of B examples.
        threads: that read.
        prefetch: batches to read ahead.

    Yields:
        Arrays `[b, ...]` by name, and `weight` float32 `[b]`: 0 for the rows that fill up
        the last batch, else 1.
    """
    indices, mask = padded(len(source), batch_size)

    def read(number: int) -> Arrays:
        weight = mask[number, rows].astype(np.float32)
        return taken(source, indices[number, rows]) | {"weight": weight}

    yield from by_threads(read, range(len(indices)), threads=threads, ahead=prefetch)
