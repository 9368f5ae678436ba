"""Which run of a tracker a workdir writes to."""

from __future__ import annotations

from collections.abc import Callable

from research.workdir import Workdir


def run_id(workdir: Workdir, name: str, *, make: Callable[[], str]) -> str:
    """The tracker's own id for a run, kept so that a resumed run goes on in the same one.

    Args:
        workdir: of the run.
        name: of the file that remembers it.
        make: gives a new id, where there is none.

    Raises:
        WorkdirError: the file is damaged or can't be written.
    """
    if not workdir.has(name):
        workdir.write_json(name, {"run": make()})
    return workdir.read_json(name, lambda data: str(data["run"]))
