"""Pooling: from the states of all valid positions of a sequence to one vector."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Bool, Float

_LOWEST = -1e30


def mean_pool(states: Float[Array, "B T D"], valid: Bool[Array, "B T"]) -> Float[Array, "B D"]:
    """Mean of the valid states; zeros where there is none."""
    count = jnp.maximum(valid.sum(1, keepdims=True), 1).astype(states.dtype)
    return jnp.where(valid[..., None], states, 0).sum(1) / count


class AttentionPool(nnx.Module):
    """Mean of the states weighted by their relevance (Yang et al., 2016).

    u_t = tanh(h_t W + b), a = softmax over valid t of u_t v, pooled = sum of a_t h_t.

    Args:
        features: width D of the states, and of u.
        rngs: stream `params` for the initialisers.
    """

    def __init__(self, features: int, *, rngs: nnx.Rngs) -> None:
        self.hidden = nnx.Linear(features, features, rngs=rngs)
        self.score = nnx.Linear(features, 1, use_bias=False, rngs=rngs)

    def __call__(
        self, states: Float[Array, "B T D"], valid: Bool[Array, "B T"]
    ) -> tuple[Float[Array, "B D"], Float[Array, "B T"]]:
        """The pooled states, and the float32 weight of each position: 0 in the padding."""
        scores = self.score(jnp.tanh(self.hidden(states)))[..., 0].astype(jnp.float32)
        # Finite: a sequence without any valid position must not become NaN.
        scores = jnp.where(valid, scores, _LOWEST)
        weights = jnp.where(valid, jax.nn.softmax(scores, axis=-1), 0)
        states = jnp.where(valid[..., None], states, 0)
        return jnp.einsum("bt,btd->bd", weights.astype(states.dtype), states), weights
