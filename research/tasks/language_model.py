"""Language modelling: the next token, by cross-entropy."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int

from research.arguments import require, require_names
from research.models.network import Network, Variables
from research.tasks.task import Batch, Metrics, Objective, Update

Arrays: TypeAlias = Array | np.ndarray


@dataclasses.dataclass(frozen=True, kw_only=True)
class LanguageModel:
    """Trains one network with causal `logits` `[B, T, V]` to foretell each next token.

    A batch holds `inputs`, tokens int32 `[B, T]`: the network reads the first T - 1 and is
    asked for the last T - 1. Every token weighs the same, whatever sequence it is in;
    padding weighs nothing.

    Attributes:
        network: whose output `logits` at a position depend on nothing after it.
        optimizer: any optax transformation.
        padding: token id that fills up a sequence; None for none.
    """

    network: Network
    optimizer: optax.GradientTransformation
    padding: int | None = None

    @property
    def updates(self) -> tuple[Update]:
        """See `Task.updates`; metrics `loss` (nats per token), `accuracy`."""
        return (Update(loss=self._objective, optimizer=self.optimizer),)

    def check(self, examples: Batch) -> None:
        """See `Task.check`: names, and tokens within the network's vocabulary."""
        require_names(examples, "inputs")
        tokens = np.asarray(examples["inputs"])
        require(
            tokens.ndim == 2 and tokens.dtype.kind in "iu" and tokens.shape[1] > 1,
            f"inputs are {tokens.dtype} {tokens.shape}, expected integers [N, T] with T > 1",
        )
        outputs = jax.eval_shape(
            lambda: self.predict(self.init(jax.random.key(0)), jnp.asarray(tokens[:1]))
        )
        vocabulary = outputs["logits"].shape[-1]
        require(
            bool(((tokens >= 0) & (tokens < vocabulary)).all()),
            f"tokens run from {tokens.min()} to {tokens.max()}, the network knows {vocabulary}: "
            f"expected 0 to {vocabulary - 1}",
        )
        require(
            self.padding is None or bool((tokens[:, 1:] != self.padding).any()),
            f"all tokens are the padding id {self.padding}: nothing to learn",
        )

    def init(self, key: jax.Array) -> Variables:
        """See `Task.init`."""
        return self.network.init(key)

    def _objective(self, variables: Variables, batch: Batch, keys: jax.Array) -> Objective:
        tokens = batch["inputs"]
        outputs, statistics = self.network.apply(variables, tokens[:, :-1], True, keys)
        sums = self._sums(outputs["logits"], tokens[:, 1:], jnp.ones(len(tokens)))
        weight = sums.pop("weight")
        return Objective(loss=sums["loss"], weight=weight, metrics=sums, statistics=statistics)

    def evaluate(self, variables: Variables, batch: Batch) -> Metrics:
        """See `Task.evaluate`; sums over tokens of `loss` (nats) and `accuracy`.

        `weight` is the number of tokens asked for, each times its sequence's weight.
        """
        tokens = batch["inputs"]
        logits = self.predict(variables, tokens[:, :-1])["logits"]
        return self._sums(logits, tokens[:, 1:], batch["weight"])

    def predict(self, variables: Variables, inputs: Any) -> Metrics:
        """See `Task.predict`; of tokens `[B, T]`, `logits` `[B, T, V]` of each next one."""
        outputs, _ = self.network.apply(variables, inputs, False, None)
        return dict(outputs)

    def nats(self, variables: Variables, tokens: Int[Arrays, "B T"]) -> Float[Array, "B T-1"]:
        """The negative log-likelihood of every token but the first, given those before it."""
        logits = self.predict(variables, tokens[:, :-1])["logits"].astype(jnp.float32)
        return optax.softmax_cross_entropy_with_integer_labels(logits, tokens[:, 1:])

    def _sums(
        self,
        logits: Float[Array, "B T V"],
        targets: Int[Arrays, "B T"],
        weight: Float[Arrays, " B"],
    ) -> Metrics:
        logits = logits.astype(jnp.float32)
        weights = jnp.broadcast_to(weight[:, None], targets.shape).astype(jnp.float32)
        if self.padding is not None:
            weights = jnp.where(targets != self.padding, weights, 0)
        losses = optax.softmax_cross_entropy_with_integer_labels(logits, targets)
        hits = logits.argmax(-1) == targets
        return {
            "weight": weights.sum(),
            "loss": (losses * weights).sum(),
            "accuracy": (hits * weights).sum(),
        }
