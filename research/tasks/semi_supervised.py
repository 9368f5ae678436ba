"""Classification where few examples have labels: pseudo-labels, and consistency under change."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from research.arguments import require
from research.models.network import Network, Variables
from research.models.random import fold_in
from research.tasks.classification import Classification
from research.tasks.task import Batch, Metrics, Objective, Update

_DROPOUT, _WEAK, _STRONG, _STRONG_DROPOUT = range(4)

Change = Callable[[jax.Array, Any], Any]


@dataclasses.dataclass(frozen=True, kw_only=True)
class SemiSupervised:
    """Trains a classifier on labels where there are some, and on its own sure guesses elsewhere.

    A batch holds `inputs` `[B, ...]`, `labels` int32 `[B]` and `labelled` bool `[B]`; labels
    of the others are not looked at in training. The loss of an example is

        labelled:   cross-entropy of its label, seen weakly changed
        others:     weight * [max p >= threshold] * cross-entropy of argmax p, seen strongly
                    changed, where p is what the network says of it weakly changed

    which is FixMatch (Sohn et al., 2020); with the weak change in place of the strong one
    it is pseudo-labelling (Lee, 2013). Both ramp the second part up with time or, as here, by
    the threshold, which nothing passes at first: a loss knows no step.

    How much the labelled examples weigh is their share of the batch: a data set repeats them.

    Attributes:
        network: whose outputs include `logits` `[B, K]`.
        optimizer: any optax transformation.
        weak: a small change of inputs that leaves the class as it is.
        strong: a large one; None for pseudo-labelling.
        threshold: probability from which on a guess counts as a label.
        unlabelled_weight: of an example without a label, against one with a label.
    """

    network: Network
    optimizer: optax.GradientTransformation
    weak: Change
    strong: Change | None = None
    threshold: float = 0.95
    unlabelled_weight: float = 1.0

    def __post_init__(self) -> None:
        require(0 <= self.threshold <= 1, f"threshold is {self.threshold}, expected a probability")
        require(
            self.unlabelled_weight >= 0,
            f"unlabelled_weight is {self.unlabelled_weight}, expected 0 or more",
        )

    @property
    def updates(self) -> tuple[Update]:
        """See `Task.updates`.

        Metrics: `loss`, and `guessed`, the share of the batch that a sure guess is trained on.
        """
        return (Update(loss=self._objective, optimizer=self.optimizer),)

    def check(self, examples: Batch) -> None:
        """See `Task.check`: as for a `Classification`, and `labelled`, where it is given."""
        self._classification.check(examples)
        if "labelled" not in examples:  # validation examples: all are
            return
        labelled = np.asarray(examples["labelled"])
        require(
            labelled.dtype == bool and labelled.shape == np.shape(examples["labels"]),
            f"labelled is {labelled.dtype} {labelled.shape}, expected bool [N]",
        )
        require(bool(labelled.any()), "no example is labelled: there is nothing to learn from")

    def init(self, key: jax.Array) -> Variables:
        """See `Task.init`."""
        return self.network.init(key)

    def _objective(self, variables: Variables, batch: Batch, keys: jax.Array) -> Objective:
        inputs, labels, labelled = batch["inputs"], batch["labels"], batch["labelled"]
        weak = self.weak(fold_in(keys, _WEAK), inputs)
        outputs, statistics = self.network.apply(variables, weak, True, fold_in(keys, _DROPOUT))
        logits = outputs["logits"].astype(jnp.float32)
        # What the network says itself is a target, not something to move.
        beliefs = jax.nn.softmax(jax.lax.stop_gradient(logits))
        guess = beliefs.argmax(-1)
        guessed = (beliefs.max(-1) >= self.threshold) & ~labelled
        changed = logits
        if self.strong is not None:
            strong = self.strong(fold_in(keys, _STRONG), inputs)
            # The statistics of the weakly changed inputs are kept: prediction sees such.
            outputs, _ = self.network.apply(variables, strong, True, fold_in(keys, _STRONG_DROPOUT))
            changed = outputs["logits"].astype(jnp.float32)
        entropy = optax.softmax_cross_entropy_with_integer_labels
        supervised = jnp.where(labelled, entropy(logits, labels), 0.0)
        consistent = jnp.where(guessed, entropy(changed, guess), 0.0)
        loss = (supervised + self.unlabelled_weight * consistent).sum()
        return Objective(
            loss=loss,
            weight=jnp.float32(len(labels)),
            metrics={"loss": loss, "guessed": guessed.sum().astype(jnp.float32)},
            statistics=statistics,
        )

    def evaluate(self, variables: Variables, batch: Batch) -> Metrics:
        """See `Task.evaluate`; as for a `Classification`, all labels count."""
        return self._classification.evaluate(variables, batch)

    def predict(self, variables: Variables, inputs: Any) -> Metrics:
        """See `Task.predict`; the network's outputs, `logits` `[B, K]` among them."""
        return self._classification.predict(variables, inputs)

    @property
    def _classification(self) -> Classification:
        return Classification(network=self.network, optimizer=self.optimizer)
