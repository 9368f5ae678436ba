"""Recurrent networks that read features step by step and classify by the last state."""

from __future__ import annotations

from typing import Any

import jax
from flax import nnx

from benchmarks.contest import Work
from benchmarks.models import start, steps
from research.models import Cell, GRUCell, LSTMCell, Network, SequenceClassifier, VanillaCell
from research.tasks import Classification

CELLS: dict[str, type[Cell]] = {"rnn": VanillaCell, "lstm": LSTMCell, "gru": GRUCell}
# The same matrices side by side; the LSTM's only bias is with the states here.
_NAMES = {
    "rnn": {"dense_i": "input", "dense_h": "recurrent"},
    "gru": {"dense_i": "input", "dense_h": "recurrent"},
    "lstm": {"dense_i": "input", "dense_h/bias": "input/bias", "dense_h": "recurrent"},
}


def ours(
    *,
    batch: int,
    cell: str,
    layers: int = 1,
    length: int = 100,
    features: int = 128,
    hidden: int = 256,
    losses: int = start.LOSSES,
) -> Work:
    network = Network.from_nnx(
        lambda rngs: SequenceClassifier(
            features=features,
            hidden=hidden,
            layers=layers,
            cell=CELLS[cell],
            pooling="last",
            outputs=10,
            rngs=rngs,
        ),
        outputs=("logits",),
    )
    task = Classification(network=network, optimizer=steps.adam())
    return steps.ours(task, start.features(batch, length, features), losses=losses)


class PlainRNN(nnx.Module):
    """`nnx.RNN` over flax's cells."""

    def __init__(
        self, cell: str, layers: int, features: int, hidden: int, *, rngs: nnx.Rngs
    ) -> None:
        cells: Any = {"rnn": nnx.SimpleCell, "lstm": nnx.OptimizedLSTMCell, "gru": nnx.GRUCell}
        self.layers: nnx.List[nnx.RNN] = nnx.List([])
        for width in (features, *[hidden] * (layers - 1)):
            made = cells[cell](width, hidden, rngs=rngs)
            if cell == "gru":  # with the second bias that cuDNN, PyTorch and Keras have
                made.dense_h = nnx.Linear(hidden, 3 * hidden, rngs=rngs)
            self.layers.append(nnx.RNN(made, rngs=False))
        self.readout = nnx.Linear(hidden, 10, rngs=rngs)

    def __call__(self, inputs: jax.Array) -> jax.Array:
        for layer in self.layers:
            start = layer.cell.initialize_carry(inputs[:, 0].shape, nnx.Rngs(0))
            inputs = layer(inputs, initial_carry=start)
        return self.readout(inputs[:, -1])


def plain(
    *,
    batch: int,
    cell: str,
    layers: int = 1,
    length: int = 100,
    features: int = 128,
    hidden: int = 256,
    losses: int = start.LOSSES,
) -> Work:
    return steps.plain(
        PlainRNN(cell, layers, features, hidden, rngs=nnx.Rngs(0)),
        lambda module, batch: steps.cross_entropy(module(batch["inputs"]), batch["labels"]),
        start.features(batch, length, features),
        names={"layers": "rnn/layers", "/cell/": "/forward/", **_NAMES[cell]},
        losses=losses,
    )
