"""A run as its workdir tells of it."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import platform
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from research.workdir import LOCK, Workdir, WorkdirError, flat_config, read_metrics
from research.writers.writer import flat

State = Literal["new", "running", "interrupted", "finished"]

_DEPTH = 3
_SILENT_SECONDS = 600.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Run:
    """What the files of a workdir say, plain data.

    Attributes:
        name: the workdir's path, as given.
        state: `new` has made no step yet.
        experiment: the file it was started with.
        config: flat, by dotted keys.
        records: the lines of `metrics.jsonl`.
        timing: `timing.json`; empty where there is none.
        attempts: the entries of `provenance.json`.
    """

    name: str
    state: State
    experiment: str
    config: Mapping[str, Any]
    records: tuple[Mapping[str, Any], ...]
    timing: Mapping[str, Any]
    attempts: tuple[Mapping[str, Any], ...]

    @property
    def step(self) -> int:
        """The last step known of."""
        last = self.records[-1]["step"] if self.records else 0
        return max(int(self.timing.get("step", 0)), last)

    @property
    def steps(self) -> int | None:
        """How many it is to make at most."""
        found = self.timing.get("steps", self.config.get("training.steps"))
        return None if found is None else int(found)

    @property
    def monitor(self) -> str:
        """The validation metric by which the best evaluation is chosen."""
        return str(self.timing.get("monitor", self.config.get("training.monitor", "loss")))

    @property
    def best(self) -> float | None:
        """Its value there."""
        return self.timing.get("best_value")

    @property
    def seconds(self) -> float | None:
        """What all attempts took together, without the time between them."""
        spent = self.timing.get("seconds")
        return sum(spent.values()) if spent else None

    def last(self) -> dict[str, float]:
        """The last value of each metric, by `part/name`."""
        values: dict[str, float] = {}
        for record in self.records:
            values |= flat(record)
        return values

    def curve(self, name: str) -> tuple[list[int], list[float]]:
        """Steps and values of a metric `part/name`."""
        points = [
            (record["step"], metrics[name])
            for record in self.records
            if name in (metrics := flat(record))
        ]
        return [step for step, _ in points], [value for _, value in points]

    def to_json(self) -> dict[str, Any]:
        """Plain data, without the records."""
        return {
            "name": self.name,
            "experiment": self.experiment,
            "state": self.state,
            "step": self.step,
            "steps": self.steps,
            "monitor": self.monitor,
            "best_value": self.best,
            "best_step": self.timing.get("best_step"),
            "seconds": self.seconds,
            "started": self.attempts[0].get("started") if self.attempts else None,
        }


def read_run(path: Path) -> Run:
    """Reads a workdir.

    Raises:
        WorkdirError: when it is none, or one of its files is damaged.
    """
    workdir = Workdir(path)
    stored = workdir.config()
    if not isinstance(stored["config"], dict):
        raise WorkdirError(f"{path / 'config.json'} holds no configuration of ours")
    timing = _json(workdir, "timing.json", _timing)
    manifest = _json(workdir, "provenance.json", lambda data: {"all": list(data["attempts"])})
    entries = tuple(manifest.get("all", ()))
    return Run(
        name=str(path),
        state=_state(workdir, timing, _holder(workdir) or (entries[-1] if entries else {})),
        experiment=str(stored["experiment"]),
        config=flat_config(stored["config"]),
        records=tuple(read_metrics(workdir.metrics)) if workdir.has("metrics.jsonl") else (),
        timing=timing,
        attempts=entries,
    )


def find_runs(paths: Iterable[Path]) -> tuple[list[Run], list[str]]:
    """The runs at some paths, or up to three folders below them.

    Returns:
        The runs, by path, and what was skipped and why.
    """
    runs: list[Run] = []
    skipped: list[str] = []
    for path in paths:
        found = list(_workdirs(path, _DEPTH)) if path.is_dir() else []
        if not found:
            kind = "no run of ours, and none below" if path.is_dir() else "no such directory"
            skipped.append(f"{path}: {kind}")
        for workdir in found:
            try:
                runs.append(read_run(workdir))
            except (WorkdirError, OSError, UnicodeDecodeError) as error:
                skipped.append(str(error))
    return runs, skipped


def _workdirs(path: Path, depth: int) -> Iterable[Path]:
    if (path / "config.json").is_file():
        yield path
    elif depth:
        for entry in sorted(path.iterdir()):
            if entry.is_dir() and not entry.name.startswith("."):
                yield from _workdirs(entry, depth - 1)


def _json(workdir: Workdir, name: str, parse: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    return workdir.read_json(name, parse) if workdir.has(name) else {}


def _timing(data: Any) -> dict[str, Any]:
    int(data["step"])
    seconds = {name: float(spent) for name, spent in dict(data["seconds"]).items()}
    return {**data, "seconds": seconds}


def _state(workdir: Workdir, timing: Mapping[str, Any], process: Mapping[str, Any]) -> State:
    if timing.get("finished") or (not timing and workdir.has(workdir.model.name)):
        return "finished"
    if process and _alive(process, timing):
        return "running"
    return "interrupted" if timing or workdir.has(workdir.checkpoints.name) else "new"


def _holder(workdir: Workdir) -> Mapping[str, Any]:
    """Who locked the workdir last. Asking for the lock itself could make a start fail."""
    with contextlib.suppress(OSError, ValueError):
        noted = json.loads((workdir.path / LOCK).read_text(encoding="utf-8"))
        if isinstance(noted, dict):
            return noted
    return {}


def _alive(process: Mapping[str, Any], timing: Mapping[str, Any]) -> bool:
    """Whether a process lives; on another host, whether it wrote lately."""
    if process.get("host") != platform.node():
        return time.time() - float(timing.get("written", 0.0)) < _SILENT_SECONDS
    try:
        os.kill(int(process["pid"]), 0)
    except PermissionError:
        return True
    except (OSError, KeyError, TypeError, ValueError):
        return False
    return True
