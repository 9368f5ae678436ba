"""Random changes of token sequences `[B, T]`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp

from research.arguments import require


class MaskedTokens(NamedTuple):
    """What a masked language model reads, and what it has to find.

    Attributes:
        inputs: `[B, T]`, the changed tokens.
        targets: `[B, T]`, the tokens as they were.
        chosen: bool `[B, T]`, the positions whose tokens are to be predicted: the loss's
            weights.
    """

    inputs: jax.Array
    targets: jax.Array
    chosen: jax.Array


def mask_tokens(
    keys: jax.Array,
    tokens: jax.Array,
    *,
    mask: int,
    vocabulary: int,
    rate: float = 0.15,
    protected: Sequence[int] = (),
) -> MaskedTokens:
    """Chooses tokens to predict; of these 80 % become `mask`, 10 % a random token.

    The other 10 % stay. Devlin et al., "BERT: Pre-training of Deep Bidirectional
    Transformers" (2019), section 3.1. Each position is chosen independently.

    Args:
        keys: typed PRNG keys `[B]`.
        tokens: int `[B, T]`.
        mask: the token [MASK].
        vocabulary: the number of tokens; random ones are any of 0 to `vocabulary - 1`.
        rate: the share of positions to choose.
        protected: tokens never to choose, such as padding and separators.

    Raises:
        ArgumentError: when the rate is not a probability or `mask` not in the vocabulary.
    """
    require(0 <= rate <= 1, f"rate is {rate}, expected 0 to 1")
    require(0 <= mask < vocabulary, f"mask is {mask}, expected 0 to {vocabulary - 1}")
    free = _free(tokens, protected)

    def one(key: jax.Array, row: jax.Array, free: jax.Array) -> tuple[jax.Array, jax.Array]:
        of_choice, of_kind, of_token = jax.random.split(key, 3)
        chosen = jax.random.bernoulli(of_choice, rate, row.shape) & free
        kind = jax.random.uniform(of_kind, row.shape)
        other = jax.random.randint(of_token, row.shape, 0, vocabulary, row.dtype)
        changed = jnp.where(kind < 0.8, jnp.asarray(mask, row.dtype), other)
        return jnp.where(chosen & (kind < 0.9), changed, row), chosen

    inputs, chosen = jax.vmap(one)(keys, tokens, free)
    return MaskedTokens(inputs, tokens, chosen)


def drop_tokens(
    keys: jax.Array,
    tokens: jax.Array,
    *,
    rate: float,
    replacement: int,
    protected: Sequence[int] = (),
) -> jax.Array:
    """Replaces each token with probability `rate`: word dropout.

    Dai and Le, "Semi-supervised Sequence Learning" (2015); Bowman et al., "Generating
    Sentences from a Continuous Space" (2016), with the token for unknown words.

    Args:
        keys: typed PRNG keys `[B]`.
        tokens: int `[B, T]`.
        rate: of replacement.
        replacement: the token that stands for what was dropped.
        protected: tokens never to drop.

    Returns:
        `[B, T]`.

    Raises:
        ArgumentError: when the rate is not a probability.
    """
    require(0 <= rate <= 1, f"rate is {rate}, expected 0 to 1")
    dropped = jax.vmap(lambda key: jax.random.bernoulli(key, rate, tokens.shape[1:]))(keys)
    return jnp.where(
        dropped & _free(tokens, protected), jnp.asarray(replacement, tokens.dtype), tokens
    )


def _free(tokens: jax.Array, protected: Sequence[int]) -> jax.Array:
    return ~jnp.isin(tokens, jnp.asarray(protected, tokens.dtype))
