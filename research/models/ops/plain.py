"""Convolution and its two gradients as XLA's operations: what every other form must equal.

A convolution is linear in the images and in the kernel. With the images x, the kernel k and
what has the shape of the output, g, there are three such functions: `convolve(x, k)`,
`spread(g, k)`, its transpose in x, and `correlate(x, g)`, its transpose in k. The gradients
of each are the other two.
"""

from __future__ import annotations

from collections.abc import Sequence

import jax
from jaxtyping import Array, Float

from research.models.ops.window import Window

Images = Float[Array, "..."]
Kernel = Float[Array, "..."]


def convolve(images: Images, kernel: Kernel, window: Window) -> Images:
    """Maps images `[B, *S, Cin]` and kernel `[*K, Cin / groups, Cout]` to `[B, *S', Cout]`."""
    last = images.ndim - 1
    spatial = tuple(range(1, last))
    numbers = jax.lax.ConvDimensionNumbers(
        (0, last, *spatial), (last, last - 1, *range(last - 1)), (0, last, *spatial)
    )
    return jax.lax.conv_general_dilated(
        images,
        kernel,
        window.strides,
        window.padding,
        rhs_dilation=window.dilation,
        dimension_numbers=numbers,
        feature_group_count=window.groups,
        precision=window.precision,
    )


def spread(outputs: Images, kernel: Kernel, window: Window, size: Sequence[int]) -> Images:
    """The transpose of `convolve` in the images: `[B, *S', Cout]` to `[B, *S, Cin]`.

    Args:
        outputs: `[B, *S', Cout]`.
        kernel: `[*K, Cin / groups, Cout]`.
        window: of the convolution.
        size: S, which strides leave open.
    """
    shape = (outputs.shape[0], *size, kernel.shape[-2] * window.groups)
    images = jax.ShapeDtypeStruct(shape, outputs.dtype)
    (spreaded,) = jax.linear_transpose(lambda x: convolve(x, kernel, window), images)(outputs)
    return spreaded


def correlate(images: Images, outputs: Images, window: Window, taps: Sequence[int]) -> Kernel:
    """The transpose of `convolve` in the kernel: `[*K, Cin / groups, Cout]`.

    Args:
        images: `[B, *S, Cin]`.
        outputs: `[B, *S', Cout]`.
        window: of the convolution.
        taps: K, which strides leave open.
    """
    shape = (*taps, images.shape[-1] // window.groups, outputs.shape[-1])
    kernel = jax.ShapeDtypeStruct(shape, outputs.dtype)
    (correlated,) = jax.linear_transpose(lambda k: convolve(images, k, window), kernel)(outputs)
    return correlated
