"""TensorBoard event files, by tensorboardX."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from research.workdir import Workdir
from research.writers.writer import needs_extra

DIRECTORY = "tensorboard"


class TensorBoard:
    """Scalars below `tensorboard/` in the workdir; look with `tensorboard --logdir`.

    A resumed run adds an event file that makes TensorBoard drop what came after the step.
    The events are written here and now: `tensorboardX.SummaryWriter` hands them to a thread,
    and its `flush` does not wait for it, so a kill could lose what a checkpoint counts on.

    Raises:
        TrackerError: tensorboardX is not installed.
    """

    def __init__(self, workdir: Workdir, *, resume_step: int = 0) -> None:
        try:
            from tensorboardX.event_file_writer import EventsWriter
            from tensorboardX.proto.event_pb2 import Event, SessionLog
            from tensorboardX.summary import scalar
        except ImportError as error:
            raise needs_extra("tensorboardX", "tensorboard") from error
        self._event, self._scalar = Event, scalar
        directory = workdir.path / DIRECTORY
        directory.mkdir(parents=True, exist_ok=True)
        # The names hold whole seconds; an attempt that starts sooner after the one before
        # must neither overwrite its file nor be sorted before it.
        self._writer = EventsWriter(str(directory / "events"), f".{time.time_ns()}")
        first = resume_step + 1 if resume_step else 0
        self._add(Event(step=first, session_log=SessionLog(status=SessionLog.START)))

    def write(self, step: int, metrics: Mapping[str, float]) -> None:
        """Adds a scalar for each metric."""
        for name, value in metrics.items():
            self._add(self._event(step=step, summary=self._scalar(name, value)))

    def flush(self) -> None:
        """Hands the events to the operating system."""
        self._writer.flush()

    def close(self) -> None:
        """Closes the file."""
        self._writer.close()

    def _add(self, event: Any) -> None:
        event.wall_time = time.time()
        self._writer.write_event(event)
