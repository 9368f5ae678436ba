"""Where the time of a run goes, summed over all its attempts."""

from __future__ import annotations

import collections
import dataclasses
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Literal, get_args

Phase = Literal["start", "compile", "data", "step", "evaluate", "save", "other"]
PHASES: tuple[Phase, ...] = get_args(Phase)

_WINDOW = 30.0


class Stopwatch:
    """Splits a run's wall-clock time by phase; every moment belongs to exactly one.

    Phases nest: an inner one suspends the outer, so a loop may enter `step` once around
    everything and only name what is not a step. Time outside all phases is `other`.

        clock = Stopwatch()
        with clock.phase("step"):
            for step in range(steps):
                carry = run(carry)
                clock.beat(step + 1)
                if boundary:
                    jax.block_until_ready(carry.sums)
                    with clock.phase("evaluate"):
                        ...

    Nothing here waits for a device. JAX dispatches ahead, so time is charged to the phase in
    which the host waits: wait for the steps, inside `step`, before another phase begins.

    Args:
        seconds: a clock that never goes back.
        now: the time of day in seconds since 1970, to count what passed between attempts.
    """

    def __init__(
        self,
        *,
        seconds: Callable[[], float] = time.perf_counter,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._seconds, self._now = seconds, now
        self._began = self._since = seconds()
        self._open: list[Phase] = ["other"]
        self._spent: dict[Phase, float] = dict.fromkeys(PHASES, 0.0)
        self._past = _Past(started=now())
        self._first_step = self._step = 0
        self._recent = collections.deque([(0.0, 0)])

    def go_on(self, earlier: Mapping[str, Any], *, step: int) -> None:
        """Makes this an attempt to continue an earlier one; before the first `beat`.

        Args:
            earlier: `to_json()` of the attempt before.
            step: what it is resumed from; the steps after it count as done twice.

        Raises:
            KeyError, TypeError, ValueError: for data that `to_json` did not make.
        """
        self._past = _Past.resumed(earlier, step=step)
        self._first_step = self._step = step
        self._recent = collections.deque([(self._stepping(), step)])

    def phase(self, name: Phase) -> _Open:
        """A context whose time is charged to `name`."""
        return _Open(self, name)

    def beat(self, step: int) -> None:
        """Notes that `step` steps are dispatched."""
        self._step = step
        stepping = self._stepping()
        last, _ = self._recent[-1]
        if stepping - last < _WINDOW / 100 and len(self._recent) > 1:
            self._recent.pop()
        self._recent.append((stepping, step))
        while len(self._recent) > 2 and stepping - self._recent[1][0] > _WINDOW:
            self._recent.popleft()

    def split(self) -> dict[Phase, float]:
        """Seconds by phase, all attempts together."""
        self._charge()
        return {name: self._past.seconds[name] + self._spent[name] for name in PHASES}

    @property
    def total(self) -> float:
        """Seconds since the first start, downtime included."""
        attempt = self._seconds() - self._began
        return self._past.until(self._now() - attempt) + attempt

    @property
    def lost(self) -> float:
        """Seconds of `total` in no attempt's phases: downtime, and what a kill left unwritten."""
        return max(0.0, self.total - sum(self.split().values()))

    @property
    def goodput(self) -> float:
        """The share of `total` that went into steps that were not done again, 0 to 1.

        As in Google's ML Goodput Measurement: start-up, compilation, evaluation, saves,
        downtime and repeated steps are all badput.
        """
        total = self.total
        return min(1.0, (self._past.productive + self._stepping()) / total) if total else 0.0

    @property
    def steps_per_second(self) -> float | None:
        """Of the last half minute of stepping; None before two beats."""
        (first, from_step), (last, to_step) = self._recent[0], self._recent[-1]
        return (to_step - from_step) / (last - first) if last > first else None

    @property
    def steps_per_second_overall(self) -> float | None:
        """Of this attempt's time in `step`."""
        made, stepping = self._step - self._first_step, self._stepping()
        return made / stepping if made and stepping > 0 else None

    def left(self, steps: int) -> float | None:
        """Seconds until `steps`, at this attempt's pace with its evaluations and saves.

        None before the first step is made.
        """
        self._charge()
        made = self._step - self._first_step
        paid_once = self._spent["start"] + self._spent["compile"]
        pace = (self._since - self._began - paid_once) / made if made else None
        return None if pace is None else pace * max(0, steps - self._step)

    def summary(self) -> str:
        """Such as `time: 81% step, 12% evaluate, 7% compile; goodput 81%`."""
        parts = [*self.split().items(), ("lost", self.lost)]
        total = sum(seconds for _, seconds in parts) or 1.0
        shares = sorted(((seconds / total, name) for name, seconds in parts), reverse=True)
        said = ", ".join(f"{share:.0%} {name}" for share, name in shares if share >= 0.005)
        return f"time: {said}; goodput {self.goodput:.0%}"

    def to_json(self) -> dict[str, Any]:
        """Plain data: what to show, and what `earlier` needs."""
        return {
            "started": self._past.started,
            "written": self._now(),
            "attempts": self._past.attempts + 1,
            "total": self.total,
            "seconds": self.split(),
            "lost": self.lost,
            "goodput": self.goodput,
            "productive": self._past.productive,
            "attempt": {
                "first_step": self._first_step,
                "last_step": self._step,
                "step_seconds": self._stepping(),
            },
        }

    def _stepping(self) -> float:
        """Seconds of this attempt's steps."""
        self._charge()
        return self._spent["step"]

    def _charge(self) -> None:
        at = self._seconds()
        self._spent[self._open[-1]] += at - self._since
        self._since = at

    def _enter(self, name: Phase) -> None:
        self._charge()
        self._open.append(name)

    def _leave(self) -> None:
        self._charge()
        self._open.pop()


class _Open:
    """An own class, not a generator: a loop may enter it at each step."""

    __slots__ = ("_clock", "_name")

    def __init__(self, clock: Stopwatch, name: Phase) -> None:
        self._clock, self._name = clock, name

    def __enter__(self) -> None:
        self._clock._enter(self._name)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._clock._leave()


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Past:
    """The attempts before this one."""

    started: float
    attempts: int = 0
    seconds: Mapping[Phase, float] = dataclasses.field(
        default_factory=lambda: dict.fromkeys(PHASES, 0.0)
    )
    productive: float = 0.0

    def until(self, now: float) -> float:
        """Seconds from the first start to `now`; the sum of phases if the clock was set back."""
        return max(now - self.started, sum(self.seconds.values()), 0.0)

    @classmethod
    def resumed(cls, earlier: Mapping[str, Any], *, step: int) -> _Past:
        attempt, productive = earlier["attempt"], float(earlier["productive"])
        first = attempt["first_step"]
        made = attempt["last_step"] - first
        kept = min(max(step - first, 0), made)
        if step < first:  # even what this attempt started from is lost
            productive *= step / first
        return cls(
            started=float(earlier["started"]),
            attempts=int(earlier["attempts"]),
            seconds={name: float(earlier["seconds"].get(name, 0.0)) for name in PHASES},
            productive=productive + (attempt["step_seconds"] * kept / made if made else 0.0),
        )
