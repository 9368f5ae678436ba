"""Principal component analysis: the directions in which examples differ most."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from research.arguments import require
from research.models.network import Variables
from research.models.unsupervised.distances import check_inputs, summed
from research.tasks.task import Batch, Metrics


@dataclasses.dataclass(frozen=True, kw_only=True)
class PCA:
    """An `Estimator` of the K directions of largest variance, by a singular value decomposition.

    Pearson, "On lines and planes of closest fit to systems of points in space" (1901). An
    input's score is how far it lies from their plane: its squared distance, divided by D.

    Attributes:
        components: K.
    """

    components: int

    def check(self, examples: Batch) -> None:
        """See `Estimator.check`: `inputs` `[N, ...]`, as many examples as components or more."""
        count, width = check_inputs(examples)
        require(
            1 <= self.components <= min(count, width),
            f"components is {self.components}, expected 1 to {min(count, width)}: there are "
            f"{count} examples of {width} numbers",
        )

    def fit(self, examples: Batch, validation: Batch, seed: int) -> Variables:
        """See `Estimator.fit`; `mean` `[D]`, `components` `[K, D]`, `variances` `[K]`."""
        del validation, seed  # nothing to choose, nothing random
        return Variables(_decomposed(jnp.asarray(examples["inputs"]), self.components), {})

    def evaluate(self, variables: Variables, batch: Batch) -> Metrics:
        """See `Task.evaluate`; sums `loss`, the mean squared error of the reconstruction."""
        return summed(self.predict(variables, batch["inputs"])["score"], batch["weight"])

    def predict(self, variables: Variables, inputs: Any) -> Metrics:
        """Maps `[B, ...]` to `features` `[B, K]`, `reconstruction` `[B, ...]`, `score` `[B]`."""
        held = variables.params
        rows = jnp.asarray(inputs).reshape(len(inputs), -1)
        features = (rows - held["mean"]) @ held["components"].T
        made = features @ held["components"] + held["mean"]
        return {
            "features": features,
            "reconstruction": made.reshape(inputs.shape),
            "score": jnp.square(rows - made).mean(-1),
        }


@jax.jit(static_argnames="components")
def _decomposed(inputs: Float[Array, "N ..."], components: int) -> dict[str, jax.Array]:
    rows = inputs.reshape(len(inputs), -1)
    mean = rows.mean(0)
    _, singular, directions = jnp.linalg.svd(rows - mean, full_matrices=False)
    directions = directions[:components]
    # Either sign is right; the same one everywhere, as scikit-learn has it: the largest
    # loading is positive.
    largest = jnp.take_along_axis(directions, jnp.abs(directions).argmax(1)[:, None], 1)
    return {
        "mean": mean,
        "components": directions * jnp.sign(largest),
        "variances": jnp.square(singular[:components]) / max(len(rows) - 1, 1),
    }
