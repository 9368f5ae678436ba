"""Randomness that belongs to the example, so that it does not matter who computes it.

A mask drawn for a whole batch depends on how the batch is split over devices, hosts and
accumulation steps. Here every example draws from its own key.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import nnx

from research.arguments import require


class ExampleRngs(nnx.Rngs):
    """Random streams of one forward pass, over one key per example.

    A stock `nnx.Dropout` works with them too, but draws one mask for whatever share of
    the batch it sees: sound, and another one for another number of devices under
    `shard_map` and `pmap`.

    Args:
        keys: typed PRNG keys `[B]`.
    """

    def __init__(self, keys: jax.Array) -> None:
        require(
            keys.ndim == 1, f"keys have the shape {list(keys.shape)}, expected [B]: one per example"
        )
        # Folded, for `per_example` draws from the keys themselves.
        super().__init__(fold_in(keys[:1], 0)[0])
        self.keys = nnx.data(keys)
        self.drawn = 0

    def per_example(self) -> jax.Array:
        """Keys `[B]`, other ones at each call."""
        self.drawn += 1
        return fold_in(self.keys, self.drawn)


class Dropout(nnx.Module):
    """Drops units with probability `rate` and scales the rest by `1 / (1 - rate)`.

    Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting"
    (2014). Each example's mask comes from its own key.

    Args:
        rate: probability, 0 or more and less than 1.
    """

    def __init__(self, rate: float) -> None:
        require(0 <= rate < 1, f"dropout is {rate}, expected 0 or more and less than 1")
        self.rate = rate

    def __call__(
        self, inputs: jax.Array, *, deterministic: bool, rngs: nnx.Rngs | None = None
    ) -> jax.Array:
        """Maps `[B, ...]` to the same shape.

        Raises:
            ArgumentError: when there is something to draw and no `ExampleRngs` to draw from.
        """
        if deterministic or self.rate == 0:
            return inputs
        return dropped(inputs, self.rate, inputs.shape[1:], rngs, layer="Dropout")


def dropped(
    inputs: jax.Array, rate: float, shape: tuple[int, ...], rngs: nnx.Rngs | None, *, layer: str
) -> jax.Array:
    """Zeros with probability `rate`, the rest scaled by `1 / (1 - rate)`.

    Args:
        inputs: `[B, ...]`.
        rate: probability.
        shape: of what one example draws; must broadcast against the rest of `inputs`.
        rngs: `ExampleRngs`.
        layer: that draws, for the error.

    Raises:
        ArgumentError: for other `rngs`.
    """
    require(
        isinstance(rngs, ExampleRngs),
        f"{layer} was given {type(rngs).__name__} for rngs, expected ExampleRngs: one key "
        "per example",
    )
    assert isinstance(rngs, ExampleRngs)
    keep = 1 - rate
    masks = jax.vmap(lambda key: jax.random.bernoulli(key, keep, shape))(rngs.per_example())
    return jnp.where(masks, inputs / keep, jnp.zeros_like(inputs))


def example_keys(seed: jax.Array, step: jax.Array, positions: jax.Array) -> jax.Array:
    """The keys of the examples of one step.

    Args:
        seed: uint32 scalar.
        step: int32 scalar.
        positions: int32 `[B]`, in the whole batch.

    Returns:
        Typed PRNG keys `[B]`.
    """
    root = jax.random.fold_in(jax.random.key(seed), step)
    return jax.vmap(lambda position: jax.random.fold_in(root, position))(positions)


def fold_in(keys: jax.Array, stream: int) -> jax.Array:
    """Keys `[B]` for one of several draws of the same examples."""
    return jax.vmap(lambda key: jax.random.fold_in(key, stream))(keys)
