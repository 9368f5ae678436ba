"""Self-attention with grouped queries, and rotary positions."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import nnx

from research.arguments import require


class Attention(nnx.Module):
    """Multi-head self-attention (Vaswani et al., 2017) with grouped queries.

    softmax(Q K^T / sqrt(E) + mask) V per head of width E; the heads of a group share keys
    and values (Ainslie et al., "GQA", 2023). The softmax is in float32.

    Args:
        width: D, of the input and the output; E = D / heads.
        heads: of the queries.
        key_value_heads: groups; None for as many as heads.
        causal: whether a position attends to itself and earlier ones only.
        rotary: whether queries and keys are rotated by their position.
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
        self.query = nnx.LinearGeneral(width, (heads, size), use_bias=False, rngs=rngs)
        self.key = nnx.LinearGeneral(width, (groups, size), use_bias=False, rngs=rngs)
        self.value = nnx.LinearGeneral(width, (groups, size), use_bias=False, rngs=rngs)
        self.output = nnx.LinearGeneral(
            (heads, size), width, axis=(-2, -1), use_bias=False, kernel_init=output_init, rngs=rngs
        )

    def __call__(
        self, inputs: jax.Array, positions: jax.Array, lengths: jax.Array | None = None
    ) -> jax.Array:
        """Maps `[B, T, D]` to the same shape.

        Args:
            inputs: `[B, T, D]`.
            positions: int32 `[T]`.
            lengths: int32 `[B]`; no position attends to what is after the end. None: all T.
        """
        query, key, value = self.query(inputs), self.key(inputs), self.value(inputs)
        if self.rotary:
            query, key = rotate(query, positions), rotate(key, positions)
        dtype = query.dtype
        if dtype == jnp.float16 and jax.default_backend() != "gpu":
            # jax asks for a product of float16 summed in float32, which only GPUs have.
            query, key, value = (part.astype(jnp.float32) for part in (query, key, value))
        attended = jax.nn.dot_product_attention(
            query, key, value, is_causal=self.causal, key_value_seq_lengths=lengths
        )
        return self.output(attended.astype(dtype))


def rotate(heads: jax.Array, positions: jax.Array, *, base: float = 10_000.0) -> jax.Array:
    """Rotary position embedding (Su et al., "RoFormer", 2021).

    The pair (x_k, x_{k + E/2}) at position p is turned by the angle p base^(-2k/E), so that
    a dot product of two heads depends on the distance of their positions. The halves are
    paired as in GPT-NeoX and LLaMA's released weights.

    Args:
        heads: `[B, T, N, E]`, E even.
        positions: int32 `[T]`.
        base: of the wavelengths.
    """
    half = heads.shape[-1] // 2
    # In float32: bfloat16 can't tell position 256 from 257.
    frequencies = base ** (-jnp.arange(half, dtype=jnp.float32) / half)
    angles = positions.astype(jnp.float32)[:, None, None] * frequencies
    cosine, sine = jnp.cos(angles), jnp.sin(angles)
    first, second = jnp.split(heads.astype(jnp.float32), 2, axis=-1)
    turned = [first * cosine - second * sine, second * cosine + first * sine]
    return jnp.concatenate(turned, axis=-1).astype(heads.dtype)
