"""What the estimators without labels share: flat inputs, squared distances, a sum of scores."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from research.arguments import require, require_names
from research.tasks.task import Batch, Metrics


def check_inputs(examples: Batch) -> tuple[int, int]:
    """The number of examples N, and of numbers in each.

    Raises:
        ArgumentError: without `inputs` `[N, ...]`, N above 0, or where one is not finite.
    """
    require_names(examples, "inputs")
    inputs = np.asarray(examples["inputs"])
    require(
        inputs.ndim >= 2 and inputs.size > 0 and inputs.dtype.kind == "f",
        f"inputs are {inputs.dtype} {inputs.shape}, expected floats [N, ...], none of it empty",
    )
    require(bool(np.isfinite(inputs).all()), "inputs hold NaN or infinity: clean them first")
    return len(inputs), inputs[0].size


def squared_distances(
    rows: Float[Array, "N D"], centres: Float[Array, "K D"]
) -> Float[Array, "N K"]:
    """|x - c|^2 of all pairs, as |x|^2 - 2 x c + |c|^2: one product of matrices."""
    mixed = rows @ centres.T
    squares = jnp.square(rows).sum(1)[:, None] + jnp.square(centres).sum(1)
    # Rounding must not make a distance negative.
    return jnp.maximum(squares - 2 * mixed, 0)


def summed(scores: Float[Array, " B"], weight: ArrayLike) -> Metrics:
    """What `Task.evaluate` returns where the loss is an example's score; weights are `[B]`."""
    weight = jnp.asarray(weight)
    return {"weight": weight.sum(), "loss": (scores * weight).sum()}
