"""Where a token stands: rotary and sinusoidal positions. Learned ones are an `Embedding`."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float, Int


def rotate(
    heads: Float[Array, "*B T N E"], positions: Int[Array, "*P T"], *, base: float = 10_000.0
) -> Float[Array, "*B T N E"]:
    """Rotary position embedding (Su et al., "RoFormer", 2021).

    The pair (x_k, x_{k + E/2}) at position p is turned by the angle p base^(-2k/E), so that
    a dot product of two heads depends on the distance of their positions. The halves are
    paired as in GPT-NeoX and LLaMA's released weights.

    Args:
        heads: `[B, T, N, E]`, E even.
        positions: int32 `[T]`, or `[B, T]` where the sequences stand at different ones.
        base: of the wavelengths.
    """
    half = heads.shape[-1] // 2
    # In float32: bfloat16 can't tell position 256 from 257.
    frequencies = base ** (-jnp.arange(half, dtype=jnp.float32) / half)
    angles = positions.astype(jnp.float32)[..., None, None] * frequencies
    cosine, sine = jnp.cos(angles), jnp.sin(angles)
    first, second = jnp.split(heads.astype(jnp.float32), 2, axis=-1)
    turned = [first * cosine - second * sine, second * cosine + first * sine]
    return jnp.concatenate(turned, axis=-1).astype(heads.dtype)


def sinusoids(
    positions: Int[Array, "*P"], width: int, *, base: float = 10_000.0
) -> Float[Array, "*P D"]:
    """Sinusoidal positions (Vaswani et al., "Attention Is All You Need", 2017), float32.

    sin(p base^(-2k/D)) for k < D/2, then the cosines of the same angles; the paper has them
    in turn, which is the same up to the order of the columns.

    Args:
        positions: int32, of any shape.
        width: D, even.
        base: of the wavelengths.
    """
    half = width // 2
    frequencies = base ** (-jnp.arange(half, dtype=jnp.float32) / half)
    angles = positions.astype(jnp.float32)[..., None] * frequencies
    return jnp.concatenate([jnp.sin(angles), jnp.cos(angles)], axis=-1)


def following(start: Int[Array, " B"], count: int) -> Int[Array, "B T"]:
    """Positions `[B, T]` of T = `count` tokens, of which the first stands at `start` `[B]`."""
    return start[:, None] + jnp.arange(count)
