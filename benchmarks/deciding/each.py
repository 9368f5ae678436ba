"""Work that is many small calls: what counts is the mean of one."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.contest import Work


def each(
    call: Callable[[Any], Any], given: Sequence[Any], answer: Callable[[list[Any]], Any]
) -> Work:
    """A call for each of the given, one after the other.

    Args:
        call: what is timed.
        given: its arguments.
        answer: of what the calls return.
    """
    taken = 0.0

    def run() -> None:
        nonlocal taken
        began = time.perf_counter()
        for one in given:
            call(one)
        taken = (time.perf_counter() - began) / len(given)

    return Work(run=run, answer=lambda: answer([call(one) for one in given]), seconds=lambda: taken)
