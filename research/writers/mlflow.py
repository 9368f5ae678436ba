"""MLflow, by mlflow-skinny."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any

from research.workdir import Workdir
from research.writers.identity import run_id
from research.writers.writer import TrackerError, needs_extra

DIRECTORY = "mlruns"
IDENTITY = "mlflow.json"

_EXPERIMENT = "rulax"


class MLflow:
    """A run in the store of `$MLFLOW_TRACKING_URI`, by default files below `mlruns/`.

    The experiment is `$MLFLOW_EXPERIMENT_NAME`, by default `rulax`; the run has the workdir's
    name and, as parameters, its configuration.

    Args:
        workdir: of the run.
        config: flat names and values.

    Raises:
        TrackerError: mlflow is not installed, or its store refuses.
    """

    def __init__(self, workdir: Workdir, *, config: Mapping[str, Any]) -> None:
        try:
            from mlflow.entities import Metric, Param
            from mlflow.exceptions import MlflowException
            from mlflow.tracking import MlflowClient
        except ImportError as error:
            raise needs_extra("mlflow-skinny", "mlflow") from error
        self._workdir, self._metric = workdir, Metric
        store = os.environ.get("MLFLOW_TRACKING_URI")
        if not store:
            # MLflow wants to be told that files are meant; they need no database.
            os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
            store = (workdir.path / DIRECTORY).resolve().as_uri()

        def make() -> str:
            name = os.environ.get("MLFLOW_EXPERIMENT_NAME", _EXPERIMENT)
            found = self._client.get_experiment_by_name(name)
            experiment = found.experiment_id if found else self._client.create_experiment(name)
            run = self._client.create_run(experiment, run_name=workdir.path.resolve().name)
            params = [Param(key, str(value)[:500]) for key, value in config.items()]
            self._client.log_batch(run.info.run_id, params=params[:100])
            return str(run.info.run_id)

        try:
            self._client = MlflowClient(tracking_uri=store)
            self._run = run_id(workdir, IDENTITY, make=make)
            self._client.update_run(self._run, status="RUNNING")
            self._last = self._last_steps()
        except MlflowException as error:
            raise TrackerError(
                f"tracker mlflow can't use the store {store}: {error}: set MLFLOW_TRACKING_URI, "
                f"or delete {workdir.path / IDENTITY} to write to a new run"
            ) from error

    def write(self, step: int, metrics: Mapping[str, float]) -> None:
        """Logs the metrics that the store doesn't have of this step yet."""
        at = int(time.time() * 1000)
        entries = [
            self._metric(name, value, at, step)
            for name, value in metrics.items()
            if step > self._last.get(name, -1)
        ]
        self._client.log_batch(self._run, metrics=entries)

    def flush(self) -> None:
        """Nothing: each call is complete when it returns."""

    def close(self) -> None:
        """Ends the run; resuming opens it again."""
        self._client.set_terminated(self._run)

    def _last_steps(self) -> dict[str, int]:
        """By metric; a kill may fall between two metrics of one step, so the store is asked."""
        return {
            name: max(entry.step for entry in self._client.get_metric_history(self._run, name))
            for name in self._client.get_run(self._run).data.metrics
        }
