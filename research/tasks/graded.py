"""Classes and a grade beside them: cross-entropy, and the squared error of a number."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Key

from research.arguments import require
from research.models.network import Network, Variables
from research.tasks.classification import Classification
from research.tasks.task import Batch, Metrics, Objective, Update


@dataclasses.dataclass(frozen=True, kw_only=True)
class Graded:
    """Trains one network with `logits` `[B, K]` and `mean` `[B]`, which learn from each other.

    A class is often a number cut at some point: where examples are few, the number tells more.
    A batch holds `inputs` `[B, ...]`, `labels` int32 `[B]` and `grades` float32 `[B]`.

    Attributes:
        network: whose outputs include `logits` and `mean`.
        optimizer: any optax transformation.
        grade_weight: what a squared error of 1 counts, in nats.
    """

    network: Network
    optimizer: optax.GradientTransformation
    grade_weight: float = 1.0

    @property
    def updates(self) -> tuple[Update]:
        """See `Task.updates`; metrics `loss`, `accuracy`, `squared_error`."""
        return (Update(loss=self._objective, optimizer=self.optimizer),)

    def check(self, examples: Batch) -> None:
        """See `Task.check`: those of `Classification`, and a finite grade each."""
        self._classification.check(examples)
        require("grades" in examples, f"found the names {', '.join(examples)}, expected grades too")
        grades = np.asarray(examples["grades"])
        require(
            grades.shape == np.shape(examples["labels"]) and grades.dtype.kind == "f",
            f"grades are {grades.dtype} {grades.shape}, expected a float for each label",
        )
        require(bool(np.isfinite(grades).all()), "grades hold NaN or infinity")

    def init(self, key: jax.Array) -> Variables:
        """See `Task.init`."""
        return self.network.init(key)

    def evaluate(self, variables: Variables, batch: Batch) -> Metrics:
        """See `Task.evaluate`; sums `loss` (nats), `accuracy`, `squared_error`."""
        outputs = self.predict(variables, batch["inputs"])
        weight = batch["weight"]
        return {
            "weight": weight.sum(),
            **{name: (each * weight).sum() for name, each in self._each(outputs, batch).items()},
        }

    def predict(self, variables: Variables, inputs: Any) -> Metrics:
        """See `Task.predict`; the network's outputs."""
        return self._classification.predict(variables, inputs)

    def _objective(self, variables: Variables, batch: Batch, keys: Key[Array, " B"]) -> Objective:
        outputs, statistics = self.network.apply(variables, batch["inputs"], True, keys)
        sums = {name: each.sum() for name, each in self._each(outputs, batch).items()}
        return Objective(
            loss=sums["loss"],
            weight=jnp.float32(len(batch["labels"])),
            metrics=sums,
            statistics=statistics,
        )

    def _each(self, outputs: Metrics, batch: Batch) -> dict[str, Float[Array, " B"]]:
        logits = outputs["logits"].astype(jnp.float32)
        error = (outputs["mean"].astype(jnp.float32) - batch["grades"]) ** 2
        entropy = optax.softmax_cross_entropy_with_integer_labels(logits, batch["labels"])
        return {
            "loss": entropy + self.grade_weight * error,
            "accuracy": (logits.argmax(-1) == batch["labels"]).astype(jnp.float32),
            "squared_error": error,
        }

    @property
    def _classification(self) -> Classification:
        return Classification(network=self.network, optimizer=self.optimizer)
