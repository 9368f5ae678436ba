"""A small MLP: 100 features, two layers of 64, ten classes."""

from __future__ import annotations

from collections.abc import Sequence

import jax
from flax import nnx

from benchmarks.contest import Work
from benchmarks.models import start, steps
from research.models import MLP, Network
from research.tasks import Classification


def ours(
    *,
    batch: int,
    features: int = 100,
    hidden: Sequence[int] = (64, 64),
    count: int = 1,
    losses: int = start.LOSSES,
) -> Work:
    network = Network.from_nnx(
        lambda rngs: MLP(features, hidden=hidden, outputs=10, rngs=rngs), outputs=("logits",)
    )
    task = Classification(network=network, optimizer=steps.adam())
    return steps.ours(task, start.features(batch, features), steps=count, losses=losses)


class PlainMLP(nnx.Module):
    """The same in flax's layers."""

    def __init__(self, features: int, hidden: Sequence[int], *, rngs: nnx.Rngs) -> None:
        widths = (features, *hidden)
        self.layers = nnx.List(
            [nnx.Linear(a, b, rngs=rngs) for a, b in zip(widths, hidden, strict=False)]
        )
        self.readout = nnx.Linear(widths[-1], 10, rngs=rngs)

    def __call__(self, inputs: jax.Array) -> jax.Array:
        for layer in self.layers:
            inputs = nnx.gelu(layer(inputs))
        return self.readout(inputs)


def plain(
    *,
    batch: int,
    features: int = 100,
    hidden: Sequence[int] = (64, 64),
    count: int = 1,
    losses: int = start.LOSSES,
) -> Work:
    return steps.plain(
        PlainMLP(features, hidden, rngs=nnx.Rngs(0)),
        lambda module, batch: steps.cross_entropy(module(batch["inputs"]), batch["labels"]),
        start.features(batch, features),
        steps=count,
        losses=losses,
    )
