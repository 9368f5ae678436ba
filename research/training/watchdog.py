"""Noticing that a run hangs, showing where, and ending it."""

from __future__ import annotations

import contextlib
import datetime
import faulthandler
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

from research.arguments import require
from research.training.preemption import RESUMABLE


@contextlib.contextmanager
def watchdog(
    timeout_seconds: float | None, report_to: Path | None = None
) -> Iterator[Callable[[str], None]]:
    """Watches that a run goes on.

    Without a beat for the time-out, the stacks of all Python threads go to standard error
    and to a file. Without one for twice as long, the process ends at once with exit code
    75, so that supervision restarts it from its last checkpoint; should the interpreter
    itself be stuck, which keeps this from happening, it ends after three times as long,
    with exit code 1.

    Args:
        timeout_seconds: longer than the longest pause between two beats, compilations and
            saves included; None watches nothing.
        report_to: the file; None writes to standard error only. Each process of a run
            needs its own.

    Yields:
        `beat(phase)`: tells that the run goes on, and with what ("compile", "step 120").
        Costs less than a microsecond.

    Raises:
        ArgumentError: when the time-out is not more than 0.
    """
    if timeout_seconds is None:
        yield lambda phase: None
        return
    require(timeout_seconds > 0, f"timeout_seconds is {timeout_seconds}, expected more than 0")
    dog = _Watchdog(timeout_seconds, report_to)
    try:
        yield dog.beat
    finally:
        dog.close()


class _Watchdog:
    def __init__(self, timeout_seconds: float, report_to: Path | None) -> None:
        self._timeout, self._report_to = timeout_seconds, report_to
        self._last = time.monotonic(), "start"
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self._thread.start()

    def beat(self, phase: str) -> None:
        self._last = time.monotonic(), phase

    def close(self) -> None:
        self._closing.set()
        self._thread.join(self._timeout)  # it may be writing to a disk that hangs
        faulthandler.cancel_dump_traceback_later()

    def _watch(self) -> None:
        reported: tuple[float, str] | None = None
        # A report at the time-out, at most a quarter late.
        while not self._closing.wait(self._timeout / 4):
            self._set_alarm()
            at, phase = last = self._last
            silent = time.monotonic() - at
            if silent >= 2 * self._timeout:
                self._report(f"still no progress, ending the process with code {RESUMABLE}")
                os._exit(RESUMABLE)
            if silent >= self._timeout and last != reported:
                reported = last
                self._report(
                    f"no progress for {silent:.0f} s, the last thing begun was: {phase}. After "
                    f"{2 * self._timeout:.0f} s the process ends. The stacks of all threads:",
                    stacks=True,
                )

    def _set_alarm(self) -> None:
        # Needs no Python thread to run, unlike the rest of this class. Standard error may
        # have been replaced by something without a descriptor.
        with contextlib.suppress(ValueError, OSError):
            faulthandler.dump_traceback_later(
                3 * self._timeout, exit=True, file=sys.__stderr__ or sys.stderr
            )

    def _report(self, line: str, *, stacks: bool = False) -> None:
        now = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        text = f"watchdog, {now}, process {os.getpid()}: {line}"
        if sys.__stderr__ is not None:
            _write(sys.__stderr__, text, stacks=stacks)
        if self._report_to is not None:
            # A disk that hangs or is full may be why; the line above is out already.
            with contextlib.suppress(OSError):
                self._report_to.parent.mkdir(parents=True, exist_ok=True)
                with self._report_to.open("a", encoding="utf-8") as file:
                    _write(file, text, stacks=stacks)


def _write(file: TextIO, text: str, *, stacks: bool) -> None:
    file.write(f"{text}\n")
    file.flush()
    if stacks:
        with contextlib.suppress(ValueError, OSError):
            faulthandler.dump_traceback(file, all_threads=True)
