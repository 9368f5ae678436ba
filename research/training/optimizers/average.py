"""The moving average of parameters."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from research.arguments import require


def ema(average: Any, params: Any, decay: float, step: jax.typing.ArrayLike) -> Any:
    """The exponential moving average after one more update (Polyak and Juditsky, 1992).

    The decay is `min(decay, (1 + step) / (10 + step))`, so that the first parameters,
    which are random, do not weigh on the average of a short run.

    Args:
        average: so far; a tree.
        params: after the update; a tree of the same structure and shapes.
        decay: of a long run, 0 or more and less than 1.
        step: number of updates made before this one, an int or an int32 scalar.

    Returns:
        A tree like `average`, with its dtypes.

    Raises:
        ArgumentError: when decay is out of its range.
    """
    require(0 <= decay < 1, f"ema is {decay}, expected 0 or more and less than 1")
    # The share of the new, not 1 minus that of the old: that rounds to few digits.
    share = jnp.maximum(1 - decay, 9 / (10 + jnp.asarray(step, jnp.float32)))

    def moved(old: jax.Array, new: jax.Array) -> jax.Array:
        return (old + share * (new.astype(old.dtype) - old)).astype(old.dtype)

    return jax.tree.map(moved, average, params)
