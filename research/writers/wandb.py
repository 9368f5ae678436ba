"""Weights & Biases, by wandb."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from research.workdir import Workdir
from research.writers.identity import run_id
from research.writers.writer import TrackerError, flat, needs_extra

DIRECTORY = "wandb"
IDENTITY = "wandb.json"


class WeightsAndBiases:
    """A run below `wandb/` in the workdir, offline unless `$WANDB_MODE` says otherwise.

    The project is `$WANDB_PROJECT`, by default `rulax`. Each attempt makes a directory there,
    all with one run id. What W&B had not written when a run was killed is lost, so an attempt
    begins with all earlier records: offline the newest directory holds the whole run, and
    `wandb sync` of `latest-run` uploads it; online what has arrived is passed over.

    Args:
        workdir: of the run.
        config: flat names and values.
        records: what the run has written before, in the form of `metrics.jsonl`.

    Raises:
        TrackerError: wandb is not installed, or can't start.
    """

    def __init__(
        self,
        workdir: Workdir,
        *,
        config: Mapping[str, Any],
        records: Iterable[Mapping[str, Any]] = (),
    ) -> None:
        try:
            import wandb
        except ImportError as error:
            raise needs_extra("wandb", "wandb") from error
        identity = run_id(workdir, IDENTITY, make=lambda: secrets.token_hex(4))
        try:
            self._run = wandb.init(
                project=os.environ.get("WANDB_PROJECT", "rulax"),
                name=workdir.path.resolve().name,
                id=identity,
                resume="allow",
                dir=str(workdir.path),
                mode=os.environ.get("WANDB_MODE", "offline"),  # type: ignore[arg-type]
                config=dict(config),
                # The run writes its own provenance; standard output stays the user's.
                settings=wandb.Settings(
                    silent=True, console="off", disable_git=True, disable_code=True
                ),
            )
        except Exception as error:
            raise TrackerError(
                f"tracker wandb can't start: {error}: unset WANDB_MODE to write offline"
            ) from error
        for record in records:
            self.write(record["step"], flat(record))

    def write(self, step: int, metrics: Mapping[str, float]) -> None:
        """Logs the metrics of a step that W&B has not got."""
        if step >= self._run.step:
            self._run.log(dict(metrics), step=step)

    def flush(self) -> None:
        """Nothing: wandb's own process writes."""

    def close(self) -> None:
        """Ends the run; resuming opens it again."""
        self._run.finish()
