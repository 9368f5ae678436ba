"""Small convolutional network for images."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import jax
import jax.numpy as jnp
from flax import nnx

from research.arguments import require
from research.models.norm import BatchNorm
from research.models.random import Dropout


class ConvBlock(nnx.Module):
    """Convolution 3x3, BatchNorm, ReLU."""

    def __init__(self, channels_in: int, channels_out: int, *, rngs: nnx.Rngs) -> None:
        self.convolution = nnx.Conv(
            channels_in, channels_out, (3, 3), padding="SAME", use_bias=False, rngs=rngs
        )
        self.norm = BatchNorm(channels_out, momentum=0.9, rngs=rngs)

    def __call__(self, inputs: jax.Array, *, train: bool) -> jax.Array:
        """Maps `[B, H, W, Cin]` to `[B, H, W, Cout]`."""
        return nnx.relu(self.norm(self.convolution(inputs), use_running_average=not train))


class CNN(nnx.Module):
    """Stages of two 3x3 convolutions, 2x2 max pooling between stages, mean over space.

    Args:
        image: height, width and channels of the input; height and width must be
            divisible by 2 as often as there are stages but one.
        channels: width of each stage.
        outputs: number K of classes.
        dropout: probability of dropping a pooled feature in training.
        rngs: stream `params` for the initialisers.
    """

    def __init__(
        self,
        image: tuple[int, int, int],
        *,
        channels: Sequence[int],
        outputs: int,
        dropout: float = 0.0,
        rngs: nnx.Rngs,
    ) -> None:
        divisor = 2 ** (len(channels) - 1)
        require(
            image[0] % divisor == image[1] % divisor == 0,
            f"{len(channels)} stages need height and width divisible by {divisor}, "
            f"found {image[0]}x{image[1]}: use fewer stages or pad the images",
        )
        widths = (image[2], *channels)
        self.stages = nnx.List(
            [
                nnx.List([ConvBlock(a, b, rngs=rngs), ConvBlock(b, b, rngs=rngs)])
                for a, b in pairwise(widths)
            ]
        )
        self.dropout = Dropout(dropout)
        self.readout = nnx.Linear(widths[-1], outputs, rngs=rngs)

    def __call__(
        self, inputs: jax.Array, *, train: bool = False, rngs: nnx.Rngs | None = None
    ) -> dict[str, jax.Array]:
        """Maps float32 `[..., H, W, C]` to `{"pooled": [..., D], "logits": [..., K]}`."""
        hidden = inputs
        for index, stage in enumerate(self.stages):
            if index:
                hidden = max_pool_2x2(hidden)
            for block in stage:
                hidden = block(hidden, train=train)
        pooled = hidden.mean(axis=(-3, -2))
        dropped = self.dropout(pooled, deterministic=not train, rngs=rngs)
        return {"pooled": pooled, "logits": self.readout(dropped)}


def max_pool_2x2(images: jax.Array) -> jax.Array:
    """Maximum over non-overlapping 2x2 windows: `[..., H, W, C]` to `[..., H/2, W/2, C]`."""
    # Strided slices: on a CPU the gradient of `reduce_window` costs more than
    # all the convolutions of a small network together.
    rows = jnp.maximum(images[..., 0::2, :, :], images[..., 1::2, :, :])
    return jnp.maximum(rows[..., 0::2, :], rows[..., 1::2, :])
