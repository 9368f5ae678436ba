"""Regression: squared error, or Huber's loss where some targets are far off."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float

from research.arguments import require, require_names
from research.models.network import Network, Variables
from research.models.random import fold_in
from research.tasks.task import Batch, Metrics, Objective, Update

_DROPOUT = 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Regression:
    """Trains one network with `mean` `[B]` on numbers.

    A batch holds `inputs` `[B, ...]` and `targets` float32 `[B]`. With the error
    `e = mean - target`, the loss is `e^2 / 2` for `|e| <= huber`, and beyond that
    `huber (|e| - huber / 2)` (Huber, 1964).

    Attributes:
        network: whose outputs include `mean`.
        optimizer: any optax transformation.
        huber: the error from which on the loss grows linearly; None for nowhere.

    Raises:
        ArgumentError: when `huber` is not positive.
    """

    network: Network
    optimizer: optax.GradientTransformation
    huber: float | None = None

    def __post_init__(self) -> None:
        require(
            self.huber is None or self.huber > 0, f"huber is {self.huber}, expected more than 0"
        )

    @property
    def updates(self) -> tuple[Update]:
        """See `Task.updates`; metrics `loss` and `squared_error`."""
        return (Update(loss=self._objective, optimizer=self.optimizer),)

    def check(self, examples: Batch) -> None:
        """See `Task.check`: names, and finite targets."""
        check_targets(examples)

    def init(self, key: jax.Array) -> Variables:
        """See `Task.init`."""
        return self.network.init(key)

    def _objective(self, variables: Variables, batch: Batch, keys: jax.Array) -> Objective:
        outputs, statistics = self.network.apply(
            variables, batch["inputs"], True, fold_in(keys, _DROPOUT)
        )
        errors = outputs["mean"].astype(jnp.float32) - batch["targets"]
        loss = self._losses(errors).sum()
        return Objective(
            loss=loss,
            weight=jnp.float32(len(errors)),
            metrics={"loss": loss, "squared_error": jnp.square(errors).sum()},
            statistics=statistics,
        )

    def _losses(self, errors: Float[Array, " B"]) -> Float[Array, " B"]:
        if self.huber is None:
            return jnp.square(errors) / 2
        losses: Array = optax.huber_loss(errors, delta=self.huber)
        return losses

    def evaluate(self, variables: Variables, batch: Batch) -> Metrics:
        """See `Task.evaluate`; sums `loss`, `squared_error` and `absolute_error`."""
        errors = self.predict(variables, batch["inputs"])["mean"] - batch["targets"]
        losses = self._losses(errors.astype(jnp.float32))
        return {**regressed(errors, batch), "loss": (losses * batch["weight"]).sum()}

    def predict(self, variables: Variables, inputs: Any) -> Metrics:
        """See `Task.predict`; the network's outputs, `mean` `[B]` among them."""
        outputs, _ = self.network.apply(variables, inputs, False, None)
        return dict(outputs)


def check_targets(examples: Batch) -> None:
    """Raises `ArgumentError` unless examples hold `inputs` and finite `targets` `[N]`."""
    require_names(examples, "inputs", "targets")
    targets = np.asarray(examples["targets"])
    require(
        targets.ndim == 1 and targets.dtype.kind == "f",
        f"targets are {targets.dtype} {targets.shape}, expected floats [N]",
    )
    require(bool(np.isfinite(targets).all()), "targets hold NaN or infinity")


def regressed(errors: Float[Array, " B"], batch: Batch) -> Metrics:
    """What `Task.evaluate` sums of errors: `weight`, `loss`, `squared_error`, `absolute_error`.

    The loss is half the squared error.
    """
    errors, weight = errors.astype(jnp.float32), jnp.asarray(batch["weight"])
    squared = (jnp.square(errors) * weight).sum()
    return {
        "weight": weight.sum(),
        "loss": squared / 2,
        "squared_error": squared,
        "absolute_error": (jnp.abs(errors) * weight).sum(),
    }
