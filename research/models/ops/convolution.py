"""Convolutions under their plain names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from research.arguments import require
from research.models.ops import bilinear
from research.models.ops.shifts import turned
from research.models.ops.window import Padding, Window, pairs, per_axis


def conv(
    inputs: Float[Array, "B *S Cin"],
    kernel: Float[Array, "*K C Cout"],
    *,
    strides: int | Sequence[int] = 1,
    padding: Padding = "SAME",
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    precision: Any = None,
) -> Float[Array, "B *T Cout"]:
    """Convolution (a cross-correlation, as everywhere in the field), channels last.

    Args:
        inputs: `[B, *S, Cin]` with any number of spatial axes: `[B, H, W, Cin]`.
        kernel: `[*K, Cin / groups, Cout]`, of the inputs' type.
        strides: per spatial axis, or one for all.
        padding: "SAME", "VALID", a number for every side, or per axis a number or a pair.
        dilation: distance of the kernel's taps.
        groups: of channels that are convolved apart; Cin of them: a depthwise convolution.
        precision: of `jax.lax.Precision`.

    Raises:
        ArgumentError: for shapes and numbers that don't fit.
    """
    rank = inputs.ndim - 2
    require(
        rank > 0 and kernel.ndim == inputs.ndim,
        f"inputs {inputs.shape} and kernel {kernel.shape} don't fit, expected [B, *S, Cin] and "
        "[*K, Cin / groups, Cout]",
    )
    require(
        kernel.shape[-2] * groups == inputs.shape[-1] and kernel.shape[-1] % groups == 0,
        f"inputs {inputs.shape} and kernel {kernel.shape} don't fit with {groups} groups, "
        "expected a kernel [*K, Cin / groups, Cout] with Cout divisible by the groups",
    )
    steps, apart = per_axis(strides, rank, "strides"), per_axis(dilation, rank, "dilation")
    window = Window(
        strides=steps,
        padding=pairs(
            padding, inputs.shape[1:-1], kernel=kernel.shape[:-2], strides=steps, dilation=apart
        ),
        dilation=apart,
        groups=groups,
        precision=precision,
    )
    padded = [n + sum(pads) for n, pads in zip(inputs.shape[1:-1], window.padding, strict=True)]
    spans = [d * (k - 1) + 1 for d, k in zip(apart, kernel.shape[:-2], strict=True)]
    require(
        all(n >= span for n, span in zip(padded, spans, strict=True)),
        f"found pixels, with the padding, {padded}, expected at least the {spans} that the "
        "kernel spans",
    )
    dtype = jnp.result_type(inputs, kernel)
    return bilinear.convolve(inputs.astype(dtype), kernel.astype(dtype), window)


def conv_transpose(
    inputs: Float[Array, "B *S Cin"],
    kernel: Float[Array, "*K I Cout"],
    *,
    strides: int | Sequence[int] = 1,
    padding: Padding = "SAME",
    dilation: int | Sequence[int] = 1,
    precision: Any = None,
) -> Float[Array, "B *T Cout"]:
    """Transposed convolution, as `jax.lax.conv_transpose` and `nnx.ConvTranspose` define it.

    The inputs are stretched by the strides with zeros between them, padded, and convolved.

    Args:
        inputs: `[B, *S, Cin]`.
        kernel: `[*K, Cin, Cout]`.
        strides: by how much the image grows.
        padding: "SAME": to S times the strides. "VALID": all that the inputs reach. Numbers: of
            the stretched inputs, so that PyTorch's p is `dilation * (K - 1) - p` here.
        dilation: distance of the kernel's taps.
        precision: of `jax.lax.Precision`.

    Raises:
        ArgumentError: for shapes and numbers that don't fit.
    """
    rank = inputs.ndim - 2
    require(
        rank > 0 and kernel.ndim == inputs.ndim and kernel.shape[-2] == inputs.shape[-1],
        f"inputs {inputs.shape} and kernel {kernel.shape} don't fit, expected [B, *S, Cin] and "
        "[*K, Cin, Cout]",
    )
    steps, apart = per_axis(strides, rank, "strides"), per_axis(dilation, rank, "dilation")
    reach = [d * (k - 1) for k, d in zip(kernel.shape, apart, strict=False)]
    if isinstance(padding, str):
        sides = [_transposed(padding, r, s) for r, s in zip(reach, steps, strict=True)]
    else:
        sides = list(pairs(padding, reach, kernel=reach, strides=steps, dilation=apart))
    size = tuple(
        (n - 1) * s + 1 + low + high - r
        for n, s, r, (low, high) in zip(inputs.shape[1:-1], steps, reach, sides, strict=True)
    )
    require(min(size) >= 0, f"padding is {padding}, which leaves nothing of inputs {inputs.shape}")
    window = Window(
        strides=steps,
        padding=tuple((r - low, r - high) for r, (low, high) in zip(reach, sides, strict=True)),
        dilation=apart,
        precision=precision,
    )
    dtype = jnp.result_type(inputs, kernel)
    return bilinear.spread(inputs.astype(dtype), turned(kernel.astype(dtype)), window, size)


def _transposed(padding: str, reach: int, stride: int) -> tuple[int, int]:
    """What `jax.lax.conv_transpose` makes of "SAME" and "VALID"."""
    require(
        padding in ("SAME", "VALID"), f"padding is {padding!r}, expected 'SAME', 'VALID' or numbers"
    )
    if padding == "VALID":
        return reach, reach + max(stride - reach - 1, 0)
    total = reach + stride - 1
    low = reach if stride > reach else -(-total // 2)
    return low, total - low


def conv_general_dilated(
    inputs: jax.Array,
    kernel: jax.Array,
    window_strides: Sequence[int],
    padding: Any,
    *,
    lhs_dilation: Sequence[int] | None = None,
    rhs_dilation: Sequence[int] | None = None,
    dimension_numbers: Any = None,
    feature_group_count: int = 1,
    **options: Any,
) -> jax.Array:
    """`conv` as `nnx.Conv` calls it: for its argument `conv_general_dilated`.

    What `conv` has no words for (dilated inputs, another type of result, an output sharding)
    goes to `jax.lax.conv_general_dilated`.
    """
    precision = options.pop("precision", None)
    if set(lhs_dilation or (1,)) == {1} and not any(map(_given, options.values())):
        return conv(
            inputs,
            kernel,
            strides=window_strides,
            padding=padding,
            dilation=rhs_dilation or 1,
            groups=feature_group_count,
            precision=precision,
        )
    return jax.lax.conv_general_dilated(
        inputs,
        kernel,
        window_strides,
        padding,
        lhs_dilation=lhs_dilation,
        rhs_dilation=rhs_dilation,
        dimension_numbers=dimension_numbers,
        feature_group_count=feature_group_count,
        precision=precision,
        **options,
    )


def _given(option: Any) -> bool:
    return option is not None
