"""Normalisation over the last axis, whose means and sums are matrix products on a CPU."""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from research.models.ops.platform import on_cpu


def layer_norm(
    inputs: Float[Array, "*B D"],
    scale: Float[Array, " D"],
    bias: Float[Array, " D"],
    *,
    epsilon: float,
) -> Float[Array, "*B D"]:
    """(x - mean(x)) / sqrt(var(x) + epsilon) * scale + bias (Ba et al., 2016), in float32."""
    dtype = jnp.result_type(inputs, scale, bias)
    arguments = (
        part.astype(jnp.promote_types(dtype, jnp.float32)) for part in (inputs, scale, bias)
    )
    return on_cpu(
        functools.partial(products, epsilon), functools.partial(plain, epsilon), *arguments
    ).astype(dtype)


def plain(epsilon: float, inputs: jax.Array, scale: jax.Array, bias: jax.Array) -> jax.Array:
    """`layer_norm`, differentiated by jax."""
    centred = inputs - inputs.mean(-1, keepdims=True)
    inverse = jax.lax.rsqrt(jnp.square(centred).mean(-1, keepdims=True) + epsilon)
    return centred * (inverse * scale) + bias


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def products(epsilon: float, inputs: jax.Array, scale: jax.Array, bias: jax.Array) -> jax.Array:
    """`layer_norm` that keeps its inputs and two numbers of each row."""
    return _forward(epsilon, inputs, scale, bias)[0]


def _forward(
    epsilon: float, inputs: jax.Array, scale: jax.Array, bias: jax.Array
) -> tuple[jax.Array, Any]:
    rows = inputs.reshape(-1, inputs.shape[-1])
    mean = _mean(rows)
    centred = rows - mean
    inverse = jax.lax.rsqrt(_mean(jnp.square(centred)) + epsilon)
    outputs = centred * inverse * scale + bias
    return outputs.reshape(inputs.shape), (rows, mean, inverse, scale)


def _backward(epsilon: float, kept: Any, g: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    rows, mean, inverse, scale = kept
    normalised = (rows - mean) * inverse
    flat = g.reshape(rows.shape)
    scaled = flat * scale
    of_rows = inverse * (scaled - _mean(scaled) - normalised * _mean(scaled * normalised))
    return of_rows.reshape(g.shape), _sum(flat * normalised), _sum(flat)


products.defvjp(_forward, _backward)


def _mean(rows: Float[Array, "M D"]) -> Float[Array, "M 1"]:
    size = rows.shape[-1]
    return rows @ jnp.full((size, 1), 1 / size, rows.dtype)


def _sum(rows: Float[Array, "M D"]) -> Float[Array, " D"]:
    return jnp.ones(len(rows), rows.dtype) @ rows
