"""The near side of a contestant's process."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.contest.contestant import OURS, Contestant

ROOT = Path(__file__).resolve().parents[2]


class Failed(Exception):
    """A contestant that can't go on; the message is its result."""


class Process:
    """A contestant at work; ended by `close`."""

    def __init__(
        self, contestant: Contestant, variables: Mapping[str, str], *, peers: str | None
    ) -> None:
        """Starts it.

        Args:
            contestant: Who.
            variables: Of its environment, beside its own.
            peers: The peers' Python, None if there is none.

        Raises:
            Failed: There is no environment for peers, or the contestant's entry raised.
        """
        python = sys.executable if contestant.environment == OURS else peers
        if python is None:
            raise Failed("no environment for peers")
        # What a contestant prints would fill a pipe that nobody reads.
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        self._popen = subprocess.Popen(
            [
                *(python, "-m", "benchmarks.contest.worker"),
                *(contestant.entry, json.dumps(dict(contestant.options))),
            ],
            cwd=ROOT,
            env={**os.environ, **variables, **contestant.variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )
        try:
            ready = self._reply()
            if "failed" in ready:
                raise Failed(ready["failed"])
        except Failed:
            self.close()
            raise
        self.answer: Any = ready["answer"]
        self.amount: float | None = ready["amount"]
        self.facts: dict[str, float] = ready["facts"]

    def _reply(self) -> dict[str, Any]:
        assert self._popen.stdout is not None
        try:
            reply: dict[str, Any] = pickle.load(self._popen.stdout)
        except EOFError:
            code = self._popen.wait()
            self._errors.seek(0)
            lines = self._errors.read().decode(errors="replace").strip().splitlines()
            why = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
            raise Failed(f"{why}: {lines[-1]}" if lines else why) from None
        return reply

    def block(self, seconds: float) -> dict[str, Any]:
        """Seconds of each run in one turn ("times"), and of processor time ("processor").

        Raises:
            Failed: The process died.
        """
        assert self._popen.stdin is not None
        try:
            self._popen.stdin.write(json.dumps(seconds).encode() + b"\n")
            self._popen.stdin.flush()
        except BrokenPipeError:
            pass  # `_reply` tells how it ended
        return self._reply()

    def close(self) -> None:
        self._popen.kill()
        self._popen.communicate()
        self._errors.close()
