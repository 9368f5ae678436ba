"""Classification: softmax cross-entropy over K classes, two of them included."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from research.arguments import require
from research.models.network import Network, Variables
from research.tasks.task import Batch, Metrics, TrainState

_INIT, _DROPOUT, _AUGMENT = 0, 1, 2


@dataclasses.dataclass(frozen=True, kw_only=True)
class Classification:
    """Trains one network with `logits` `[B, K]` on integer labels.

    A batch holds `inputs` `[B, ...]` and `labels` int32 `[B]`.

    Attributes:
        network: whose outputs include `logits`.
        optimizer: any optax transformation.
        augment: `(key, inputs) -> inputs`, applied in training only, inside the step.
        label_smoothing: share of the target spread over all classes.
    """

    network: Network
    optimizer: optax.GradientTransformation
    augment: Any = None
    label_smoothing: float = 0.0

    def check(self, examples: Batch) -> None:
        """See `Task.check`: names, and labels among the network's K classes."""
        require(
            {"inputs", "labels"} <= set(examples),
            f"found the names {', '.join(examples) or '(none)'}, expected inputs and labels",
        )
        labels = np.asarray(examples["labels"])
        one = jax.tree.map(lambda array: array[:1], examples["inputs"])
        outputs = jax.eval_shape(lambda: self.predict(self.init(0).variables, one))
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

    def init(self, seed: int) -> TrainState:
        """See `Task.init`."""
        key = jax.random.fold_in(jax.random.key(seed), _INIT)
        variables = self.network.init(key)
        return TrainState(
            step=jnp.zeros((), jnp.int32),
            variables=variables,
            optimizer=self.optimizer.init(variables.params),
            seed=jnp.asarray(seed, jnp.uint32),
        )

    def step(self, state: TrainState, batch: Batch) -> tuple[TrainState, Metrics]:
        """See `Task.step`; metrics `loss`, `accuracy`, `gradient_norm`."""
        inputs, labels = batch["inputs"], batch["labels"]
        if self.augment is not None:
            inputs = self.augment(state.key(_AUGMENT), inputs)

        def loss_of(params: Any) -> tuple[jax.Array, tuple[jax.Array, Any]]:
            variables = Variables(params, state.variables.statistics)
            outputs, statistics = self.network.apply(variables, inputs, True, state.key(_DROPOUT))
            logits = outputs["logits"]
            targets = optax.smooth_labels(
                jax.nn.one_hot(labels, logits.shape[-1]), self.label_smoothing
            )
            loss = optax.softmax_cross_entropy(logits, targets).mean()
            return loss, (logits, statistics)

        params = state.variables.params
        (loss, (logits, statistics)), gradients = jax.value_and_grad(loss_of, has_aux=True)(params)
        updates, optimizer = self.optimizer.update(gradients, state.optimizer, params)
        state = state._replace(
            step=state.step + 1,
            variables=Variables(optax.apply_updates(params, updates), statistics),
            optimizer=optimizer,
        )
        return state, {
            "loss": loss,
            "accuracy": (logits.argmax(-1) == labels).mean(),
            "gradient_norm": optax.tree.norm(gradients),
        }

    def evaluate(self, variables: Variables, batch: Batch) -> Metrics:
        """See `Task.evaluate`; sums `loss` (nats, not smoothed) and `accuracy`."""
        logits = self.predict(variables, batch["inputs"])["logits"]
        losses = optax.softmax_cross_entropy_with_integer_labels(logits, batch["labels"])
        hits = logits.argmax(-1) == batch["labels"]
        weight = batch["weight"]
        return {
            "weight": weight.sum(),
            "loss": (losses * weight).sum(),
            "accuracy": (hits * weight).sum(),
        }

    def predict(self, variables: Variables, inputs: Any) -> Metrics:
        """See `Task.predict`; the network's outputs, `logits` `[B, K]` among them."""
        outputs, _ = self.network.apply(variables, inputs, False, None)
        return dict(outputs)
