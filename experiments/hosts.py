"""The command as one process among several, or as the supervisor of another."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

from experiments import flags
from research.arguments import ArgumentError
from research.training.supervision import supervise


@contextlib.contextmanager
def together() -> Iterator[None]:
    """Meets the other processes of the run; inside, the failure of one ends all."""
    from research.training.failures import failing_together
    from research.training.hosts import Hosts, initialise
    from research.training.rendezvous import HostsError

    try:
        initialise(
            Hosts(
                coordinator=flags.COORDINATOR.value,
                processes=flags.PROCESSES.value,
                process=flags.PROCESS.value,
                port=flags.PORT.value,
                cpu_devices=flags.CPU_DEVICES.value,
                timeout_seconds=flags.HOST_TIMEOUT.value,
                heartbeat_seconds=flags.HEARTBEAT_TIMEOUT.value,
            )
        )
    except (ArgumentError, HostsError) as error:
        sys.exit(_told(error))
    with failing_together():
        yield


def supervised(workdir: str, *, max_restarts: int) -> int:
    """Runs this very command without `--max_restarts`, and again when it ends badly.

    Returns:
        Its last exit code.
    """
    command = [sys.executable, *sys.orig_argv[1:], "--max_restarts=0"]
    try:
        progress = Path(workdir) / "metrics.jsonl"
        return supervise(command, max_restarts=max_restarts, progress=progress)
    except ArgumentError as error:
        return _told(error)


def _told(error: Exception) -> int:
    print(f"error: {error}", file=sys.stderr)
    return 2
