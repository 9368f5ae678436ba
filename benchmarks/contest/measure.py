"""A row measured: all contestants ready, answers compared, turns A B A B, medians."""

from __future__ import annotations

import contextlib
import dataclasses
import statistics
import time
from collections.abc import Mapping
from typing import Any

from benchmarks.contest.answers import difference
from benchmarks.contest.contestant import Contestant
from benchmarks.contest.machine import busy_seconds
from benchmarks.contest.process import Failed, Process
from benchmarks.contest.row import Row

OTHERS = 0.06  # of one core: what others may use while a turn counts
RETRIES = 2


@dataclasses.dataclass(frozen=True, kw_only=True)
class Figure:
    """What one contestant reached in a row.

    Attributes:
        name: The contestant's.
        seconds: Median of its turns' medians, for one run; None if it failed.
        least: The quickest turn's median.
        most: The slowest turn's.
        rate: Units a second, None if the row counts none.
        ratio: How many times quicker the first contestant is, per unit; None for itself.
        failed: Why there are no figures.
        disturbed: Turns during which others used the machine.
        facts: What else it told.
    """

    name: str
    seconds: float | None = None
    least: float | None = None
    most: float | None = None
    rate: float | None = None
    ratio: float | None = None
    failed: str = ""
    disturbed: int = 0
    facts: Mapping[str, float] = dataclasses.field(default_factory=dict)


def measure(row: Row, *, rounds: int, peers: str | None) -> tuple[Figure, ...]:
    """The figures of a row, in the order of its contestants.

    Args:
        row: What to measure.
        rounds: Turns of each contestant.
        peers: The peers' Python, or None.

    Raises:
        ValueError: Ours failed: then the row compares nothing.
    """
    running: dict[str, Process] = {}
    failed: dict[str, str] = {}
    with contextlib.ExitStack() as stack:
        for contestant in row.contestants:
            try:
                process = Process(contestant, row.variables, peers=peers)
                stack.callback(process.close)
                _compared(row, contestant, process.answer, next(iter(running.values()), None))
                running[contestant.name] = process
            except Failed as error:
                failed[contestant.name] = str(error)
        if row.contestants[0].name in failed:
            raise ValueError(f"{row.name}: ours failed: {failed[row.contestants[0].name]}")
        turns: dict[str, list[float]] = {name: [] for name in running}
        disturbed = dict.fromkeys(running, 0)
        for turn in range(1 + rounds):  # the first one warms up
            for name, process in list(running.items()):
                try:
                    seconds, quiet = _turn(process, row.block)
                except Failed as error:
                    failed[name] = str(error)
                    del running[name]
                    continue
                if turn:
                    turns[name].append(seconds)
                    disturbed[name] += not quiet
        return _figures(row, running, turns, disturbed, failed)


def _compared(row: Row, contestant: Contestant, answer: Any, first: Process | None) -> None:
    if first is not None and (found := difference(first.answer, answer, row.tolerance)):
        raise Failed(f"another answer: {found}")


def _turn(process: Process, block: float) -> tuple[float, bool]:
    """Median seconds of a run in one turn, and whether nobody else used the machine."""
    for _ in range(1 + RETRIES):
        before, began = busy_seconds(), time.perf_counter()
        reply = process.block(block)
        passed = time.perf_counter() - began
        others = busy_seconds() - before - reply["processor"]
        # /proc/stat counts hundredths of a second, on each core.
        if quiet := others <= OTHERS * passed + 0.03:
            break
    return statistics.median(reply["times"]), quiet


def _figures(
    row: Row,
    running: Mapping[str, Process],
    turns: Mapping[str, list[float]],
    disturbed: Mapping[str, int],
    failed: Mapping[str, str],
) -> tuple[Figure, ...]:
    figures: list[Figure] = []
    for contestant in row.contestants:
        name = contestant.name
        if name not in running:
            figures.append(Figure(name=name, failed=failed[name]))
            continue
        amount = running[name].amount or row.amount
        seconds = statistics.median(turns[name])
        per_unit = seconds / amount
        if not figures:
            ours = per_unit
        figures.append(
            Figure(
                name=name,
                seconds=seconds,
                least=min(turns[name]),
                most=max(turns[name]),
                rate=amount / seconds if row.unit else None,
                ratio=per_unit / ours if figures else None,
                disturbed=disturbed[name],
                facts=running[name].facts,
            )
        )
    return tuple(figures)
