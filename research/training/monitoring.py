"""What a run shows, keeps and measures of itself: all that the loop has to call."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any

import jax

from research.training.cache_statistics import CacheStatistics
from research.training.flops import utilisation
from research.training.progress import Report, progress
from research.training.stopwatch import Phase, Stopwatch
from research.workdir import Workdir
from research.writers import Writers, kept_records, open_writers

TIMING = "timing.json"

_SECONDS_BETWEEN_BEATS = 0.1
_SECONDS_BETWEEN_TIMINGS = 2.0


class Monitor:
    """Console, metric files, trackers and the time split of one call of `fit`.

    Make it first, so that the time to restore and compile is measured:

        with Monitor(workdir, steps=steps, batch_size=batch_size) as monitor:
            with monitor.phase("start"):
                restored = ...
            monitor.resume(step)
            with monitor.phase("compile"):
                monitor.measure(model_flops(traced.jaxpr) / steps_per_call, devices)
            with monitor.phase("step"):                 # around the whole loop
                while ...:
                    carry = executor(carry, indices)
                    monitor.beat(step)                  # after each dispatch
                    if step == boundary:
                        jax.block_until_ready(carry.sums)
                        with monitor.phase("evaluate"):
                            ...
                        monitor.record(record)
                    if save_now:
                        with monitor.phase("save"):
                            monitor.keep(**progress)       # before the checkpoint
                            checkpoints.save(...)

    Nothing here waits for a device. Process 0 writes and shows; the others only measure.

    Args:
        workdir: None keeps nothing.
        steps: of the whole run.
        batch_size: examples of all devices a step.
        monitor: the validation metric that the console shows.
        trackers: names of `research.writers.TRACKERS` to write to beside the files.
        label: what the console line begins with.
    """

    def __init__(
        self,
        workdir: Workdir | None,
        *,
        steps: int,
        batch_size: int,
        monitor: str = "loss",
        trackers: Sequence[str] = (),
        label: str = "training",
    ) -> None:
        self._clock = Stopwatch()
        self._cache = CacheStatistics()
        self._stack = contextlib.ExitStack()
        self._stack.callback(self._cache.close)
        self._first = jax.process_index() == 0
        self._workdir, self._trackers, self._label = workdir, trackers, label
        self._steps, self._batch_size, self._monitor = steps, batch_size, monitor
        self._utilisation: float | None = None  # at one step a second
        self._writers: Writers | None = None
        self._records: list[dict[str, Any]] = []
        self._report: Report | None = None
        self._note = ""
        self._standing: dict[str, Any] = {
            "step": 0,
            "best_step": 0,
            "best_value": None,
            "finished": None,
        }
        self._beaten = self._timed = time.perf_counter()

    def __enter__(self) -> Monitor:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def phase(self, name: Phase) -> contextlib.AbstractContextManager[None]:
        """A context whose time is charged to `name`; see `Stopwatch`."""
        return self._clock.phase(name)

    def resume(self, step: int, *, reported: int | None = None) -> None:
        """Opens the files as they were at a step, 0 for a new run, and the console line.

        What was written after the step is dropped, since it will be written again. A run
        that had finished at this step is left as it is.

        Args:
            step: from which the run goes on.
            reported: the last step whose record it will not write again; `step` by default.

        Raises:
            ArgumentError: there is no such tracker.
            TrackerError: the package of a tracker is missing, or it refuses.
            WorkdirError: the workdir can't be written, or its `timing.json` is damaged.
        """
        self._standing["step"] = step
        known = step if reported is None else reported
        if self._workdir:
            self._records = kept_records(self._workdir.metrics, resume_step=known)
            earlier = self._earlier(self._workdir)
            if not self._first or (earlier.get("finished") and earlier["step"] == step):
                return
            if earlier:
                self._clock.go_on(earlier, step=step)
            self._writers = open_writers(self._workdir, self._trackers, resume_step=known)
            self._stack.callback(self._writers.close)
            self._records = self._writers.records
            self._write_timing()  # so that an attempt that is killed at once is known of
            self._stack.callback(self._write_timing)
        if self._first:
            shown = progress(self._label, self._steps, start=step)
            self._report = self._stack.enter_context(shown)

    @property
    def records(self) -> list[dict[str, Any]]:
        """Of the whole run, earlier attempts included, as in `metrics.jsonl`."""
        return self._records

    @property
    def clock(self) -> Stopwatch:
        """Where the time goes."""
        return self._clock

    @property
    def cache(self) -> CacheStatistics:
        """How the compile cache did since the start of `fit`."""
        return self._cache

    def measure(
        self, flops_per_step: float | None, devices: Sequence[jax.Device] | None = None
    ) -> None:
        """Gives what utilisation is computed from; to be called before the first dispatch.

        Args:
            flops_per_step: on all devices together; see `research.training.flops`.
            devices: on which the steps run, all by default.
        """
        # A CPU is measured here, while nothing else runs on it.
        devices = jax.devices() if devices is None else devices
        self._utilisation = utilisation(flops_per_step, 1.0, devices)

    def beat(self, step: int) -> None:
        """Notes that `step` steps are dispatched; to be called after each dispatch."""
        self._standing["step"] = step
        now = time.perf_counter()
        if now - self._beaten < _SECONDS_BETWEEN_BEATS:
            return
        self._beaten = now
        self._clock.beat(step)
        if step < self._steps:
            self._show()

    def record(self, record: Mapping[str, Any]) -> None:
        """Writes `{"step": int, "train": {...}, "validation": {...}}` everywhere.

        Raises:
            WorkdirError: when it can't be written.
        """
        self._standing["step"] = max(self._standing["step"], record["step"])
        self._clock.beat(self._standing["step"])
        if self._writers:
            self._writers.write(record, beside=self._speeds() if self._trackers else {})
        else:
            self._records.append(dict(record))
        value = record.get("validation", {}).get(self._monitor)
        if value is not None:
            self._note = f"{self._monitor} {value:.4f}"
        self._show()
        self._write_timing_if_due()

    def keep(self, **standing: Any) -> None:
        """Makes the records durable; to be called before each save, and in the end.

        Args:
            standing: the fields of the loop's `Progress`, plain JSON.

        Raises:
            WorkdirError: when it can't be written.
        """
        self._standing |= standing
        self._clock.beat(self._standing["step"])
        if self._writers:
            self._writers.flush()
            self._write_timing_if_due(at_once=bool(self._standing["finished"]))

    @property
    def summary(self) -> str:
        """Where the time went, in one line."""
        return f"{self._clock.summary()}; {self._cache}"

    def close(self) -> None:
        """Writes `timing.json` for the last time and closes everything."""
        self._stack.close()

    def _earlier(self, workdir: Workdir) -> dict[str, Any]:
        if not workdir.has(TIMING):
            return {}
        return workdir.read_json(TIMING, _resumable)

    def _write_timing_if_due(self, *, at_once: bool = False) -> None:
        # Not at each checkpoint: an atomic write costs as much as half of one. What a kill
        # leaves unwritten counts as lost time.
        if at_once or time.perf_counter() - self._timed > _SECONDS_BETWEEN_TIMINGS:
            self._write_timing()

    def _write_timing(self) -> None:
        if self._workdir is None or self._writers is None:
            return
        self._timed = time.perf_counter()
        timing = {
            **self._standing,
            "steps": self._steps,
            "monitor": self._monitor,
            **self._clock.to_json(),
            "speeds": self._speeds(),
            "compile_cache": self._cache.to_json(),
        }
        self._workdir.write_json(TIMING, timing)

    def _show(self) -> None:
        if self._report is None:
            return
        speeds = self._speeds()
        parts = [self._note] if self._note else []
        if "speed/examples_per_second" in speeds:
            parts.append(f"{_short(speeds['speed/examples_per_second'])} examples/s")
        if "speed/utilisation" in speeds:
            parts.append(f"MFU {speeds['speed/utilisation']:.1%}")
        self._report(self._standing["step"], ", ".join(parts), left=self._clock.left(self._steps))

    def _speeds(self) -> dict[str, float]:
        rate = self._clock.steps_per_second
        found = {
            "speed/steps_per_second": rate,
            "speed/examples_per_second": rate and rate * self._batch_size,
            "speed/utilisation": rate and self._utilisation and rate * self._utilisation,
            "speed/goodput": self._clock.goodput,
        }
        return {name: value for name, value in found.items() if value is not None}


def _short(number: float) -> str:
    """Three digits and a unit, such as `61.2k`."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.3g}{unit}"
    return f"{number:.3g}"


def _resumable(data: Any) -> dict[str, Any]:
    """Timing data from which a clock can go on; fails for others as `read_json` asks."""
    Stopwatch().go_on(data, step=0)
    int(data["step"])
    return dict(data)
