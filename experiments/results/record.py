"""One run of an experiment: what it found, how long it took, by which configuration."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from experiments.experiment import REPOSITORY, load_experiment, located
from experiments.headline import AUTOMATION, Automation, Headline
from experiments.presets import with_preset
from research.arguments import require
from research.workdir import Workdir


@dataclasses.dataclass(frozen=True, kw_only=True)
class Entry:
    """A row of the table.

    Attributes:
        experiment: the folder below `experiments/`.
        preset: of the experiment; None is its default.
        seeds: how many runs.
    """

    experiment: str
    preset: str | None = None
    seeds: int = 3

    @property
    def name(self) -> str:
        """As in the table."""
        return self.experiment if self.preset is None else f"{self.experiment} ({self.preset})"

    @property
    def file(self) -> str:
        """The experiment's file."""
        return f"experiments/{self.experiment}/config.py"

    def digest(self, seed: int) -> str:
        """SHA-256 of the configuration and the rule files: another one is another run."""
        config = with_preset(load_experiment(self.file), self.preset)
        config.seed = seed
        text = json.dumps(config.to_dict(), sort_keys=True, default=str)
        rules = "".join(located(path).read_text(encoding="utf-8") for path in config.policy)
        return hashlib.sha256((text + rules).encode()).hexdigest()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Record:
    """What one run found.

    Attributes:
        seed: of the run.
        digest: see `Entry.digest`.
        seconds: of the whole command.
        headline: of the model.
        automation: of the decisions.
        versions: of the packages it ran with.
    """

    seed: int
    digest: str
    seconds: float
    headline: Headline
    automation: Automation
    versions: Mapping[str, str]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Record:
        """The inverse of `dataclasses.asdict`."""
        return cls(
            **{
                **data,
                "headline": Headline(**data["headline"]),
                "automation": Automation(**data["automation"]),
            }
        )


def run(entry: Entry, seed: int, home: Path) -> Record:
    """Runs the command in a workdir below `home`, from the beginning.

    Raises:
        ArgumentError: when the command fails; its output is on the console.
    """
    workdir = Workdir(home / entry.experiment / f"{entry.preset or 'default'}-{seed}")
    command = [sys.executable, "launch.py", f"--config={entry.file}"]
    command += [f"--workdir={workdir.path}", f"--config.seed={seed}"]
    command += [f"--preset={entry.preset}"] * (entry.preset is not None)
    command += ["--overwrite"] * workdir.has("config.json")
    began = time.monotonic()
    code = subprocess.run(command, cwd=REPOSITORY, check=False).returncode
    require(code == 0, f"{' '.join(command[1:])} ended with exit code {code}: see above")
    return found(entry, seed, workdir, seconds=time.monotonic() - began)


def found(entry: Entry, seed: int, workdir: Workdir, *, seconds: float) -> Record:
    """The record of a finished run.

    Raises:
        WorkdirError: when it has not finished.
    """
    evaluation = workdir.read_json("evaluation.json", dict, made_by="--mode=evaluate")
    return Record(
        seed=seed,
        digest=entry.digest(seed),
        seconds=seconds,
        headline=Headline(**evaluation["headline"]),
        automation=workdir.read_json(
            AUTOMATION, lambda data: Automation(**data), made_by="--mode=decide"
        ),
        versions={name: version(name) for name in ("jax", "flax", "numpy")},
    )
