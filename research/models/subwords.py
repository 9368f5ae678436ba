"""Vectors of words that know how the word is spelt."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Int

from research.models.embedding import Embedding
from research.models.pooling import mean_pool


class SubwordEmbedding(nnx.Module):
    """A word's own vector plus the mean of its parts' vectors (Bojanowski et al., 2017).

    A word that the vocabulary doesn't have still has its parts.

    Args:
        vocabulary: number V of word ids.
        buckets: number of ids of parts; 0 fills up.
        width: D of a vector.
        embedding_init: of both tables.
        rngs: stream `params` for the initialiser.
    """

    def __init__(
        self,
        vocabulary: int,
        buckets: int,
        width: int,
        *,
        embedding_init: nnx.Initializer,
        rngs: nnx.Rngs,
    ) -> None:
        self.words = Embedding(vocabulary, width, embedding_init=embedding_init, rngs=rngs)
        self.parts = Embedding(buckets, width, embedding_init=embedding_init, rngs=rngs)

    def __call__(
        self, tokens: Int[Array, "B T"], parts: Int[Array, "B T S"]
    ) -> Float[Array, "B T D"]:
        """Vectors of words, from their ids and the ids of their parts."""
        own = self.words(tokens)
        shared = jax.vmap(mean_pool)(self.parts(parts), parts != 0)
        return jnp.asarray(own + shared)
