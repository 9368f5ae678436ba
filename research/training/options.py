"""The settings of a training run as plain data, every one a flag of the command."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from research.arguments import require
from research.training.retention import Saving
from research.training.sharding import Parallel
from research.training.step import Stepping


@dataclasses.dataclass(frozen=True, kw_only=True)
class Watching:
    """What a run shows of itself.

    Attributes:
        log_every: steps between lines of metrics; None writes one at every evaluation.
        trackers: names of `research.writers.TRACKERS` to write to beside the files.
        profile: "FIRST:LAST", steps to trace with JAX's profiler into `profile/`; None
            for none.
        hang_minutes: without a step for so long, the stacks of all threads are written
            to `hang.txt`; after twice as long the process ends. None waits for ever.

    Raises:
        ArgumentError: when a value can't be used.
    """

    log_every: int | None = None
    trackers: tuple[str, ...] = ()
    profile: str | None = None
    hang_minutes: float | None = 60.0

    def __post_init__(self) -> None:
        require(
            self.log_every is None or self.log_every >= 1,
            f"log_every is {self.log_every}, expected None, or 1 or more",
        )
        require(
            self.hang_minutes is None or self.hang_minutes > 0,
            f"hang_minutes is {self.hang_minutes}, expected None or more than 0",
        )
        _ = self.profiled

    @property
    def hang_seconds(self) -> float | None:
        """For the watchdog."""
        return None if self.hang_minutes is None else 60 * self.hang_minutes

    @property
    def profiled(self) -> tuple[int, int] | None:
        """The first step to trace, and the one to stop before."""
        if self.profile is None:
            return None
        first, _, last = self.profile.partition(":")
        require(
            first.isdigit() and last.isdigit() and int(first) < int(last),
            f"profile is {self.profile!r}, expected FIRST:LAST with FIRST below LAST, as 100:110",
        )
        return int(first), int(last)


_GROUPS: dict[str, Any] = {
    "stepping": Stepping,
    "parallel": Parallel,
    "saving": Saving,
    "watching": Watching,
}


def defaults(**changes: Any) -> dict[str, Any]:
    """Plain data for all arguments of `fit`, with some changed: for an experiment's config.

        config.training = ConfigDict(training.defaults(
            steps=3000, batch_size=128, evaluate_every=50, stepping={"ema": 0.999}))

    Raises:
        ArgumentError: for a name that is none, or a value that can't be used.
    """
    plain: dict[str, Any] = {
        "steps": 1000,
        "batch_size": 128,
        "evaluate_every": 100,
        "patience": None,
        "monitor": "loss",
        "maximise": False,
        "steps_per_call": 1,
    }
    unknown = sorted(set(changes) - set(plain) - set(_GROUPS))
    require(not unknown, f"found {', '.join(unknown)}, expected {', '.join([*plain, *_GROUPS])}")
    groups = {name: _plain(_group(name, changes.get(name, {}))) for name in _GROUPS}
    return plain | changes | groups


def fit_options(data: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of `fit` from plain data such as `defaults` gives.

    Raises:
        ArgumentError: for a name that is none, or a value that can't be used.
    """
    return {name: _group(name, value) if name in _GROUPS else value for name, value in data.items()}


def _group(name: str, data: Mapping[str, Any]) -> Any:
    kind = _GROUPS[name]
    names = [field.name for field in dataclasses.fields(kind)]
    unknown = sorted(set(data) - set(names))
    require(not unknown, f"{name} has no {', '.join(unknown)}, expected {', '.join(names)}")
    return kind(**data)


def _plain(settings: Any) -> dict[str, Any]:
    return {field.name: getattr(settings, field.name) for field in dataclasses.fields(settings)}
