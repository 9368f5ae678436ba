"""One run at a time in a workdir."""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import json
import logging
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import jax

from research.workdir import LOCK, WorkdirError, explained

_log = logging.getLogger(__name__)


@contextlib.contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Keeps other processes from running in a directory while the block runs.

    The operating system holds the lock and lets go of it with the process, however that
    ends: no lock is ever stale. Of a run of several processes, the first one holds it.
    Where the file system has no locks, a warning is logged and nothing is held.

    Args:
        directory: made if need be.

    Raises:
        WorkdirError: when another process holds it, or it can't be written.
    """
    if jax.process_index() != 0:
        yield
        return
    with explained(directory):
        directory.mkdir(parents=True, exist_ok=True)
        # Unbuffered: on a full disk, closing it would try to write once more.
        file = (directory / LOCK).open("a+b", buffering=0)
    with file:
        # A worker process forked meanwhile would hold the lock on after this one was killed.
        os.register_at_fork(after_in_child=file.close)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise WorkdirError(_refusal(directory, file.read())) from None
        except OSError as error:
            _log.warning("%s can't be locked (%s): start no other run there", directory, error)
        with explained(directory):
            file.truncate(0)
            file.write(json.dumps(_holder()).encode())
        yield


def _holder() -> dict[str, object]:
    since = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
    return {"host": socket.gethostname(), "pid": os.getpid(), "since": since}


def _refusal(directory: Path, holder: bytes) -> str:
    try:
        noted = json.loads(holder)
        who = f"process {noted['pid']} on {noted['host']}, since {noted['since']}"
    except (ValueError, KeyError, TypeError):
        who = "a process that has not noted its name"  # it locked the file this instant
    return (
        f"another run is going on in {directory} ({who}): wait for its end or stop it, or use "
        "another --workdir"
    )
