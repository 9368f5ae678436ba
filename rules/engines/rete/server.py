"""The process of durable_rules, as others see it: it does not crash, it starts again.

A case that the process did not survive is sent once more, to a fresh one. So only the case
that is at fault fails, and no case is lost or answered twice. The process is renewed before
it has grown large.
"""

from __future__ import annotations

import itertools
import os
import sys
import threading
from collections.abc import Sequence
from typing import Any

from rules.engines.rete.errors import ReteCrashError
from rules.engines.rete.matcher import Answer
from rules.engines.rete.process import DiedError, Process
from rules.engines.rete.program import Program
from rules.engines.world import World

__all__ = ["Server"]

MAX_CASES = 200_000  # then a process is renewed,
MAX_GROWTH = 256 * 2**20  # or when it holds so many bytes more than at first,
START_TIME = 60.0  # seconds to start, or to load a program
MAX_PROGRAMS = 50  # or so many programs: durable_rules never frees one
START = "import sys; sys.path[:] = {path!r}; from rules.engines.rete.worker import main; main()"


class Server:
    """A process for any number of rule sets.

    Attributes:
        restarts: how often the process was started anew because it had died or hung.
        died: how it did so the last time, None where it never has.
        memory: the bytes that it held when last heard of, 0 where the system does not tell.
    """

    def __init__(self, *, timeout: float = 60.0, command: Sequence[str] | None = None) -> None:
        """Starts nothing yet; the first question does.

        Args:
            timeout: seconds that one case may take; then the process counts as dead.
            command: what to run instead of the process of this package, for tests.
        """
        self.restarts = 0
        self.died: str | None = None
        self.memory = 0
        self._timeout = timeout
        self._command = command or (sys.executable, "-c", START.format(path=sys.path))
        self._programs: dict[int, Program] = {}
        self._keys = itertools.count()
        self._lock = threading.RLock()
        self._closed = False
        self._process: Process | None = None
        self._loaded: set[int] = set()  # the programs that the process knows
        self._cases = 0  # that it has answered
        self._first = 0  # bytes that it held at first

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The id of the process; None where none is running."""
        return None if self._process is None else self._process.pid

    def close(self) -> None:
        """Ends the process; nothing can be asked any more."""
        with self._lock:
            self._closed = True
            self._stop()

    def add(self, program: Program) -> int:
        """Takes a program, and returns the key to ask about it.

        Raises:
            ReteMissingError: durable_rules cannot be loaded.
            ReteCrashError: the process does not start, or does not survive the program.
        """
        with self._lock:
            key = next(self._keys)
            self._programs[key] = program
            try:
                self._ready(key)
            except BaseException:
                del self._programs[key]
                raise
            return key

    def remove(self, key: int) -> None:
        """Forgets a program."""
        self._programs.pop(key, None)

    def decide(self, key: int, worlds: Sequence[World]) -> list[Answer | Exception]:
        """What follows for each of many cases, or why it cannot be told.

        Raises:
            ReteCrashError: the process does not start.
        """
        answers: list[Answer | Exception] = []
        with self._lock:
            failed = False  # whether the process died of the next case, or just before it
            while len(answers) < len(worlds):
                self._ready(key)
                first = len(answers)
                waiting = worlds[first : first + 1] if failed else worlds[first:]
                try:
                    self._exchange(("decide", key, waiting), answers)
                except DiedError as error:
                    self._lose(error)
                    if failed and len(answers) == first:
                        answers.append(_crash(error))
                        failed = False
                    else:
                        failed = True
                else:
                    failed = False
        return answers

    def ask(self, key: int, case: int, world: World) -> Answer:
        """What follows for one case; what was matched is kept for the next time.

        Args:
            key: of the program.
            case: a number for the case.
            world: all that is known about it.

        Raises:
            ReteCrashError: the process died of it twice.
            Exception: whatever else is said against it.
        """
        with self._lock:
            for attempt in range(2):
                self._ready(key)
                answers: list[Answer | Exception] = []
                try:
                    self._exchange(("ask", (key, case), world), answers)
                except DiedError as error:
                    self._lose(error)
                    if attempt:
                        raise _crash(error) from None
            (answer,) = answers
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _ready(self, key: int) -> None:
        """Makes sure that the process runs and knows a program."""
        if self._closed:
            raise ValueError("this engine is closed; make a new one")
        for attempt in range(2):
            try:
                self._renew(key)
                return
            except DiedError as error:
                self._lose(error)
                if attempt:
                    raise ReteCrashError(
                        f"the process of durable_rules does not start: {error}; what it printed "
                        "says more"
                    ) from None

    def _renew(self, key: int) -> None:
        running = self._process
        if running is not None and running.owner != os.getpid():
            self._forget()  # after a fork it belongs to the parent
        elif (
            self._cases >= MAX_CASES
            or self.memory > self._first + MAX_GROWTH
            or (key not in self._loaded and len(self._loaded) >= MAX_PROGRAMS)
        ):
            self._stop()
        if self._process is None:
            self._process = Process(self._command)
            self._exchange(None, [])
            self._first = self.memory
        if key not in self._loaded:
            self._exchange(("load", key, self._programs[key]), [])
            self._loaded.add(key)

    def _exchange(self, request: Any, answers: list[Answer | Exception]) -> None:
        """Sends a request, and takes all replies; `answers` holds what came before an error."""
        process = self._process
        assert process is not None
        answering = request is not None and request[0] != "load"
        try:
            if request is not None:
                process.send(request)
            while True:
                kind, reply = process.receive(self._timeout if answering else START_TIME)
                if kind == "done":
                    self.memory = reply
                    return
                if kind == "refused":
                    raise reply
                answers.append(reply)
                self._cases += 1
        except BaseException:
            # Replies may still be under way, which must not be taken for the next ones.
            self._stop()
            raise

    def _lose(self, error: DiedError) -> None:
        self._stop()
        self.restarts += 1
        self.died = str(error)

    def _stop(self) -> None:
        if self._process is not None:
            self._process.end()
        self._forget()

    def _forget(self) -> None:
        self._process = None
        self._loaded = set()
        self._cases = self._first = self.memory = 0


def _crash(error: DiedError) -> ReteCrashError:
    return ReteCrashError(
        f"durable_rules did not survive this case, twice: {error}; other cases are not affected; "
        "decide this one by another engine"
    )
