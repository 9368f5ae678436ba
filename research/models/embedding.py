"""A table of vectors, one per token."""

from __future__ import annotations

from flax import nnx

_NORMAL = nnx.initializers.normal(0.02)


class Embedding(nnx.Embed):
    """Vectors of tokens, in the type that the table has when called.

    Maps tokens int32 `[...]` to `[..., D]`; `attend` maps `[..., D]` to its products `[..., V]`
    with all vectors, a tied read-out.

    `nnx.Embed` computes in the type that its table was made in, so a network with it would
    compute in float32 whatever its `Precision`.

    Args:
        vocabulary: number V of token ids.
        width: D of a vector.
        embedding_init: of `embedding` `[V, D]`; a normal distribution of deviation 0.02 as
            in GPT-2.
        rngs: stream `params` for the initialiser.
    """

    def __init__(
        self,
        vocabulary: int,
        width: int,
        *,
        embedding_init: nnx.Initializer = _NORMAL,
        rngs: nnx.Rngs,
    ) -> None:
        super().__init__(vocabulary, width, embedding_init=embedding_init, rngs=rngs)
        self.dtype = None
