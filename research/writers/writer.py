"""What a writer of metrics is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class TrackerError(Exception):
    """A tracker that can't be used; the message says what to do."""


class Output(Protocol):
    """Something that is written to during a run."""

    def flush(self) -> None:
        """Makes durable what was written so far; called before each checkpoint."""
        ...

    def close(self) -> None:
        """Ends the writing; the run may go on later."""
        ...


class Writer(Output, Protocol):
    """Takes the metrics of a run, step by step in ascending order.

    A writer is opened with the step that the run resumes from. What was written after it
    is gone or is passed over when it comes again, so that no step is there twice.
    """

    def write(self, step: int, metrics: Mapping[str, float]) -> None:
        """Takes the metrics of one step by flat names, such as `train/loss`."""
        ...


def flat(record: Mapping[str, Any]) -> dict[str, float]:
    """The metrics of a record `{"step": int, "train": {...}, ...}` as `part/name`."""
    return {
        f"{part}/{name}": value
        for part, metrics in record.items()
        if isinstance(metrics, Mapping)
        for name, value in metrics.items()
    }


def needs_extra(package: str, tracker: str) -> TrackerError:
    """The error for a tracker whose package is not installed."""
    return TrackerError(
        f"tracker {tracker} writes with {package}, which is not installed: "
        "pip install 'rulax[track]'"
    )
