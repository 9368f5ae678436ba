"""One process of durable_rules, and the frames that go to and fro."""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import subprocess
import weakref
from collections.abc import Sequence
from typing import Any

from rules.engines.rete.worker import FRAME, pack

__all__ = ["DiedError", "Process"]

PATIENCE = 1.0  # seconds that a process gets to end by itself


class DiedError(Exception):
    """The process died, or did not answer in time."""


class Process:
    """A running process.

    Attributes:
        owner: the process that started it; a fork must not use it.
    """

    def __init__(self, command: Sequence[str]) -> None:
        """Args: what to run."""
        self.owner = os.getpid()
        # In a session of its own, so that an interrupt at the terminal reaches only us.
        self._popen = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        self._received = bytearray()
        self._end = weakref.finalize(self, _end, self._popen, self.owner)

    @property
    def pid(self) -> int:
        """Its id."""
        return self._popen.pid

    def send(self, message: object) -> None:
        """Sends a request.

        Raises:
            DiedError: nobody takes it.
        """
        assert self._popen.stdin is not None
        rest = memoryview(pack(message))
        try:
            while rest:
                rest = rest[self._popen.stdin.write(rest) :]
        except OSError:
            raise DiedError(self._told()) from None

    def receive(self, timeout: float) -> Any:
        """The next reply.

        Raises:
            DiedError: there is none, or none in time.
        """
        (length,) = FRAME.unpack(self._read(FRAME.size, timeout))
        return pickle.loads(self._read(length, timeout))

    def end(self) -> None:
        """Ends it."""
        self._end()

    def _read(self, count: int, timeout: float) -> bytes:
        assert self._popen.stdout is not None
        pipe = self._popen.stdout.fileno()
        while len(self._received) < count:
            # Windows cannot wait for a pipe; there only a process that dies is noticed.
            if os.name == "posix" and not select.select([pipe], [], [], timeout)[0]:
                raise DiedError(f"it did not answer for {timeout:g} s")
            read = os.read(pipe, 1 << 20)
            if not read:
                raise DiedError(self._told())
            self._received += read
        found = bytes(self._received[:count])
        del self._received[:count]
        return found

    def _told(self) -> str:
        """How it ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = self._popen.wait(PATIENCE)
            return f"signal {-code}" if code < 0 else f"exit status {code}"
        return "it closed its pipes"


def _end(popen: subprocess.Popen[bytes], owner: int) -> None:
    assert popen.stdin is not None and popen.stdout is not None
    for pipe in (popen.stdin, popen.stdout):
        with contextlib.suppress(OSError):
            pipe.close()
    if os.getpid() != owner:
        return
    with contextlib.suppress(OSError):
        popen.kill()  # it has nothing to save
    popen.wait()
