"""Being told to stop: SIGTERM (a preempted machine) and SIGINT (Ctrl-C)."""

from __future__ import annotations

import contextlib
import contextvars
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, NoReturn, TypeVar

T = TypeVar("T")

RESUMABLE = 75
"""Exit code, EX_TEMPFAIL of sysexits.h: the same command goes on from what was saved."""

_POLL_SECONDS = 0.05
_ABANDONED = "interruptible"


class Preempted(Exception):
    """Training stopped on a signal after saving; the same command resumes it."""

    def __init__(self, step: int) -> None:
        where = f"at step {step}, saved" if step else "before the first step"
        super().__init__(f"stopped {where}: run the same command to resume")
        self.step = step


class StopRequested(Exception):
    """A signal came while something long was going on; what that was doing is lost."""


@contextlib.contextmanager
def stop_requests() -> Iterator[Callable[[], bool]]:
    """Catches SIGTERM and SIGINT inside the block; yields whether one has come.

    Whoever runs polls at points where it can stop. A second SIGINT interrupts at once.
    Takes the place of any handler, also of the one that `jax.distributed.initialize`
    installs outside of Python; after the block, such a one is not put back: the signal
    then has its default effect. Outside the main thread Python delivers no signals, so
    nothing is caught there.
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
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def interruptibly(function: Callable[[], T], stop: Callable[[], bool]) -> T:
    """Calls a function that may stay outside of Python for long, such as XLA's compiler.

    Python runs its signal handlers between two of the main thread's bytecodes, so a signal
    would wait for the end of the call. Here another thread makes it while this one
    watches. That thread is abandoned on a stop: the function must leave nothing half done
    that matters, and the process must end by `leave`. The function sees the caller's
    context variables, but none of JAX's context managers (a mesh, a default device): enter
    these inside.

    Args:
        function: what to call.
        stop: whether to give up; see `stop_requests`.

    Returns:
        What the function returns; what it raises is raised here.

    Raises:
        StopRequested: within a tenth of a second after `stop()` has become true.
    """
    if stop():
        raise StopRequested
    outcome: dict[str, Any] = {}
    done = threading.Event()

    def call() -> None:
        try:
            outcome["result"] = function()
        except BaseException as error:
            outcome["error"] = error
        finally:
            done.set()

    context = contextvars.copy_context()
    threading.Thread(target=lambda: context.run(call), name=_ABANDONED, daemon=True).start()
    while not done.wait(_POLL_SECONDS):
        if stop():
            raise StopRequested
    if "error" in outcome:
        raise outcome["error"]
    result: T = outcome["result"]
    return result


def leave(code: int) -> NoReturn:
    """Ends the process, also while `interruptibly` has abandoned a thread.

    Such a thread comes back from the compiler when the interpreter has gone already, and
    the process would end with SIGABRT instead of its exit code.
    """
    if all(thread.name != _ABANDONED for thread in threading.enumerate()):
        sys.exit(code)
    for handler in logging.getLogger().handlers:
        handler.flush()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
