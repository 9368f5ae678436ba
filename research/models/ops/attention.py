"""Scaled dot-product attention, whose gradient keeps the weights and makes no copy of them.

Transposing `[T, S]` weights is what costs on a CPU. Here only `[T, E]` arrays are transposed:
the products that sum over the queries give keys' and values' gradients as `[E, S]`. The weights
are not divided by their sum either, the outputs are.
"""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from research.models.ops.platform import on_cpu

_LOWEST = -1e30

Heads = Float[Array, "B G M E"]
Keys = Float[Array, "B G S E"]
Seen = Bool[Array, "#B 1 #M S"]


def attention(
    query: Float[Array, "B T N E"],
    key: Float[Array, "B S G E"],
    value: Float[Array, "B S G E"],
    *,
    causal: bool = False,
    lengths: Int[Array, " B"] | None = None,
    seen: Bool[Array, "#B T S"] | None = None,
) -> Float[Array, "B T N E"]:
    """softmax(Q K^T / sqrt(E)) V, head by head; heads in a group share keys and values.

    The softmax is in float32. A query that may see nothing gets the mean of all values.

    Args:
        query: N heads, divisible by the groups G; head n reads group n // (N / G).
        key: of the same type.
        value: of the same type.
        causal: whether query t sees keys 0 to t only.
        lengths: int32; no query sees a key after the end. None: all S.
        seen: which keys each query may see, besides; None: all.
    """
    dtype = query.dtype
    if dtype == jnp.float16 and jax.default_backend() != "gpu":
        # jax asks for a product of float16 summed in float32, which only GPUs have.
        query, key, value = (part.astype(jnp.float32) for part in (query, key, value))
    attended = on_cpu(
        functools.partial(products, causal=causal),
        functools.partial(plain, causal=causal),
        query,
        key,
        value,
        lengths,
        seen,
    )
    return attended.astype(dtype)


def plain(
    query: jax.Array,
    key: jax.Array,
    value: jax.Array,
    lengths: jax.Array | None,
    seen: jax.Array | None,
    *,
    causal: bool,
) -> jax.Array:
    """`attention` as jax has it."""
    return jax.nn.dot_product_attention(
        query,
        key,
        value,
        mask=None if seen is None else seen[:, None],
        is_causal=causal,
        key_value_seq_lengths=lengths,
    )


def products(
    query: jax.Array,
    key: jax.Array,
    value: jax.Array,
    lengths: jax.Array | None,
    seen: jax.Array | None,
    *,
    causal: bool,
) -> jax.Array:
    """`attention` as batched products; the heads of a group are rows of one product."""
    batch, queries, heads, size = query.shape
    keys, groups = key.shape[1:3]
    visible = jnp.ones((1, queries, keys), bool) if seen is None else seen
    if causal:
        visible = jnp.tril(visible)
    if lengths is not None:
        visible = visible & (jnp.arange(keys) < lengths[:, None])[:, None]
    if seen is not None or lengths is not None:
        # The scores of a query that sees nothing are all the same, whatever it is.
        query = jnp.where(visible.any(-1)[..., None, None], query, 0)
    rows = query.reshape(batch, queries, groups, heads // groups, size)
    rows = rows.transpose(0, 2, 3, 1, 4).reshape(batch, groups, -1, size)
    attended = _attend(
        rows,
        key.swapaxes(1, 2),
        value.swapaxes(1, 2),
        jnp.tile(visible, (1, heads // groups, 1))[:, None],
    )
    attended = attended.reshape(batch, groups, heads // groups, queries, size)
    return attended.transpose(0, 3, 1, 2, 4).reshape(query.shape)


@jax.custom_vjp
def _attend(query: Heads, key: Keys, value: Keys, seen: Seen) -> Heads:
    return _forward(query, key, value, seen)[0]


def _forward(query: Heads, key: Keys, value: Keys, seen: Seen) -> tuple[Heads, Any]:
    scale = query.shape[-1] ** -0.5
    scores = _product(query * scale, key.mT) + jnp.where(seen, 0, _LOWEST)
    weights = jnp.exp(scores - scores.max(-1, keepdims=True))
    inverse = 1 / weights.sum(-1, keepdims=True)
    outputs = (_product(weights.astype(value.dtype), value) * inverse).astype(value.dtype)
    return outputs, (query, key, value, outputs, weights, inverse)


def _backward(kept: Any, g: Heads) -> tuple[Heads, Keys, Keys, None]:
    query, key, value, outputs, weights, inverse = kept
    scale = query.shape[-1] ** -0.5
    shared = g.astype(inverse.dtype) * inverse
    # Over the keys, weights times their gradients sum to this.
    mean = (shared * outputs).sum(-1, keepdims=True)
    shared = shared.astype(g.dtype)
    of_scores = weights * (_product(shared, value.mT) - mean)
    of_scores = of_scores.astype(g.dtype)
    of_query = _product(of_scores, key) * scale
    of_key = _product((query * scale).mT, of_scores).mT
    of_value = _product(shared.mT, weights.astype(g.dtype)).mT
    return of_query.astype(g.dtype), of_key.astype(g.dtype), of_value.astype(g.dtype), None


_attend.defvjp(_forward, _backward)


def _product(left: jax.Array, right: jax.Array) -> jax.Array:
    """Batched, and summed in at least float32."""
    return jnp.matmul(
        left, right, preferred_element_type=jnp.promote_types(left.dtype, jnp.float32)
    )
