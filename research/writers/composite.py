"""All writers of a run as one."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from research.arguments import did_you_mean, require
from research.workdir import Workdir, flat_config
from research.writers.csv_file import CsvFile
from research.writers.json_lines import JsonLines
from research.writers.mlflow import MLflow
from research.writers.tensorboard import TensorBoard
from research.writers.wandb import WeightsAndBiases
from research.writers.writer import Output, Writer, flat

CSV = "metrics.csv"


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Start:
    """What a tracker may ask for."""

    workdir: Workdir
    step: int
    config: Mapping[str, Any]
    records: Sequence[Mapping[str, Any]]


TRACKERS: Mapping[str, Callable[[_Start], Writer]] = {
    "tensorboard": lambda run: TensorBoard(run.workdir, resume_step=run.step),
    "mlflow": lambda run: MLflow(run.workdir, config=run.config),
    "wandb": lambda run: WeightsAndBiases(run.workdir, config=run.config, records=run.records),
}


class Writers:
    """The files of the workdir, then the trackers."""

    def __init__(self, lines: JsonLines, table: CsvFile, trackers: Sequence[Writer]) -> None:
        self._lines, self._table, self._trackers = lines, table, trackers
        self._outputs: tuple[Output, ...] = (lines, table, *trackers)

    @property
    def records(self) -> list[dict[str, Any]]:
        """Of the whole run, as in `metrics.jsonl`."""
        return self._lines.records

    def write(self, record: Mapping[str, Any], *, beside: Mapping[str, float]) -> None:
        """Writes a record everywhere.

        Args:
            record: `{"step": int, "train": {...}, "validation": {...}}`, what the run computes;
                the files hold nothing else, so that they come out the same however often the
                run was interrupted.
            beside: flat metrics for the trackers only, such as speeds.
        """
        metrics = flat(record)
        self._lines.append(record)
        self._table.write(record["step"], metrics)
        for tracker in self._trackers:
            tracker.write(record["step"], {**metrics, **beside})

    def flush(self) -> None:
        """Makes durable what was written so far; to be called before each checkpoint."""
        for output in self._outputs:
            output.flush()

    def close(self) -> None:
        """Closes all, also if one fails."""
        with contextlib.ExitStack() as stack:
            for output in self._outputs:
                stack.callback(output.close)


def open_writers(workdir: Workdir, trackers: Sequence[str] = (), *, resume_step: int) -> Writers:
    """Opens the files and trackers as they were at a step.

    Args:
        workdir: of the run.
        trackers: keys of `TRACKERS`.
        resume_step: the step the run resumes from; 0 starts it anew.

    Raises:
        ArgumentError: there is no such tracker.
        TrackerError: its package is not installed, or it refuses.
        WorkdirError: the files can't be written.
    """
    for name in trackers:
        require(
            name in TRACKERS,
            f"there is no tracker {name}, expected some of {', '.join(TRACKERS)}"
            f"{did_you_mean(name, TRACKERS)}",
        )
    config = flat_config(workdir.config()["config"]) if workdir.has("config.json") else {}
    lines = JsonLines(workdir.metrics, resume_step=resume_step)
    table = CsvFile(workdir.path / CSV, lines.records)
    start = _Start(workdir=workdir, step=resume_step, config=config, records=tuple(lines.records))
    return Writers(lines, table, [TRACKERS[name](start) for name in trackers])
