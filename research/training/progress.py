"""Progress of a long loop on the console, with the time that is left."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import Protocol

_SECONDS_BETWEEN_LINES = 5.0


class Report(Protocol):
    """Shows how far the loop is."""

    def __call__(self, done: int, note: str, *, left: float | None = None) -> None:
        """Shows it.

        Args:
            done: steps made.
            note: what else to say, short.
            left: seconds until the end; None estimates them from the steps made so far.
        """
        ...


@contextlib.contextmanager
def progress(label: str, total: int, *, start: int = 0) -> Iterator[Report]:
    """Yields a `Report`: a live bar on a terminal, else a line now and then.

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


def duration(seconds: float) -> str:
    """Such as `8 s`, `3:20 min`, `2:05 h`."""
    whole = round(seconds)
    if whole < 100:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes}:{rest:02} min" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02} h"


@contextlib.contextmanager
def _bar(label: str, total: int, start: int) -> Iterator[Report]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
        TextColumn("{task.fields[note]}"),
    )
    estimate = _estimate(total, start)
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(label, total=total, completed=start, note="", left="")

        def report(done: int, note: str, *, left: float | None = None) -> None:
            said = f"{duration(estimate(done) if left is None else left)} left"
            bar.update(task, completed=done, note=note, left=said)

        yield report


def _lines(label: str, total: int, start: int) -> Report:
    estimate = _estimate(total, start)
    last = time.monotonic()

    def report(done: int, note: str, *, left: float | None = None) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < _SECONDS_BETWEEN_LINES and done < total:
            return
        last = now
        said = duration(estimate(done) if left is None else left)
        print(f"{label} {done}/{total}, {said} left  {note}", file=sys.stderr, flush=True)

    return report


def _estimate(total: int, start: int) -> Callable[[int], float]:
    began = time.monotonic()
    return lambda done: (time.monotonic() - began) / max(done - start, 1) * (total - done)
