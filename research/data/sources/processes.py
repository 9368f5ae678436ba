"""Other programs, with a time limit that holds for all they start."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

# What surrounds us may pin its own installs, by a path relative to another directory.
_OTHERS = ("PIP_BUILD_CONSTRAINT", "PIP_CONSTRAINT", "PIP_REQUIREMENT")


class ProcessError(Exception):
    """A program failed, was not found, or took too long; the message says which and why."""


def run(
    command: Sequence[str], *, directory: Path, seconds: float, output: IO[bytes] | None = None
) -> None:
    """Runs a program in `directory` and waits.

    Args:
        command: the program and its arguments; no shell.
        directory: the working directory.
        seconds: after which the program and everything it started is killed.
        output: takes its standard output, which is dropped otherwise.

    Raises:
        ProcessError: on a missing program, a time-out, or an exit status that is not 0;
            with the last line of its error output.
    """
    name = Path(command[0]).name
    try:
        # A session of its own, so that children of the program can be killed with it.
        process = subprocess.Popen(
            command,
            cwd=directory,
            env={name: text for name, text in os.environ.items() if name not in _OTHERS},
            stdin=subprocess.DEVNULL,
            stdout=output or subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise ProcessError(f"{name} cannot be started: {error}") from error
    try:
        _, complaint = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise ProcessError(f"{name} took longer than {seconds:g} s") from None
    finally:
        # Also on KeyboardInterrupt, which does not reach another session by itself.
        if process.returncode is None:
            _kill(process)
    if process.returncode:
        lines = complaint.decode(errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "no message")
        raise ProcessError(f"{name} ended with status {process.returncode}: {last}")


def _kill(process: subprocess.Popen[Any]) -> None:
    with contextlib.suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()
    if process.stderr:
        process.stderr.close()
