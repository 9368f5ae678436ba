"""The process that durable_rules lives in: it may die, and nothing is lost.

Requests and replies are pickles, each after its length. The process ends when the pipe that
brings requests is closed, as it is when the process that started it dies.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import pickle
import struct
import sys
from collections import OrderedDict
from collections.abc import Callable
from types import ModuleType
from typing import Any

from rules.engines.rete.errors import ReteLimitError
from rules.engines.rete.matcher import Answer, Case, Matcher
from rules.engines.rete.network import load_engine
from rules.engines.world import World

__all__ = ["FRAME", "Worker", "main", "memory", "pack"]

FRAME = struct.Struct("<Q")
MAX_KEPT = 200  # cases whose sessions are kept; the others are matched anew when asked about


def pack(message: object) -> bytes:
    """A message as it goes through a pipe."""
    body = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return FRAME.pack(len(body)) + body


def memory() -> int:
    """The bytes of memory that this process holds, 0 where the system does not tell."""
    with contextlib.suppress(OSError), open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


class Worker:
    """Answers requests, one after the other.

    `load` takes a program; `decide` answers many cases, each by a reply; `ask` answers one
    that is kept for the next time. Replies are `answer` with an `Answer` or an error, and
    `refused` with an error about the whole request; the last one is `done`, with the bytes
    of memory held.
    """

    def __init__(self, engine: ModuleType, reply: Callable[[object], None]) -> None:
        """Args: as `load_engine` returns it; what takes the replies."""
        self._engine = engine
        self._reply = reply
        self._matchers: dict[int, Matcher] = {}
        self._kept: OrderedDict[tuple[int, int], Case] = OrderedDict()

    def handle(self, request: tuple[str, Any, Any]) -> None:
        """Does what is asked for."""
        kind, key, argument = request
        match kind:
            case "load":
                try:
                    self._matchers[key] = Matcher(self._engine, argument)
                except Exception as error:
                    self._reply(("refused", _plain(error)))
            case "decide":
                for world in argument:
                    self._answer(self._decide, key, world)
            case "ask":
                self._answer(self._ask, key, argument)
        self._reply(("done", memory()))

    def _answer(self, function: Callable[[Any, World], Answer], key: Any, world: World) -> None:
        answer: Answer | Exception
        try:
            answer = function(key, world)
        except Exception as error:
            answer = _plain(error)
        self._reply(("answer", answer))

    def _decide(self, key: int, world: World) -> Answer:
        case = Case(self._matchers[key])
        try:
            return case.answer(world)
        finally:
            case.close()

    def _ask(self, key: tuple[int, int], world: World) -> Answer:
        case = self._kept.pop(key, None) or Case(self._matchers[key[0]])
        try:
            answer = case.answer(world)
        except Exception:
            case.close()
            raise
        self._kept[key] = case
        while len(self._kept) > MAX_KEPT:
            _, oldest = self._kept.popitem(last=False)
            oldest.close()
        return answer


def _plain(error: Exception) -> Exception:
    """An error that can be told where durable_rules is not loaded."""
    if isinstance(error, ReteLimitError):
        return error
    return RuntimeError(f"durable_rules: {type(error).__name__}: {error}")


def main() -> None:
    """Answers requests from standard input on standard output, until there are no more."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    faulthandler.enable()  # tells on standard error where it crashed
    # What C code prints must not get between the replies.
    replies = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)

    def reply(message: object) -> None:
        replies.write(pack(message))

    requests = sys.stdin.buffer
    try:
        worker = Worker(load_engine(), reply)
    except ImportError as error:
        reply(("refused", error))
        return
    reply(("done", memory()))
    with contextlib.suppress(BrokenPipeError):
        while head := requests.read(FRAME.size):
            worker.handle(pickle.loads(requests.read(*FRAME.unpack(head))))
