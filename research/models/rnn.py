"""Recurrent networks: stacked, in one or both directions, over sequences of any length."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from research.arguments import require
from research.models.cells import Cell, LSTMCell
from research.models.embedding import Embedding
from research.models.pooling import AttentionPool, mean_pool
from research.models.random import Dropout
from research.models.sequences import Sequences, reverse, within

# The scale that the cells' initialisers expect of an input.
_UNIT = nnx.initializers.normal(1.0)
_POOLINGS = ("mean", "last", "attention")


class RNN(nnx.Module):
    """Layers of recurrent cells.

    Padding never changes a result: the state stands still after a sequence's end, and the
    backward direction begins there.

    Args:
        features: width D of the input.
        hidden: width H of a layer's state, in each direction.
        layers: how many.
        cell: `LSTMCell`, `GRUCell`, `VanillaCell` or another `Cell`.
        bidirectional: whether each layer reads the sequence from both ends; its outputs are
            side by side, so 2 H wide.
        dropout: probability of dropping a layer's output, between layers.
        rngs: stream `params` for the initialisers.
    """

    def __init__(
        self,
        features: int,
        *,
        hidden: int,
        layers: int = 1,
        cell: type[Cell] = LSTMCell,
        bidirectional: bool = False,
        dropout: float = 0.0,
        rngs: nnx.Rngs,
    ) -> None:
        require(layers > 0, f"layers is {layers}, expected 1 or more")
        require(hidden > 0, f"hidden is {hidden}, expected a positive width")
        directions = ("forward", "backward") if bidirectional else ("forward",)
        self.width = hidden * len(directions)
        self.layers = nnx.List(
            [
                nnx.Dict({name: cell(size, hidden, rngs=rngs) for name in directions})
                for size in (features, *[self.width] * (layers - 1))
            ]
        )
        self.dropout = Dropout(dropout)

    def __call__(
        self,
        inputs: jax.Array,
        lengths: jax.Array,
        *,
        train: bool = False,
        rngs: nnx.Rngs | None = None,
    ) -> dict[str, jax.Array]:
        """Runs over the sequences.

        Args:
            inputs: float `[B, T, D]`.
            lengths: int32 `[B]`.
            train: whether to drop.
            rngs: for dropout.

        Returns:
            `outputs` `[B, T, W]` of the last layer, zero in the padding, and `last` `[B, W]`,
            what each direction had read its whole sequence for.
        """
        outputs = inputs
        for index, layer in enumerate(self.layers):
            if index:
                outputs = self.dropout(outputs, deterministic=not train, rngs=rngs)
            runs = [_run(layer["forward"], outputs, lengths)]
            if "backward" in layer:
                states, last = _run(layer["backward"], reverse(outputs, lengths), lengths)
                runs.append((reverse(states, lengths), last))
            outputs, last = (jnp.concatenate(parts, -1) for parts in zip(*runs, strict=True))
        return {"outputs": outputs, "last": last}


def _run(cell: Cell, inputs: jax.Array, lengths: jax.Array) -> tuple[jax.Array, jax.Array]:
    """All outputs `[B, T, H]`, zero after the end, and the last one before it `[B, H]`."""
    projected = cell.project(inputs).swapaxes(0, 1)
    valid = within(lengths, inputs.shape[1]).T[..., None]

    def step(carry: Any, at: tuple[jax.Array, jax.Array]) -> tuple[Any, jax.Array]:
        (state, last), (projected, valid) = carry, at
        moved, output = cell.step(state, projected)
        state, last = jax.tree.map(
            lambda new, old: jnp.where(valid, new, old), (moved, output), (state, last)
        )
        return (state, last), jnp.where(valid, output, 0)

    size, dtype = inputs.shape[0], projected.dtype
    start = (cell.start(size, dtype), jnp.zeros((size, cell.hidden), dtype))
    (_, last), outputs = jax.lax.scan(step, start, (projected, valid))
    return outputs.swapaxes(0, 1), last


class SequenceClassifier(nnx.Module):
    """A recurrent network over tokens or features, pooled, then a linear read-out.

    Inputs are what `Sequences.of` takes.

    Args:
        vocabulary: number V of token ids, for an embedding; None for features.
        features: width D of the embedding or of the features.
        hidden: see `RNN`.
        layers: see `RNN`.
        cell: see `RNN`.
        bidirectional: see `RNN`.
        pooling: "mean" over the outputs, the "last" state, or "attention".
        outputs: number K of classes.
        dropout: probability of dropping an embedded, hidden or pooled unit in training.
        padding: token id that fills up a sequence; None for none.
        rngs: stream `params` for the initialisers.
    """

    def __init__(
        self,
        *,
        vocabulary: int | None = None,
        features: int,
        hidden: int,
        layers: int = 1,
        cell: type[Cell] = LSTMCell,
        bidirectional: bool = False,
        pooling: str = "mean",
        outputs: int,
        dropout: float = 0.0,
        padding: int | None = 0,
        rngs: nnx.Rngs,
    ) -> None:
        require(
            pooling in _POOLINGS, f"pooling is {pooling!r}, expected one of {', '.join(_POOLINGS)}"
        )
        self.padding, self.pooling = padding, pooling
        self.embedding = (
            None
            if vocabulary is None
            else Embedding(vocabulary, features, embedding_init=_UNIT, rngs=rngs)
        )
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
        self.dropout = Dropout(dropout)
        self.readout = nnx.Linear(self.rnn.width, outputs, rngs=rngs)

    def __call__(
        self, inputs: Any, *, train: bool = False, rngs: nnx.Rngs | None = None
    ) -> dict[str, jax.Array]:
        """Maps sequences to `{"pooled": [B, W], "logits": [B, K]}`.

        With attention pooling also `attention` float32 `[B, T]`, the weight of each position.
        """
        sequences = Sequences.of(inputs, padding=self.padding)
        values, valid = sequences.values, sequences.valid
        if self.embedding is not None:
            require(values.ndim == 2, f"inputs are float {values.shape}, expected tokens [B, T]")
            values = self.embedding(values)
        require(values.ndim == 3, f"inputs are tokens {values.shape}, but vocabulary is None")
        values = self.dropout(values, deterministic=not train, rngs=rngs)
        states = self.rnn(values, sequences.lengths, train=train, rngs=rngs)
        outputs = {}
        if self.attention is not None:
            pooled, outputs["attention"] = self.attention(states["outputs"], valid)
        elif self.pooling == "mean":
            pooled = mean_pool(states["outputs"], valid)
        else:
            pooled = states["last"]
        dropped = self.dropout(pooled, deterministic=not train, rngs=rngs)
        return outputs | {"pooled": pooled, "logits": self.readout(dropped)}
