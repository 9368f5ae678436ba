"""Reconstruction: telling the input again, and how far that is from it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
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

_DROPOUT, _CORRUPT = 0, 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reconstruction:
    """Trains one network with `reconstruction` `[B, ...]` by the mean squared error.

    A batch holds `inputs` `[B, ...]`; there are no labels. What is unlike the examples is
    reconstructed badly: `predict` adds `score` `[B]`, the error of each input.

    Attributes:
        network: whose outputs include `reconstruction`, of the shape of the inputs.
        optimizer: any optax transformation.
        corrupt: `(keys, inputs) -> inputs`, one key per example, applied in training only:
            the network has to tell the clean inputs from the corrupted ones (Vincent et al.,
            "Extracting and Composing Robust Features with Denoising Autoencoders", 2008).
    """

    network: Network
    optimizer: optax.GradientTransformation
    corrupt: Callable[[jax.Array, Any], Any] | None = None

    @property
    def updates(self) -> tuple[Update]:
        """See `Task.updates`; metric `loss`, the mean squared error per number."""
        return (Update(loss=self._objective, optimizer=self.optimizer),)

    def check(self, examples: Batch) -> None:
        """See `Task.check`: inputs of the shape of their reconstruction."""
        require_names(examples, "inputs")
        inputs = np.asarray(examples["inputs"])
        require(
            inputs.ndim >= 2 and inputs.dtype.kind == "f",
            f"inputs are {inputs.dtype} {inputs.shape}, expected floats [N, ...]",
        )
        outputs = jax.eval_shape(
            lambda: self.network.apply(self.init(jax.random.key(0)), inputs[:1], False, None)[0]
        )
        require(
            "reconstruction" in outputs,
            f"the network has no reconstruction among its outputs: {', '.join(outputs)}",
        )
        made = outputs["reconstruction"].shape[1:]
        require(
            made == inputs.shape[1:],
            f"inputs have the shape {list(inputs.shape[1:])}, the network makes {list(made)}",
        )

    def init(self, key: jax.Array) -> Variables:
        """See `Task.init`."""
        return self.network.init(key)

    def _objective(self, variables: Variables, batch: Batch, keys: jax.Array) -> Objective:
        inputs = batch["inputs"]
        seen = inputs
        if self.corrupt is not None:
            seen = self.corrupt(fold_in(keys, _CORRUPT), inputs)
        outputs, statistics = self.network.apply(variables, seen, True, fold_in(keys, _DROPOUT))
        loss = squared_error(outputs["reconstruction"], inputs).sum()
        return Objective(
            loss=loss,
            weight=jnp.float32(len(inputs)),
            metrics={"loss": loss},
            statistics=statistics,
        )

    def evaluate(self, variables: Variables, batch: Batch) -> Metrics:
        """See `Task.evaluate`; sums `loss`, of inputs that are not corrupted."""
        weight = batch["weight"]
        scores = self.predict(variables, batch["inputs"])["score"]
        return {"weight": weight.sum(), "loss": (scores * weight).sum()}

    def predict(self, variables: Variables, inputs: Any) -> Metrics:
        """See `Task.predict`; the network's outputs, and `score` float32 `[B]`."""
        outputs, _ = self.network.apply(variables, inputs, False, None)
        return {**outputs, "score": squared_error(outputs["reconstruction"], inputs)}


def squared_error(made: Float[Array, "B ..."], inputs: Any) -> Float[Array, " B"]:
    """The mean over all numbers of an input, in float32."""
    difference = made.astype(jnp.float32) - inputs.astype(jnp.float32)
    return jnp.square(difference).reshape(len(difference), -1).mean(1)
