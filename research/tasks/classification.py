"""Classification: softmax cross-entropy over K classes, two of them included."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from research.arguments import require, require_names
from research.models.network import Network, Variables
from research.models.random import fold_in
from research.tasks.task import Batch, Metrics, Objective, Update

_DROPOUT, _AUGMENT = 0, 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class Classification:
    """Trains one network with `logits` `[B, K]` on integer labels.

    A batch holds `inputs` `[B, ...]` and `labels` int32 `[B]`.

    Attributes:
        network: whose outputs include `logits`.
        optimizer: any optax transformation.
        augment: `(keys, inputs) -> inputs`, one key per example, applied in training only,
            inside the step.
        label_smoothing: share of the target spread over all classes.
    """

    network: Network
    optimizer: optax.GradientTransformation
    augment: Callable[[jax.Array, Any], Any] | None = None
    label_smoothing: float = 0.0

    @property
    def updates(self) -> tuple[Update]:
        """See `Task.updates`; metrics `loss`, `accuracy`."""
        return (Update(loss=self._objective, optimizer=self.optimizer),)

    def check(self, examples: Batch) -> None:
        """See `Task.check`: names, and labels among the network's K classes."""
        require_names(examples, "inputs", "labels")
        labels = np.asarray(examples["labels"])
        one = jax.tree.map(lambda array: array[:1], examples["inputs"])
        outputs = jax.eval_shape(lambda: self.predict(self.init(jax.random.key(0)), one))
        classes = outputs["logits"].shape[-1]
        require(
            labels.ndim == 1 and labels.dtype.kind in "iu",
            f"labels are {labels.dtype} {labels.shape}, expected integers [N]",
        )
        require(
            bool(((labels >= 0) & (labels < classes)).all()),
            f"labels run from {labels.min()} to {labels.max()}, the network has {classes} classes: "
            f"expected 0 to {classes - 1}",
        )

    def init(self, key: jax.Array) -> Variables:
        """See `Task.init`."""
        return self.network.init(key)

    def _objective(self, variables: Variables, batch: Batch, keys: jax.Array) -> Objective:
        inputs, labels = batch["inputs"], batch["labels"]
        if self.augment is not None:
            inputs = self.augment(fold_in(keys, _AUGMENT), inputs)
        outputs, statistics = self.network.apply(variables, inputs, True, fold_in(keys, _DROPOUT))
        logits = outputs["logits"].astype(jnp.float32)
        targets = optax.smooth_labels(
            jax.nn.one_hot(labels, logits.shape[-1]), self.label_smoothing
        )
        loss = optax.softmax_cross_entropy(logits, targets).sum()
        hits = (logits.argmax(-1) == labels).sum()
        return Objective(
            loss=loss,
            weight=jnp.float32(len(labels)),
            metrics={"loss": loss, "accuracy": hits.astype(jnp.float32)},
            statistics=statistics,
        )

    def evaluate(self, variables: Variables, batch: Batch) -> Metrics:
        """See `Task.evaluate`; sums `loss` (nats, not smoothed) and `accuracy`."""
        return classified(self.predict(variables, batch["inputs"])["logits"], batch)

    def predict(self, variables: Variables, inputs: Any) -> Metrics:
        """See `Task.predict`; the network's outputs, `logits` `[B, K]` among them."""
        outputs, _ = self.network.apply(variables, inputs, False, None)
        return dict(outputs)


def classified(logits: jax.Array, batch: Batch) -> Metrics:
    """What `Task.evaluate` sums of logits `[B, K]`: `weight`, `loss` (nats), `accuracy`."""
    logits = logits.astype(jnp.float32)
    losses = optax.softmax_cross_entropy_with_integer_labels(logits, batch["labels"])
    hits = logits.argmax(-1) == batch["labels"]
    weight = jnp.asarray(batch["weight"])
    return {
        "weight": weight.sum(),
        "loss": (losses * weight).sum(),
        "accuracy": (hits * weight).sum(),
    }
