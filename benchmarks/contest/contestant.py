"""Who takes part: a function of some Python environment, and what it hands over to be timed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

OURS, PEERS = "ours", "peers"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Contestant:
    """A contestant of a row.

    Attributes:
        name: As the tables say it: "ours", "torch eager".
        entry: `module:function` that is called once with `options`, in a process of its own, and
            returns a `Work`. An exception (a missing package, say) is this contestant's result.
        options: Keyword arguments, JSON values only.
        environment: Whose Python runs it: `OURS` or `PEERS`.
        variables: Environment variables of its process, in addition to the row's.
    """

    name: str
    entry: str
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    environment: str = OURS
    variables: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Work:
    """What is timed.

    Attributes:
        run: One unit of work, from the start to its last result in memory; what it returns is
            ignored.
        answer: What must be equal between the contestants of a row: arrays, numbers, texts or a
            mapping of them; called once, before anything is timed.
        amount: How many of the row's units one `run` makes, if not as many as the row says: a
            slow peer may decide fewer cases.
        seconds: Instead of the clock around `run`: what `run` measured itself (a start-up, whose
            process is another one). Called after each `run`.
        facts: What else is worth a line: seconds to compile, say.
    """

    run: Callable[[], object]
    answer: Callable[[], Any]
    amount: float | None = None
    seconds: Callable[[], float] | None = None
    facts: Mapping[str, float] = dataclasses.field(default_factory=dict)
