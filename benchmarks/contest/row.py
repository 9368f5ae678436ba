"""A row of a table: one piece of work, and who does it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from benchmarks.contest.contestant import Contestant


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """One piece of work for several contestants; the first of them is ours.

    Attributes:
        name: Of the work: "CNN, batch 32".
        unit: What is counted: "samples". None for work that is timed as a whole, in seconds.
        amount: Units in one run.
        contestants: The first one is compared with every other.
        tolerance: Largest relative difference between numbers of two answers; 0 for equality.
        goals: Ratios that we want to reach, by the peer's name: 1.5 is half as quick again.
        variables: Environment variables of all contestants.
        block: Seconds of work in one turn, at least one run.
        note: A line under the table.
    """

    name: str
    contestants: tuple[Contestant, ...]
    unit: str | None = None
    amount: float = 1.0
    tolerance: float = 0.0
    goals: Mapping[str, float] = dataclasses.field(default_factory=dict)
    variables: Mapping[str, str] = dataclasses.field(default_factory=dict)
    block: float = 0.5
    note: str = ""
