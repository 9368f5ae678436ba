"""Where fetched files are kept, and who may write there at a time."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

CACHE_VARIABLE = "RULAX_CACHE"


def cache_directory() -> Path:
    """`$RULAX_CACHE`, else `$XDG_CACHE_HOME/rulax`, else `~/.cache/rulax`; may not exist yet."""
    if own := os.environ.get(CACHE_VARIABLE):
        return Path(own).expanduser()
    if shared := os.environ.get("XDG_CACHE_HOME"):
        return Path(shared).expanduser() / "rulax"
    return Path("~/.cache/rulax").expanduser()


@contextlib.contextmanager
def exclusive(directory: Path) -> Iterator[None]:
    """Waits until no other process is in such a block for `directory`.

    So that of eight processes started at once one downloads and seven find the file. Where
    the system has no such lock (Windows, some network file systems) the block just runs:
    files are put in place atomically, so the worst case is that two processes both download.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)  # ends the lock


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
