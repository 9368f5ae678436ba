"""Classical models as estimators, which the training machinery fits, keeps and evaluates."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from research.arguments import require, require_names
from research.models.classical.model import ClassicalModel, integers, matrix
from research.models.network import Variables
from research.tasks.classification import classified
from research.tasks.regression import check_targets, regressed
from research.tasks.task import Batch, Metrics


@dataclasses.dataclass(frozen=True, kw_only=True)
class FittedClassifier:
    """An `Estimator` of a model with `logits` `[B, K]`.

    Examples hold `inputs` float32 `[N, D]` and `labels` int `[N]`.

    Attributes:
        model: a classifier.
    """

    model: ClassicalModel

    def check(self, examples: Batch) -> None:
        """See `Estimator.check`: names and shapes. `fit` wants an example of every class."""
        require_names(examples, "inputs", "labels")
        rows = matrix(examples["inputs"], missing=True)
        integers(examples["labels"], len(rows))

    def fit(self, examples: Batch, validation: Batch, seed: int) -> Variables:
        """See `Estimator.fit`; a model that holds examples back takes its own."""
        return self.model.fit(examples["inputs"], examples["labels"], seed)

    def evaluate(self, variables: Variables, batch: Batch) -> Metrics:
        """See `Task.evaluate`; sums `loss` (nats, before calibration) and `accuracy`."""
        return classified(self.predict(variables, batch["inputs"])["logits"], batch)

    def predict(self, variables: Variables, inputs: Any) -> Metrics:
        """See `Task.predict`."""
        return self.model.predict(variables, inputs)


@dataclasses.dataclass(frozen=True, kw_only=True)
class FittedRegressor:
    """An `Estimator` of a model with `mean` `[B]`.

    Examples hold `inputs` float32 `[N, D]` and `targets` float `[N]`.

    Attributes:
        model: a regression.
    """

    model: ClassicalModel

    def check(self, examples: Batch) -> None:
        """See `Estimator.check`: names, shapes, and finite targets."""
        check_targets(examples)
        rows, targets = matrix(examples["inputs"], missing=True), np.asarray(examples["targets"])
        require(len(rows) == len(targets), f"found {len(rows)} inputs and {len(targets)} targets")

    def fit(self, examples: Batch, validation: Batch, seed: int) -> Variables:
        """See `Estimator.fit`; a model that holds examples back takes its own."""
        return self.model.fit(examples["inputs"], examples["targets"], seed)

    def evaluate(self, variables: Variables, batch: Batch) -> Metrics:
        """See `Task.evaluate`; sums `loss`, `squared_error` and `absolute_error`."""
        errors = self.predict(variables, batch["inputs"])["mean"] - batch["targets"]
        return regressed(errors, batch)

    def predict(self, variables: Variables, inputs: Any) -> Metrics:
        """See `Task.predict`."""
        return self.model.predict(variables, inputs)
