"""Random changes of training examples, inside jit, one key per example."""

from __future__ import annotations

import jax
import jax.numpy as jnp


def shift(key: jax.Array, images: jax.Array, *, pixels: int) -> jax.Array:
    """Moves each image by up to `pixels` in both directions, filling with zeros.

    Args:
        key: of the batch; every example draws from its own.
        images: `[B, H, W, C]`.
        pixels: largest displacement.

    Returns:
        `[B, H, W, C]`.
    """
    _, height, width, channels = images.shape
    margin = ((0, 0), (pixels, pixels), (pixels, pixels), (0, 0))
    padded = jnp.pad(images, margin)

    def one(key: jax.Array, image: jax.Array) -> jax.Array:
        row, column = jax.random.randint(key, (2,), 0, 2 * pixels + 1)
        return jax.lax.dynamic_slice(image, (row, column, 0), (height, width, channels))

    return jax.vmap(one)(jax.random.split(key, len(images)), padded)


def noise(key: jax.Array, images: jax.Array, *, scale: float) -> jax.Array:
    """Adds Gaussian noise of standard deviation `scale` to `[B, ...]`."""
    keys = jax.random.split(key, len(images))
    return images + scale * jax.vmap(lambda k: jax.random.normal(k, images.shape[1:]))(keys)
