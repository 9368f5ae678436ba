"""From a sequence to classes or a number: embed, read, pool, read out."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

from research.arguments import require
from research.models.cells import Cell, LSTMCell
from research.models.embedding import Embedding
from research.models.pooling import AttentionPool, mean_pool
from research.models.random import Dropout
from research.models.rnn import RNN
from research.models.sequences import Sequences
from research.models.subwords import SubwordEmbedding

# The scale that the cells' initialisers expect of an input.
_UNIT = 1.0
_POOLINGS = ("mean", "last", "attention")


class SequenceClassifier(nnx.Module):
    """A recurrent network over tokens or features, pooled, then linear heads.

    Inputs are what `Sequences.of` takes; where the embedding knows the parts of words, int32
    `[B, T, 1 + S]`: each word's id, then those of its parts.

    Args:
        vocabulary: number V of token ids, for an embedding; None for features.
        buckets: number of ids of parts of words, see `SubwordEmbedding`; None for none.
        features: width D of the embedding or of the features.
        embedding_scale: standard deviation of an embedding's initial values.
        hidden: see `RNN`.
        layers: see `RNN`.
        cell: see `RNN`.
        bidirectional: see `RNN`.
        pooling: "mean" over the outputs, the "last" state, or "attention".
        outputs: number K of classes, or None for no `logits`.
        regression: whether there is a `mean`, too: the estimate of a number.
        dropout: probability of dropping an embedded, hidden or pooled unit in training.
        position_dropout: probability of dropping a whole position's input in training.
        padding: token id that fills up a sequence; None for none.
        rngs: stream `params` for the initialisers.
    """

    def __init__(
        self,
        *,
        vocabulary: int | None = None,
        buckets: int | None = None,
        features: int,
        embedding_scale: float = _UNIT,
        hidden: int,
        layers: int = 1,
        cell: type[Cell] = LSTMCell,
        bidirectional: bool = False,
        pooling: str = "mean",
        outputs: int | None,
        regression: bool = False,
        dropout: float = 0.0,
        position_dropout: float = 0.0,
        padding: int | None = 0,
        rngs: nnx.Rngs,
    ) -> None:
        require(
            pooling in _POOLINGS, f"pooling is {pooling!r}, expected one of {', '.join(_POOLINGS)}"
        )
        require(
            outputs is not None or regression, "outputs is None without regression: nothing to say"
        )
        require(
            buckets is None or vocabulary is not None, "buckets needs a vocabulary: parts of what?"
        )
        self.padding, self.pooling = padding, pooling
        self.embedding = _embedding(vocabulary, buckets, features, embedding_scale, rngs)
        self.rnn = RNN(
            features,
            hidden=hidden,
            layers=layers,
            cell=cell,
            bidirectional=bidirectional,
            dropout=dropout,
            rngs=rngs,
        )
        self.attention = (
            AttentionPool(self.rnn.width, rngs=rngs) if pooling == "attention" else None
        )
        self.dropout, self.position_dropout = Dropout(dropout), Dropout(position_dropout)
        width = self.rnn.width
        self.readout = None if outputs is None else nnx.Linear(width, outputs, rngs=rngs)
        self.mean = nnx.Linear(width, 1, rngs=rngs) if regression else None

    def __call__(
        self, inputs: Any, *, train: bool = False, rngs: nnx.Rngs | None = None
    ) -> dict[str, Float[Array, "B ..."]]:
        """Maps sequences to named outputs.

        Returns:
            `logits` `[B, K]` and `mean` `[B]`, as far as there are such heads; `features`
            `[B, W]` before them; `states` `[B, T, W]` of the recurrent network; with attention
            pooling `attention` float32 `[B, T]`, the weight of each position.
        """
        sequences, values = self._read(inputs)
        positions = jnp.ones_like(values[..., :1])
        values *= self.position_dropout(positions, deterministic=not train, rngs=rngs)
        values = self.dropout(values, deterministic=not train, rngs=rngs)
        states = self.rnn(values, sequences.lengths, train=train, rngs=rngs)
        outputs = {"states": states["outputs"]}
        if self.attention is not None:
            pooled, outputs["attention"] = self.attention(states["outputs"], sequences.valid)
        elif self.pooling == "mean":
            pooled = mean_pool(states["outputs"], sequences.valid)
        else:
            pooled = states["last"]
        outputs["features"] = pooled
        dropped = self.dropout(pooled, deterministic=not train, rngs=rngs)
        if self.readout is not None:
            outputs["logits"] = self.readout(dropped)
        if self.mean is not None:
            outputs["mean"] = self.mean(dropped)[..., 0]
        return outputs

    def _read(self, inputs: Any) -> tuple[Sequences, jax.Array]:
        """Lengths and the recurrent network's inputs `[B, T, D]`."""
        if isinstance(self.embedding, SubwordEmbedding):
            shape = jnp.shape(inputs)
            require(
                len(shape) == 3 and jnp.issubdtype(inputs.dtype, jnp.integer),
                f"inputs are {inputs.dtype} {shape}, expected int [B, T, 1 + S]: words and parts",
            )
            sequences = Sequences.of(inputs[..., 0], padding=self.padding)
            return sequences, self.embedding(sequences.values, jnp.asarray(inputs[..., 1:]))
        sequences = Sequences.of(inputs, padding=self.padding)
        values = sequences.values
        if self.embedding is None:
            require(values.ndim == 3, f"inputs are tokens {values.shape}, but vocabulary is None")
            return sequences, values
        require(values.ndim == 2, f"inputs are float {values.shape}, expected tokens [B, T]")
        return sequences, self.embedding(values)


def _embedding(
    vocabulary: int | None, buckets: int | None, width: int, scale: float, rngs: nnx.Rngs
) -> Embedding | SubwordEmbedding | None:
    normal = nnx.initializers.normal(scale)
    if vocabulary is None:
        return None
    if buckets is None:
        return Embedding(vocabulary, width, embedding_init=normal, rngs=rngs)
    return SubwordEmbedding(vocabulary, buckets, width, embedding_init=normal, rngs=rngs)
