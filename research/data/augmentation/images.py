"""Random changes of images `[B, H, W, C]`."""

from __future__ import annotations

from typing import Literal

import jax
import jax.numpy as jnp

from research.arguments import require


def crop(
    keys: jax.Array,
    images: jax.Array,
    *,
    size: tuple[int, int] | None = None,
    padding: int = 0,
    mode: Literal["constant", "reflect", "edge"] = "constant",
) -> jax.Array:
    """Cuts a window out of each image after padding it, every place equally likely.

    He et al., "Deep Residual Learning for Image Recognition" (2015), section 4.2, with
    `padding=4` and the images' own size.

    Args:
        keys: typed PRNG keys `[B]`.
        images: `[B, H, W, C]`.
        size: of the window, `(height, width)`; the images' own by default.
        padding: pixels on every side.
        mode: what to pad with: zeros, the mirrored image, or its border.

    Returns:
        `[B, height, width, C]`.

    Raises:
        ArgumentError: when the window is larger than the padded image.
    """
    height, width, channels = images.shape[1:]
    window = (height, width) if size is None else size
    spare = (height + 2 * padding - window[0], width + 2 * padding - window[1])
    require(
        padding >= 0 and min(spare) >= 0,
        f"a crop of {window[0]} x {window[1]} does not fit into images of {height} x {width} "
        f"with a padding of {padding}",
    )
    margin = ((0, 0), (padding, padding), (padding, padding), (0, 0))
    padded = jnp.pad(images, margin, mode=mode)

    def one(key: jax.Array, image: jax.Array) -> jax.Array:
        places = jnp.array([spare[0] + 1, spare[1] + 1])
        row, column = jax.random.randint(key, (2,), 0, places)
        return jax.lax.dynamic_slice(image, (row, column, 0), (*window, channels))

    return jax.vmap(one)(keys, padded)


def shift(keys: jax.Array, images: jax.Array, *, pixels: int) -> jax.Array:
    """Moves each image by up to `pixels` in both directions, filling with zeros.

    Args:
        keys: typed PRNG keys `[B]`.
        images: `[B, H, W, C]`.
        pixels: largest displacement.

    Returns:
        `[B, H, W, C]`.
    """
    return crop(keys, images, padding=pixels)


def flip(keys: jax.Array, images: jax.Array, *, probability: float = 0.5) -> jax.Array:
    """Mirrors images left to right.

    Args:
        keys: typed PRNG keys `[B]`.
        images: `[B, H, W, C]`.
        probability: of each image to be mirrored.

    Returns:
        `[B, H, W, C]`.
    """
    flipped = jax.vmap(lambda key: jax.random.bernoulli(key, probability))(keys)
    return jnp.where(flipped[:, None, None, None], images[:, :, ::-1], images)


def cutout(keys: jax.Array, images: jax.Array, *, size: int, fill: float = 0.0) -> jax.Array:
    """Blanks a square of each image.

    DeVries and Taylor, "Improved Regularization of Convolutional Neural Networks with
    Cutout" (2017): the middle of the square is any pixel, so that part of the square may lie
    outside the image.

    Args:
        keys: typed PRNG keys `[B]`.
        images: `[B, H, W, C]`.
        size: of the square's side, in pixels.
        fill: the value inside.

    Returns:
        `[B, H, W, C]`.
    """
    height, width = images.shape[1:3]

    def one(key: jax.Array, image: jax.Array) -> jax.Array:
        top, left = jax.random.randint(key, (2,), 0, jnp.array([height, width])) - size // 2
        rows, columns = jnp.arange(height), jnp.arange(width)
        inside_rows = (rows >= top) & (rows < top + size)
        inside_columns = (columns >= left) & (columns < left + size)
        inside = inside_rows[:, None, None] & inside_columns[:, None]
        return jnp.where(inside, jnp.asarray(fill, image.dtype), image)

    return jax.vmap(one)(keys, images)


def noise(keys: jax.Array, inputs: jax.Array, *, scale: float) -> jax.Array:
    """Adds Gaussian noise of standard deviation `scale` to `[B, ...]`, of any shape."""
    drawn = jax.vmap(lambda key: jax.random.normal(key, inputs.shape[1:], inputs.dtype))(keys)
    return inputs + jnp.asarray(scale, inputs.dtype) * drawn
