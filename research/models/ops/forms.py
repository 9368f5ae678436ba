"""Convolution and its two gradients as XLA is quick at on a CPU.

XLA's quick convolution for a CPU has images `[B, H, W, C]` and kernels `[H, W, I, O]`. It
brings others into this form by itself, but never within a loop: in a `lax.scan` over training
steps a kernel's gradient takes up to a hundred times as long. So everything has this form
here, with its transposes written out. What has few channels or one tap is a matrix product.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from research.models.ops import depthwise, plain, residues
from research.models.ops.shifts import mirrored, seen, stretched, turned
from research.models.ops.window import Window

# Up to so many taps times channels, products of patches beat XLA's convolutions.
_FEW_TO_SPREAD = 80
_FEW_OUTPUTS = 48
# Below so many for each pixel of the images.
_FEW_INPUTS = 32


def convolve(images: jax.Array, kernel: jax.Array, window: Window) -> jax.Array:
    """See `plain.convolve`."""
    if depthwise.covers(kernel, window):
        return depthwise.convolve(images, kernel, window)
    if window.groups == 1 and math.prod(kernel.shape[:-2]) == 1 and not _padded(window):
        visited = images[(slice(None), *(slice(None, None, s) for s in window.strides))]
        return visited @ kernel.reshape(kernel.shape[-2:])
    return plain.convolve(images, kernel, window)


def spread(outputs: jax.Array, kernel: jax.Array, window: Window, size: Sequence[int]) -> jax.Array:
    """See `plain.spread`."""
    if depthwise.covers(kernel, window):
        return depthwise.spread(outputs, kernel, window, size)
    if window.groups != 1:
        return plain.spread(outputs, kernel, window, size)
    taps = kernel.shape[:-2]
    if math.prod(taps) == 1 or math.prod(kernel.shape[:-1]) <= _FEW_TO_SPREAD:
        return _spread_products(outputs, kernel, window, size)
    if residues.covers(window, taps):
        return residues.spread(outputs, kernel, window, size)
    images, whole = mirrored(outputs, window, taps, size)
    return plain.convolve(images, turned(kernel), whole)


def _spread_products(
    outputs: jax.Array, kernel: jax.Array, window: Window, size: Sequence[int]
) -> jax.Array:
    """One matrix product with all taps, then their sum, each tap shifted to its place."""
    taps, channels = kernel.shape[:-2], kernel.shape[-2]
    flat = jnp.moveaxis(kernel, -1, 0).reshape(kernel.shape[-1], -1)
    products = (outputs @ flat).reshape(*outputs.shape[:-1], *taps, channels)
    return sum(
        (
            stretched(products[(..., *tap, slice(None))], tap, window, size)
            for tap in np.ndindex(*taps)
        ),
        jnp.zeros((outputs.shape[0], *size, channels), outputs.dtype),
    )


def correlate(
    images: jax.Array, outputs: jax.Array, window: Window, taps: Sequence[int]
) -> jax.Array:
    """See `plain.correlate`."""
    cin, cout = images.shape[-1], outputs.shape[-1]
    if window.groups == cin == cout and cin > 1:
        return depthwise.correlate(images, outputs, window, taps)
    if window.groups != 1:
        return plain.correlate(images, outputs, window, taps)
    sizes = outputs.shape[1:-1]
    every, apart = math.prod(taps), math.prod(window.strides)
    if every == 1 or every * cin < _FEW_INPUTS * apart:
        parts = seen(images, window, taps, sizes)
        if cin == 1:  # rows of pixels are copied as they are; pixels of taps one by one
            under = jnp.stack(parts).reshape(len(parts), -1)
            return (under @ outputs.reshape(-1, cout)).reshape(*taps, cin, cout)
        return _product(jnp.concatenate(parts, -1), outputs).reshape(*taps, cin, cout)
    if every * cout <= _FEW_OUTPUTS:
        patches = [stretched(outputs, tap, window, images.shape[1:-1]) for tap in np.ndindex(*taps)]
        product = _product(jnp.concatenate(patches, -1), images)
        return jnp.swapaxes(product.reshape(*taps, cout, cin), -1, -2)
    # Channels are the batch and the batch the channels; the outputs are the kernel.
    sides = tuple(
        (low, s * (m - 1) + 1 + d * (k - 1) - n - low)
        for n, (low, _), s, m, d, k in zip(
            images.shape[1:-1],
            window.padding,
            window.strides,
            sizes,
            window.dilation,
            taps,
            strict=True,
        )
    )
    swapped = Window(
        strides=window.dilation,
        padding=sides,
        dilation=window.strides,
        precision=window.precision,
    )
    kernels = plain.convolve(jnp.swapaxes(images, 0, -1), jnp.moveaxis(outputs, 0, -2), swapped)
    return jnp.moveaxis(kernels, 0, -2)


def _product(left: jax.Array, right: jax.Array) -> jax.Array:
    """Over all pixels of all images: `[B, *S, I]` and `[B, *S, O]` to `[I, O]`."""
    return left.reshape(-1, left.shape[-1]).T @ right.reshape(-1, right.shape[-1])


def _padded(window: Window) -> bool:
    return any(side for sides in window.padding for side in sides)
