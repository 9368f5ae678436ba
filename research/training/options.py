"""The settings of a training run as plain data, every one a flag of the command."""

from __future__ import annotations

import dataclasses
import numbers
import types
from collections.abc import Mapping, Sequence
from typing import Any, get_args, get_origin, get_type_hints

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
            to `hang-PROCESS.txt`; after twice as long the process ends. None waits for
            ever.

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


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Run:
    """The arguments of `fit` that are in no group, with what they are unless told otherwise."""

    steps: int = 1000
    batch_size: int = 128
    evaluate_every: int = 100
    patience: int | None = None
    monitor: str = "loss"
    maximise: bool = False
    steps_per_call: int | str = 1


_GROUPS: Mapping[str, Any] = {
    "stepping": Stepping,
    "parallel": Parallel,
    "saving": Saving,
    "watching": Watching,
}


def defaults(**changes: Any) -> dict[str, Any]:
    """Plain data for all arguments of `fit`, with some changed: for an experiment's config.

        config.training = settings(training.defaults(
            steps=3000, batch_size=128, evaluate_every=50, stepping={"ema": 0.999}))

    Raises:
        ArgumentError: for a name that is none, or a value that can't be used.
    """
    options = fit_options(changes)
    groups = {name: _plain(options.pop(name, kind())) for name, kind in _GROUPS.items()}
    return _plain(_Run(**options)) | groups


def fit_options(data: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of `fit` from plain data such as `defaults` gives.

    Raises:
        ArgumentError: for a name that is none, or a value that can't be used.
    """
    plain = {name: value for name, value in data.items() if name not in _GROUPS}
    _check("training", _Run, plain, others=tuple(_GROUPS))
    return {name: _group(name, value) if name in _GROUPS else value for name, value in data.items()}


def optional() -> set[str]:
    """Dotted names of the options of more than one type, such as `stepping.ema`."""
    kinds = {"": _Run, **{f"{name}.": kind for name, kind in _GROUPS.items()}}
    return {
        prefix + name
        for prefix, kind in kinds.items()
        for name, hint in get_type_hints(kind).items()
        if isinstance(hint, types.UnionType)
    }


def _group(name: str, data: Any) -> Any:
    require(isinstance(data, Mapping), f"{name} is {data!r}, expected some of its options by name")
    _check(name, _GROUPS[name], data)
    return _GROUPS[name](**data)


def _check(where: str, kind: Any, data: Mapping[str, Any], others: Sequence[str] = ()) -> None:
    hints = get_type_hints(kind)
    unknown = sorted(set(data) - set(hints))
    require(
        not unknown,
        f"{where} has no {', '.join(unknown)}, expected {', '.join([*hints, *others])}",
    )
    for name, value in data.items():
        union = isinstance(hints[name], types.UnionType)
        kinds = [
            get_origin(one) or one for one in (get_args(hints[name]) if union else [hints[name]])
        ]
        require(
            any(_fits(value, one) for one in kinds),
            f"{where}.{name} is {value!r}, expected {' or '.join(map(_name, kinds))}",
        )


def _fits(value: Any, kind: Any) -> bool:
    if kind in (int, float):  # of Python or of NumPy
        number = numbers.Integral if kind is int else numbers.Real
        return isinstance(value, number) and not isinstance(value, bool)
    return isinstance(value, list | tuple if kind in (tuple, Sequence) else kind)


def _name(kind: Any) -> str:
    names = {type(None): "None", int: "a whole number", float: "a number", bool: "true or false"}
    return names.get(kind, "a string" if kind is str else "a list")


def _plain(settings: Any) -> dict[str, Any]:
    return {field.name: getattr(settings, field.name) for field in dataclasses.fields(settings)}
