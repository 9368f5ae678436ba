"""A small CNN: two 3x3 convolutions, each pooled, and two dense layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import jax
from flax import nnx

from benchmarks.contest import Work
from benchmarks.models import start, steps
from research.models import Network
from research.models.blocks import max_pool
from research.models.convolution import Conv
from research.tasks import Classification


class SmallCNN(nnx.Module):
    """Images `[B, S, S, 1]` to ten logits, of whose convolution and pooling it is given."""

    def __init__(
        self,
        side: int,
        channels: Sequence[int],
        hidden: int,
        *,
        conv: type[nnx.Conv],
        pool: Callable[[jax.Array], jax.Array],
        rngs: nnx.Rngs,
    ) -> None:
        self.pool = pool
        self.convolutions = nnx.List(
            [conv(a, b, (3, 3), rngs=rngs) for a, b in pairwise((1, *channels))]
        )
        flat = (side // 2 ** len(channels)) ** 2 * channels[-1]
        self.dense = nnx.Linear(flat, hidden, rngs=rngs)
        self.readout = nnx.Linear(hidden, 10, rngs=rngs)

    def __call__(
        self, inputs: jax.Array, *, train: bool = False, rngs: Any = None
    ) -> dict[str, jax.Array]:
        for convolution in self.convolutions:
            inputs = self.pool(nnx.relu(convolution(inputs)))
        hidden = nnx.relu(self.dense(inputs.reshape(len(inputs), -1)))
        return {"logits": self.readout(hidden)}


def our_network(
    *, side: int = 28, channels: Sequence[int] = (32, 64), hidden: int = 128
) -> Network:
    """Of our layers."""
    return Network.from_nnx(
        lambda rngs: SmallCNN(
            side,
            channels,
            hidden,
            conv=Conv,
            pool=lambda images: max_pool(images, 2, stride=2),
            rngs=rngs,
        )
    )


def ours(*, batch: int, side: int = 28, losses: int = start.LOSSES, **sizes: Any) -> Work:
    task = Classification(network=our_network(side=side, **sizes), optimizer=steps.adam())
    return steps.ours(task, start.images(batch, side=side, channels=1), losses=losses)


def plain(
    *,
    batch: int,
    side: int = 28,
    channels: Sequence[int] = (32, 64),
    hidden: int = 128,
    losses: int = start.LOSSES,
) -> Work:
    module = SmallCNN(
        side,
        channels,
        hidden,
        conv=nnx.Conv,
        pool=lambda images: nnx.max_pool(images, (2, 2), (2, 2)),
        rngs=nnx.Rngs(0),
    )
    return steps.plain(
        module,
        lambda module, batch: steps.cross_entropy(
            module(batch["inputs"])["logits"], batch["labels"]
        ),
        start.images(batch, side=side, channels=1),
        losses=losses,
    )
