"""Depthwise convolution, each channel by itself: shifted images times numbers, summed.

XLA computes it on a CPU as plain loops, fifteen to forty times as slow.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from research.models.ops.shifts import mirrored, seen
from research.models.ops.widened import widened
from research.models.ops.window import Window


def covers(kernel: jax.Array, window: Window) -> bool:
    """Whether each channel `[*K, 1, C]` is convolved with one kernel of its own."""
    return kernel.shape[-2] == 1 and window.groups == kernel.shape[-1] > 1


def convolve(images: jax.Array, kernel: jax.Array, window: Window) -> jax.Array:
    """See `plain.convolve`."""
    taps = kernel.shape[:-2]
    size = [
        (n + low + high - d * (k - 1) - 1) // s + 1
        for n, (low, high), d, k, s in zip(
            images.shape[1:-1], window.padding, window.dilation, taps, window.strides, strict=True
        )
    ]
    numbers = widened(kernel.reshape(-1, kernel.shape[-1]))
    shifts = seen(widened(images), window, taps, size)
    products = (part * number for part, number in zip(shifts, numbers, strict=True))
    return functools.reduce(operator.add, products).astype(images.dtype)


def spread(outputs: jax.Array, kernel: jax.Array, window: Window, size: Sequence[int]) -> jax.Array:
    """See `plain.spread`."""
    taps = kernel.shape[:-2]
    stretched, whole = mirrored(outputs, window, taps, size)
    return convolve(stretched, jnp.flip(kernel, range(len(taps))), whole)


def correlate(
    images: jax.Array, outputs: jax.Array, window: Window, taps: Sequence[int]
) -> jax.Array:
    """See `plain.correlate`."""
    shifts = seen(widened(images), window, taps, outputs.shape[1:-1])
    products = [part * widened(outputs) for part in shifts]
    # All sums in one pass over the images.
    sums = jax.lax.reduce(
        products,
        [np.zeros((), products[0].dtype)[()]] * len(products),
        lambda left, right: [a + b for a, b in zip(left, right, strict=True)],
        tuple(range(outputs.ndim - 1)),
    )
    return jnp.stack(sums).astype(outputs.dtype).reshape(*taps, 1, outputs.shape[-1])
