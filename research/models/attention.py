"""Attention with grouped queries: to itself or to a source, with keys kept between calls."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Bool, Float, Int

from research.arguments import require
from research.models import ops
from research.models.positions import rotate

_LOWEST = -1e30

Cache = dict[str, jax.Array]


class Attended(NamedTuple):
    """What attention gives.

    Attributes:
        output: `[B, T, D]`.
        cache: `key` and `value` `[B, S, G, E]`; None unless one was given.
        weights: float32 `[B, N, T, S]`, each row a distribution; None unless asked for.
    """

    output: Float[Array, "B T D"]
    cache: Cache | None
    weights: Float[Array, "B N T S"] | None


class Attention(nnx.Module):
    """Multi-head attention (Vaswani et al., 2017) with grouped queries.

    softmax(Q K^T / sqrt(E) + mask) V per head of width E; the heads of a group share keys
    and values (Ainslie et al., "GQA", 2023). The softmax is in float32.

    Args:
        width: D, of the input and the output; E = D / heads.
        heads: N, of the queries.
        key_value_heads: G groups; None for as many as heads.
        causal: whether a position attends to itself and earlier ones only.
        rotary: whether queries and keys are rotated by their position.
        bias: whether the four projections have biases.
        source_width: width of the source attended to; None for D.
        output_init: initialiser of the output projection.
        rngs: stream `params` for the initialisers.
    """

    def __init__(
        self,
        width: int,
        *,
        heads: int,
        key_value_heads: int | None = None,
        causal: bool,
        rotary: bool,
        bias: bool = False,
        source_width: int | None = None,
        output_init: nnx.Initializer,
        rngs: nnx.Rngs,
    ) -> None:
        groups = heads if key_value_heads is None else key_value_heads
        require(
            heads > 0 and width % heads == 0,
            f"width is {width} and heads {heads}, expected a width divisible by the heads",
        )
        require(
            groups > 0 and heads % groups == 0,
            f"heads is {heads} and key_value_heads {groups}, expected heads divisible by them",
        )
        size = width // heads
        require(
            not rotary or size % 2 == 0,
            f"width {width} / heads {heads} is {size}, rotary positions need an even number",
        )
        self.causal, self.rotary = causal, rotary
        read = width if source_width is None else source_width
        self.query = nnx.LinearGeneral(width, (heads, size), use_bias=bias, rngs=rngs)
        self.key = nnx.LinearGeneral(read, (groups, size), use_bias=bias, rngs=rngs)
        self.value = nnx.LinearGeneral(read, (groups, size), use_bias=bias, rngs=rngs)
        self.output = nnx.LinearGeneral(
            (heads, size), width, axis=(-2, -1), use_bias=bias, kernel_init=output_init, rngs=rngs
        )

    def __call__(
        self,
        inputs: Float[Array, "B T D"],
        positions: Int[Array, "*P T"],
        lengths: Int[Array, " B"] | None = None,
        *,
        source: Float[Array, "B S C"] | None = None,
        cache: Cache | None = None,
        weights: bool = False,
    ) -> Attended:
        """Attends from every input to the inputs, to the source, or to what the cache holds.

        Args:
            inputs: `[B, T, D]`.
            positions: int32 `[T]`, or `[B, T]` of tokens that continue a cache.
            lengths: int32 `[B]`; no position attends to what is after the end. None: all S.
            source: `[B, S, C]` to attend to; None for the inputs themselves.
            cache: keys and values of earlier calls. An empty one is filled with those of
                this call. Of causal attention, the cache is written at `positions`, which
                follow one another, and read up to each; of attention to a source, it is
                read as it is, and `source` is not needed.
            weights: whether to return the weights, which costs the memory of all of them.
        """
        query = self.query(inputs)
        if self.rotary:
            query = rotate(query, positions)
        kept = bool(cache)
        if kept and not self.causal:
            assert cache is not None
            key, value = cache["key"], cache["value"]
        else:
            read = inputs if source is None else source
            key, value = self.key(read), self.value(read)
            if self.rotary:
                key = rotate(key, positions)
        seen = None
        if kept and self.causal:
            assert cache is not None
            key = _written(cache["key"], key, positions)
            value = _written(cache["value"], value, positions)
            seen = jnp.arange(key.shape[1]) <= positions[..., None]
        elif weights:
            seen = _seen(query.shape[1], key.shape[1], lengths, causal=self.causal)
        distribution = None
        if weights:
            distribution = _distribution(query, key, seen)
            attended = _averaged(distribution, value)
        else:
            attended = ops.attention(
                query, key, value, causal=self.causal and not kept, lengths=lengths, seen=seen
            )
        output = self.output(attended)
        return Attended(
            output, None if cache is None else {"key": key, "value": value}, distribution
        )


def _written(
    kept: Float[Array, "B S G E"], new: Float[Array, "B T G E"], positions: Int[Array, "B T"]
) -> Float[Array, "B S G E"]:
    """The cache with the new rows at the positions of each sequence."""

    def one(kept: jax.Array, new: jax.Array, first: jax.Array) -> jax.Array:
        return jax.lax.dynamic_update_slice_in_dim(kept, new.astype(kept.dtype), first, axis=0)

    return jax.vmap(one)(kept, new, positions[:, 0])


def _seen(
    queries: int, keys: int, lengths: Int[Array, " B"] | None, *, causal: bool
) -> Bool[Array, "B T S"]:
    """Which keys a query may see, `[B or 1, T, S]`."""
    seen = jnp.ones((1, queries, keys), bool)
    if causal:
        seen = jnp.tril(seen)
    if lengths is not None:
        seen = seen & (jnp.arange(keys) < lengths[:, None])[:, None]
    return seen


def _distribution(
    query: Float[Array, "B T N E"], key: Float[Array, "B S G E"], seen: Bool[Array, "#B T S"] | None
) -> Float[Array, "B N T S"]:
    query, key = query.astype(jnp.float32), key.astype(jnp.float32)
    key = jnp.repeat(key, query.shape[2] // key.shape[2], axis=2)
    scores = jnp.einsum("btne,bsne->bnts", query, key) / query.shape[-1] ** 0.5
    if seen is not None:
        scores = jnp.where(seen[:, None], scores, _LOWEST)
    return jax.nn.softmax(scores, axis=-1)


def _averaged(
    weights: Float[Array, "B N T S"], value: Float[Array, "B S G E"]
) -> Float[Array, "B T N E"]:
    repeated = jnp.repeat(value, weights.shape[1] // value.shape[2], axis=2)
    return jnp.einsum("bnts,bsne->btne", weights.astype(value.dtype), repeated)
