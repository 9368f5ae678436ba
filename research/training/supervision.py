"""Running a command again until it ends well, as on machines that may go away.

Light on purpose: the supervisor imports neither JAX nor a model.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType

from research.arguments import ArgumentError, require
from research.training.preemption import RESUMABLE

_USAGE = 2  # of argparse, absl and this project: the same command would fail again
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def supervise(
    command: Sequence[str],
    *,
    max_restarts: int,
    progress: Path | None = None,
    healthy_seconds: float = 300.0,
    first_wait_seconds: float = 1.0,
    longest_wait_seconds: float = 300.0,
) -> int:
    """Runs a command, again and again until it ends well or makes no progress any more.

    It is started again after exit code 75 (resumable), a crash or a signal; not after 0,
    nor after 2 (the command line can't be used). The wait doubles from one restart to the
    next; both the wait and the count begin anew when the command got somewhere: it ran for
    `healthy_seconds`, or changed the `progress` file. SIGTERM and SIGINT go on to the
    command, which is not started again after them. What is done is said on standard error.

    Args:
        command: program and arguments.
        max_restarts: how many restarts in a row without progress; 0 runs it once.
        progress: a file that the command changes when it gets somewhere, such as
            `metrics.jsonl`.
        healthy_seconds: a command that ran for so long counts as having got somewhere.
        first_wait_seconds: before the first restart.
        longest_wait_seconds: between two starts.

    Returns:
        The last exit code; 128 + n after signal n, as shells have it.

    Raises:
        ArgumentError: when a number is out of its range, or there is no such program.
    """
    require(max_restarts >= 0, f"max_restarts is {max_restarts}, expected 0 or more")
    require(len(command) > 0, "the command is empty, expected a program and its arguments")
    restarts, wait = 0, first_wait_seconds
    with _forwarded() as child:
        while True:
            began, before = time.monotonic(), _changed(progress)
            code = child.run(command)
            if child.told is not None:
                _say(f"{signal.Signals(child.told).name} was passed on, {_ended(code)}")
                return code
            if code in (0, _USAGE):
                return code
            if time.monotonic() - began >= healthy_seconds or _changed(progress) != before:
                restarts, wait = 0, first_wait_seconds
            if restarts == max_restarts:
                _say(f"{_ended(code)}; {restarts} restarts brought no progress: giving up")
                return code
            restarts += 1
            _say(f"{_ended(code)}; restart {restarts} of {max_restarts} in {wait:.0f} s")
            if child.told_within(wait):
                _say("told to stop: not starting again")
                return code
            wait = min(2 * wait, longest_wait_seconds)


class _Child:
    """The command while it runs, and the signal that this process was told to stop by."""

    def __init__(self) -> None:
        self.told: int | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def tell(self, number: int, frame: FrameType | None) -> None:
        self.told = number
        if self._process is not None:
            self._process.send_signal(number)

    def run(self, command: Sequence[str]) -> int:
        # A group of its own: Ctrl-C at a terminal would reach it twice otherwise, and the
        # second SIGINT means "at once".
        try:
            process = subprocess.Popen(command, process_group=0)
        except OSError as error:
            message = f"can't run {command[0]}: {error.strerror}: check the path"
            raise ArgumentError(message) from None
        self._process = process
        if self.told is not None:  # between the last check and the start
            process.send_signal(self.told)
        code = process.wait()
        self._process = None
        return code if code >= 0 else 128 - code

    def told_within(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while self.told is None and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 0.1))
        return self.told is not None


@contextlib.contextmanager
def _forwarded() -> Iterator[_Child]:
    child = _Child()
    earlier = {number: signal.signal(number, child.tell) for number in _SIGNALS}
    try:
        yield child
    finally:
        for number, handler in earlier.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def _changed(progress: Path | None) -> int | None:
    try:
        return progress.stat().st_mtime_ns if progress else None
    except OSError:
        return None


def _ended(code: int) -> str:
    if code == RESUMABLE:
        return f"the command ended with code {code} (resumable)"
    if code > 128:
        with contextlib.suppress(ValueError):
            return f"the command was ended by {signal.Signals(code - 128).name}"
    return f"the command ended with code {code}"


def _say(text: str) -> None:
    print(f"supervisor: {text}", file=sys.stderr, flush=True)
