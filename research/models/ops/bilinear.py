"""Convolution and its two gradients, each in the form of the platform.

The three are closed under differentiation (`plain` says how), so a gradient of a gradient
has a quick form too. Forward mode (`jax.jvp`) is not to be had: see `plain`.
"""

from __future__ import annotations

import functools

import jax

from research.models.ops import forms, plain
from research.models.ops.plain import Images, Kernel
from research.models.ops.platform import on_cpu
from research.models.ops.window import Window

Shape = tuple[int, ...]


@functools.partial(jax.custom_vjp, nondiff_argnums=(2,))
def convolve(images: Images, kernel: Kernel, window: Window) -> Images:
    """See `plain.convolve`."""
    return on_cpu(
        functools.partial(forms.convolve, window=window),
        functools.partial(plain.convolve, window=window),
        images,
        kernel,
    )


@functools.partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def spread(outputs: Images, kernel: Kernel, window: Window, size: Shape) -> Images:
    """See `plain.spread`."""
    return on_cpu(
        functools.partial(forms.spread, window=window, size=size),
        functools.partial(plain.spread, window=window, size=size),
        outputs,
        kernel,
    )


@functools.partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def correlate(images: Images, outputs: Images, window: Window, taps: Shape) -> Kernel:
    """See `plain.correlate`."""
    return on_cpu(
        functools.partial(forms.correlate, window=window, taps=taps),
        functools.partial(plain.correlate, window=window, taps=taps),
        images,
        outputs,
    )


def _size(images: jax.Array) -> Shape:
    return images.shape[1:-1]


def _taps(kernel: jax.Array) -> Shape:
    return kernel.shape[:-2]


convolve.defvjp(
    lambda images, kernel, window: (convolve(images, kernel, window), (images, kernel)),
    lambda window, kept, g: (
        spread(g, kept[1], window, _size(kept[0])),
        correlate(kept[0], g, window, _taps(kept[1])),
    ),
)
spread.defvjp(
    lambda outputs, kernel, window, size: (
        spread(outputs, kernel, window, size),
        (outputs, kernel),
    ),
    lambda window, size, kept, g: (
        convolve(g, kept[1], window),
        correlate(g, kept[0], window, _taps(kept[1])),
    ),
)
correlate.defvjp(
    lambda images, outputs, window, taps: (
        correlate(images, outputs, window, taps),
        (images, outputs),
    ),
    lambda window, taps, kept, g: (
        spread(kept[1], g, window, _size(kept[0])),
        convolve(kept[0], g, window),
    ),
)
