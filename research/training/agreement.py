"""Processes that stop, or fail, as one.

Each process of a run sees its own signals and its own errors. Left alone, the others would
wait in a collective operation for a partner that has left, until a time-out kills them.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import jax

from research.training.hosts import Member, membership
from research.training.preemption import RESUMABLE

_POLL_SECONDS = 0.25
_ANSWER_MILLISECONDS = 60_000
_FAILED = "rulax/failed"
_log = logging.getLogger(__name__)


@contextlib.contextmanager
def agreeing(asked: Callable[[], bool]) -> Iterator[Callable[[], bool]]:
    """Turns one process's request to stop into everyone's, at the same point.

    Args:
        asked: whether this process has been asked to stop; cheap, called from a thread.

    Yields:
        `stop()`: once any process was asked, True from the same call on in every process.
        All must call it equally often and at the same points. Costs under a microsecond;
        for a single process it is `asked` itself.
    """
    member = membership()
    if member.processes == 1:
        yield asked
        return
    agreement = _Agreement(asked, member)
    try:
        yield agreement.stop
    finally:
        agreement.close()


class _Agreement:
    """Counts calls; when one process is asked, all stop after the furthest one's next call.

    A thread does the talking: the main thread may be waiting for devices, and these for
    another process's main thread.
    """

    def __init__(self, asked: Callable[[], bool], member: Member) -> None:
        self._asked = asked
        self._client, self._process, self._processes = member
        # Counted on the service, so that a second agreement of a process is another one.
        number = self._client.key_value_increment(f"rulax/agreements/{self._process}", 1)
        self._name = f"rulax/agreement/{number}"
        self._lock = threading.Lock()
        self._calls = 0
        self._last: int | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="agreement", daemon=True)
        self._thread.start()

    def stop(self) -> bool:
        with self._lock:
            self._calls += 1
            return self._last is not None and self._calls >= self._last

    def close(self) -> None:
        """Lets the others know that this process makes no more calls."""
        self._closing.set()
        self._thread.join()
        with contextlib.suppress(jax.errors.JaxRuntimeError):
            self._tell_calls()

    def _watch(self) -> None:
        try:
            while not self._closing.wait(_POLL_SECONDS):
                if self._asked():
                    self._client.key_value_set(self._name, "stop", allow_overwrite=True)
                elif _value(self._client, self._name) is None:
                    continue
                with self._lock:
                    self._tell_calls()
                    self._last = 1 + max(self._calls_of(p) for p in range(self._processes))
                return
        except jax.errors.JaxRuntimeError as error:
            _log.warning("can't ask the other processes to stop: %s", str(error).splitlines()[0])

    def _tell_calls(self) -> None:
        with contextlib.suppress(jax.errors.JaxRuntimeError):  # told before
            self._client.key_value_set(f"{self._name}/{self._process}", str(self._calls))

    def _calls_of(self, process: int) -> int:
        key = f"{self._name}/{process}"
        return int(self._client.blocking_key_value_get(key, _ANSWER_MILLISECONDS))


@contextlib.contextmanager
def failing_together() -> Iterator[None]:
    """Ends every process with a clear message when one of them fails inside the block.

    Without it the others would wait for the failed one until time-outs pass. A process that
    is killed can tell nobody: there the heartbeat's time-out remains. `SystemExit` with 0 or
    75 is no failure. With a single process this does nothing.
    """
    member = membership()
    if member.processes == 1:
        yield
        return
    closing = threading.Event()
    threading.Thread(
        target=_end_with_others, args=(member, closing), name="failures", daemon=True
    ).start()
    try:
        yield
    except BaseException as error:
        if isinstance(error, SystemExit) and error.code in (None, 0, RESUMABLE):
            raise
        _fail(member, closing, error)
    finally:
        closing.set()


def _fail(member: Member, closing: threading.Event, error: BaseException) -> NoReturn:
    closing.set()
    text, code = traceback.format_exception_only(error)[-1].strip(), 1
    if isinstance(error, SystemExit):
        text = str(error.code)
        code = error.code if isinstance(error.code, int) else 1
    note = {"process": member.process, "error": text, "code": code}
    try:
        member.client.key_value_set(_FAILED, json.dumps(note))
    except jax.errors.JaxRuntimeError:  # another failed first, and its connections broke
        _follow(member, _value(member.client, _FAILED), f"; here: {text}")
    if isinstance(error, SystemExit):
        print(text, file=sys.stderr)
    else:
        traceback.print_exception(error)
        if "onnection" in text:
            print("perhaps another process died: see its output", file=sys.stderr)
    _leave(member, code)


def _end_with_others(member: Member, closing: threading.Event) -> None:
    while not closing.wait(_POLL_SECONDS):
        note = _value(member.client, _FAILED)
        if note is not None and not closing.is_set():
            _follow(member, note)


def _follow(member: Member, note: str | None, here: str = "") -> NoReturn:
    failed = json.loads(note or '{"process": "unknown", "error": "unknown", "code": 1}')
    print(
        f"process {member.process} ends, because process {failed['process']} failed: "
        f"{failed['error']}{here}",
        file=sys.stderr,
    )
    _leave(member, failed["code"])


def _leave(member: Member, code: int) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    if member.process == 0:  # the note is kept here: the others must have read it
        time.sleep(4 * _POLL_SECONDS)
    os._exit(code)  # not through atexit: there JAX waits for the others, and they for us


def _value(client: Any, key: str) -> str | None:
    try:
        value: str = client.key_value_try_get(key)
    except jax.errors.JaxRuntimeError:
        return None
    return value
