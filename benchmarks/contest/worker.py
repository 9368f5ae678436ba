"""A contestant's process: `python -m benchmarks.contest.worker ENTRY OPTIONS`, told by its stdin.

Requests and replies are lines of JSON and pickled answers; what the contestant prints goes to
stderr. Needs nothing but NumPy, so it runs in the peers' environment as well.
"""

from __future__ import annotations

import importlib
import json
import os
import pickle
import sys
import time
from typing import IO, Any

from benchmarks.contest.contestant import Work


def block(work: Work, seconds: float) -> list[float]:
    """Seconds of each run, of as many as fit into so many seconds; one at least."""
    times: list[float] = []
    end = time.perf_counter() + seconds
    while not times or time.perf_counter() < end:
        began = time.perf_counter()
        work.run()
        taken = time.perf_counter() - began
        times.append(work.seconds() if work.seconds else taken)
    return times


def serve(entry: str, options: dict[str, Any], out: IO[bytes]) -> None:
    """Answers requests until stdin ends."""

    def reply(value: Any) -> None:
        pickle.dump(value, out)
        out.flush()

    module, function = entry.split(":")
    try:
        work: Work = getattr(importlib.import_module(module), function)(**options)
        reply({"amount": work.amount, "facts": dict(work.facts), "answer": work.answer()})
    except Exception as error:  # whatever a peer raises is its result
        reply({"failed": f"{type(error).__name__}: {error}"})
        return
    for line in sys.stdin:
        began = _processor()
        times = block(work, json.loads(line))
        reply({"times": times, "processor": _processor() - began})


def _processor() -> float:
    """Seconds of this process and of its children that have ended."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


if __name__ == "__main__":
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.argv[1], json.loads(sys.argv[2]), replies)
