"""Normalisation by the batch, with a gradient of its own that keeps no more than its inputs."""

from __future__ import annotations

import functools
import math
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from research.models.ops.widened import widened

Moments = tuple[jax.Array, jax.Array]


def batch_norm(
    inputs: Float[Array, "*B C"],
    scale: Float[Array, " C"],
    bias: Float[Array, " C"],
    *,
    epsilon: float,
    axis_name: str | None = None,
) -> tuple[Float[Array, "*B C"], Float[Array, " C"], Float[Array, " C"]]:
    """(x - mean) / sqrt(variance + epsilon) * scale + bias, channel by channel.

    Ioffe and Szegedy, "Batch Normalization" (2015), in at least float32. Its forward pass is the
    same program whether it is differentiated or not, so XLA computes it once where a step asks
    for both.

    Args:
        inputs: over whose leading axes the moments are taken.
        scale: of the normalised channels.
        bias: added in the end.
        epsilon: added to the variance.
        axis_name: under `shard_map` and `pmap`, the axis that the batch is spread over.

    Returns:
        The outputs, of the inputs' type, and what they were normalised by: the mean and the
        variance E[x^2] - E[x]^2 (at least 0), of at least float32.
    """
    outputs, (mean, variance) = _normalised(epsilon, axis_name, inputs, scale, bias)
    return outputs, mean, variance


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _normalised(
    epsilon: float,
    axis_name: str | None,
    inputs: jax.Array,
    scale: jax.Array,
    bias: jax.Array,
) -> tuple[jax.Array, Moments]:
    return _forward(epsilon, axis_name, inputs, scale, bias)[0]


def _forward(
    epsilon: float,
    axis_name: str | None,
    inputs: jax.Array,
    scale: jax.Array,
    bias: jax.Array,
) -> tuple[tuple[jax.Array, Moments], Any]:
    wide = widened(inputs)
    count = _count(inputs, axis_name)
    mean, square = (total / count for total in _over_devices(_sums(wide, wide), axis_name))
    variance = jnp.maximum(square - mean**2, 0)  # rounding can make it negative
    inverse = jax.lax.rsqrt(variance + epsilon)
    outputs = (wide - mean) * (inverse * widened(scale)) + widened(bias)
    return (outputs.astype(inputs.dtype), (mean, variance)), (inputs, scale, bias, mean, inverse)


def _backward(
    epsilon: float, axis_name: str | None, kept: Any, cotangents: tuple[jax.Array, Moments]
) -> tuple[jax.Array, jax.Array, jax.Array]:
    inputs, scale, bias, mean, inverse = kept
    of_outputs, (of_mean, of_variance) = cotangents
    g, centred = widened(of_outputs), widened(inputs) - mean
    of_bias, of_product = _sums(g, centred)
    slope = inverse * widened(scale)
    # The moments are everybody's: what all devices' outputs owe to them comes together.
    of_mean, of_variance = _over_devices(
        (of_mean - slope * of_bias, of_variance - slope * inverse**2 * of_product / 2), axis_name
    )
    count = _count(inputs, axis_name)
    of_inputs = slope * g + (of_mean / count + centred * (2 * of_variance / count))
    return (
        of_inputs.astype(inputs.dtype),
        (inverse * of_product).astype(scale.dtype),
        of_bias.astype(bias.dtype),
    )


_normalised.defvjp(_forward, _backward)


def _sums(left: Float[Array, "*B C"], right: Float[Array, "*B C"]) -> Moments:
    """Of the left and of the products, channel by channel."""
    axes = range(left.ndim - 1)
    return left.sum(axes), (left * right).sum(axes)


def _over_devices(sums: Moments, axis_name: str | None) -> Moments:
    return sums if axis_name is None else jax.lax.psum(sums, axis_name)


def _count(inputs: jax.Array, axis_name: str | None) -> int:
    own = math.prod(inputs.shape[:-1])
    return own if axis_name is None else own * jax.lax.axis_size(axis_name)
