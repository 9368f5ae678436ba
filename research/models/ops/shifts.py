"""What each tap of a kernel sees of the images, and where its outputs go."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from research.models.ops.window import Window


def seen(
    images: jax.Array, window: Window, taps: Sequence[int], size: Sequence[int]
) -> list[jax.Array]:
    """For each tap, the pixel of each window that lies under it: arrays `[B, *S', C]`.

    Args:
        images: `[B, *S, C]`.
        window: of the convolution; beyond its padding are zeros, too.
        taps: K, of the kernel; the last axis runs fastest in the result.
        size: S', of the outputs.
    """
    reach = [
        s * (m - 1) + 1 + d * (k - 1)
        for s, m, d, k in zip(window.strides, size, window.dilation, taps, strict=True)
    ]
    sides = [
        (low, r - n - low, 0)
        for (low, _), r, n in zip(window.padding, reach, images.shape[1:], strict=False)
    ]
    # Once for all taps: padding inside of each tap's loop would be asked of every pixel.
    images = _pad(images, sides)
    batch, channels = images.shape[0], images.shape[-1]
    found = []
    for tap in np.ndindex(*taps):
        begin = [t * d for t, d in zip(tap, window.dilation, strict=True)]
        end = [b + s * (m - 1) + 1 for b, s, m in zip(begin, window.strides, size, strict=True)]
        strides = (1, *window.strides, 1)
        found.append(jax.lax.slice(images, (0, *begin, 0), (batch, *end, channels), strides))
    return found


def stretched(
    outputs: jax.Array, tap: Sequence[int], window: Window, size: Sequence[int]
) -> jax.Array:
    """The transpose of `seen` for one tap: `[B, *S', C]` to the pixels `[B, *S, C]` under it.

    Args:
        outputs: `[B, *S', C]`.
        tap: its index in the kernel.
        window: of the convolution.
        size: S, of the images.
    """
    begin = [
        t * d - low for t, d, (low, _) in zip(tap, window.dilation, window.padding, strict=True)
    ]
    sides = [
        (b, n - b - s * (m - 1) - 1, s - 1)
        for b, n, s, m in zip(begin, size, window.strides, outputs.shape[1:-1], strict=True)
    ]
    return _pad(outputs, sides)


def mirrored(
    outputs: jax.Array, window: Window, taps: Sequence[int], size: Sequence[int]
) -> tuple[jax.Array, Window]:
    """Outputs stretched by the strides, and the window with which a mirrored kernel of K taps
    makes `[B, *S, C]` of them: the convolution's transpose as a convolution.

    Args:
        outputs: `[B, *S', C]`.
        window: of the convolution.
        taps: K.
        size: S, of the images.
    """
    reach = [d * (k - 1) for d, k in zip(window.dilation, taps, strict=True)]
    low = [r - before for r, (before, _) in zip(reach, window.padding, strict=True)]
    sides = [
        (b, n + r - b - s * (m - 1) - 1, s - 1)
        for b, n, r, s, m in zip(low, size, reach, window.strides, outputs.shape[1:-1], strict=True)
    ]
    ones = (1,) * len(sides)
    whole = Window(
        strides=ones,
        padding=((0, 0),) * len(sides),
        dilation=window.dilation,
        groups=window.groups,
        precision=window.precision,
    )
    return _pad(outputs, sides), whole


def turned(kernel: jax.Array) -> jax.Array:
    """The kernel `[*K, Cin, Cout]` of the transpose: mirrored, its channels exchanged."""
    return jnp.flip(kernel, range(kernel.ndim - 2)).swapaxes(-1, -2)


def _pad(images: jax.Array, sides: Sequence[tuple[int, int, int]]) -> jax.Array:
    return jax.lax.pad(images, jnp.zeros((), images.dtype), ((0, 0, 0), *sides, (0, 0, 0)))
