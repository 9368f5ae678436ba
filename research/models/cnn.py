"""Small convolutional network for images."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from flax import nnx
from jaxtyping import Array, Float

from research.arguments import require
from research.models.blocks import ConvNorm, max_pool, spatial_mean
from research.models.random import Dropout


class CNN(nnx.Module):
    """Stages of 3x3 convolutions, 2x2 max pooling between stages, mean over space.

    After VGG (Simonyan and Zisserman, 2015), with BatchNorm, and a mean where that has two
    wide layers.

    Args:
        image: height, width and channels of the input; height and width must be
            divisible by 2 as often as there are stages but one.
        channels: width of each stage.
        convolutions: in each stage; None for two in all of them.
        outputs: number K of classes.
        dropout: probability of dropping a feature in training.
        rngs: stream `params` for the initialisers.

    Raises:
        ArgumentError: for an image that can't be halved so often, or when `channels` and
            `convolutions` don't fit each other.
    """

    def __init__(
        self,
        image: tuple[int, int, int],
        *,
        channels: Sequence[int],
        convolutions: Sequence[int] | None = None,
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
        counts = (2,) * len(channels) if convolutions is None else tuple(convolutions)
        require(
            len(counts) == len(channels) and min(counts) > 0,
            f"convolutions are {counts}, expected {len(channels)} numbers above 0, one for each "
            "stage",
        )
        widths = (image[2], *channels)
        self.stages = nnx.List(
            [
                nnx.List([ConvNorm(c, b, rngs=rngs) for c in (a, *[b] * (count - 1))])
                for (a, b), count in zip(pairwise(widths), counts, strict=True)
            ]
        )
        self.dropout = Dropout(dropout)
        self.readout = nnx.Linear(widths[-1], outputs, rngs=rngs)

    def __call__(
        self,
        inputs: Float[Array, "*B H W C"],
        *,
        train: bool = False,
        rngs: nnx.Rngs | None = None,
    ) -> dict[str, Float[Array, "_ ..."]]:
        """Maps images to `features` `[*B, D]` and `logits` `[*B, K]`; `stage_1` on are images."""
        outputs = {}
        hidden = inputs
        for index, stage in enumerate(self.stages):
            if index:
                hidden = max_pool(hidden, 2, stride=2)
            for block in stage:
                hidden = block(hidden, train=train)
            outputs[f"stage_{index + 1}"] = hidden
        features = spatial_mean(hidden)
        dropped = self.dropout(features, deterministic=not train, rngs=rngs)
        return outputs | {"features": features, "logits": self.readout(dropped)}
