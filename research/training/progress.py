"""Progress of a long loop on the console, with the time that is left."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

Report = Callable[[int, str], None]

_SECONDS_BETWEEN_LINES = 5.0


@contextlib.contextmanager
def progress(label: str, total: int, *, start: int = 0) -> Iterator[Report]:
    """Yields `report(done, note)`: a live bar on a terminal, else a line now and then.

    Args:
        label: what is going on.
        total: how many steps there are in all.
        start: how many were done before (they don't count for the speed).
    """
    if sys.stderr.isatty():
        with _bar(label, total, start) as report:
            yield report
    else:
        yield _lines(label, total, start)


@contextlib.contextmanager
def _bar(label: str, total: int, start: int) -> Iterator[Report]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(label, total=total, completed=start, note="")
        yield lambda done, note: bar.update(task, completed=done, note=note)


def _lines(label: str, total: int, start: int) -> Report:
    began = last = time.monotonic()

    def report(done: int, note: str) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < _SECONDS_BETWEEN_LINES and done < total:
            return
        last = now
        left = (now - began) / max(done - start, 1) * (total - done)
        print(f"{label} {done}/{total}, {left:.0f} s left  {note}", file=sys.stderr, flush=True)

    return report
