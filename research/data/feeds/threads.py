"""Reading ahead in threads: enough when reading waits for a disk or releases the GIL."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def by_threads(
    read: Callable[[int], T],
    indices: Iterable[int],
    *,
    threads: int,
    ahead: int,
) -> Generator[T, None, None]:
    """Yields `read(index)` for every index, in order, reading `ahead` of the consumer.

    What `read` raises is raised here, in its turn. Closing the generator waits for the reads
    under way.
    """
    pool = ThreadPoolExecutor(threads, thread_name_prefix="feed")
    left = iter(indices)
    try:
        waiting = deque(pool.submit(read, index) for index in itertools.islice(left, ahead))
        for index in left:
            waiting.append(pool.submit(read, index))
            yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
