"""What takes long to make, made once for all workers of pytest-xdist."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest


def made_once(
    factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None], *, last: str
) -> Path:
    """The directory `name` that `make` fills; nobody may change it.

    Args:
        factory: the fixture `tmp_path_factory`.
        name: of the directory, and of what is made.
        make: called by the first worker that asks, while the others wait.
        last: the file that is written last; without it the directory is made again.
    """
    ours = factory.getbasetemp()
    shared = ours.parent if "PYTEST_XDIST_WORKER" in os.environ else ours
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / name / last).exists():
            make(shared / name)
    return shared / name
