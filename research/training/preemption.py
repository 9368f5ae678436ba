"""Being told to stop: SIGTERM (a preempted machine) and SIGINT (Ctrl-C)."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType


class Preempted(Exception):
    """Training stopped on a signal after saving; the same command resumes it."""

    def __init__(self, step: int) -> None:
        super().__init__(f"stopped at step {step}, saved: run the same command to resume")
        self.step = step


@contextlib.contextmanager
def stop_requests() -> Iterator[Callable[[], bool]]:
    """Catches SIGTERM and SIGINT inside the block; yields whether one has come.

    The loop polls between dispatches and saves. A second SIGINT interrupts at once.
    Outside the main thread Python delivers no signals, so nothing is caught there.
    """
    requested = threading.Event()

    def request(number: int, frame: FrameType | None) -> None:
        if requested.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        requested.set()

    if threading.current_thread() is not threading.main_thread():
        yield requested.is_set
        return
    earlier = {number: signal.signal(number, request) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield requested.is_set
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
