"""One process's failure as everyone's.

Left alone, the others would wait in a collective operation for a partner that has left, and
it for them when it shuts down, until time-outs kill all with a C++ stack trace.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from typing import Any, NoReturn

import jax

from research.training.hosts import Member, membership
from research.training.preemption import RESUMABLE

_POLL_SECONDS = 0.25
_FAILED = "rulax/failed"


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
        if isinstance(error.code, str):  # otherwise it has been said
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
