"""Networks of depthwise separable convolutions: few parameters, few products.

Howard et al., "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision
Applications" (2017).
"""

from __future__ import annotations

from collections.abc import Sequence

from flax import nnx
from jaxtyping import Array, Float

from research.arguments import require
from research.models.blocks import ConvNorm, spatial_mean
from research.models.random import Dropout


class SeparableBlock(nnx.Module):
    """A 3x3 convolution within each channel, then a 1x1 convolution across channels.

    Each is followed by BatchNorm and min(relu(x), 6). It costs 1/D + 1/9 of the products of
    a full 3x3 convolution to D channels.

    Args:
        channels_in: of the input.
        channels_out: of the output.
        stride: of the convolution within channels.
        rngs: stream `params` for the initialisers.
    """

    def __init__(
        self, channels_in: int, channels_out: int, *, stride: int = 1, rngs: nnx.Rngs
    ) -> None:
        self.depthwise = ConvNorm(
            channels_in,
            channels_in,
            stride=stride,
            groups=channels_in,
            activation="relu6",
            rngs=rngs,
        )
        self.pointwise = ConvNorm(
            channels_in, channels_out, kernel=1, activation="relu6", rngs=rngs
        )

    def __call__(
        self, inputs: Float[Array, "*B H W C"], *, train: bool
    ) -> Float[Array, "*B h w D"]:
        """Maps images to images."""
        return self.pointwise(self.depthwise(inputs, train=train), train=train)


class SeparableCNN(nnx.Module):
    """A 3x3 convolution, separable blocks, mean over space, linear read-out.

    Args:
        channels_in: of the images.
        stem: channels of the first convolution.
        widths: channels of each block.
        strides: of each block, 1 or 2.
        outputs: number K of classes.
        stem_stride: of the first convolution; MobileNet has 2.
        dropout: probability of dropping a feature in training.
        rngs: stream `params` for the initialisers.

    Raises:
        ArgumentError: when `widths` and `strides` don't fit each other.
    """

    def __init__(
        self,
        channels_in: int,
        *,
        stem: int = 32,
        widths: Sequence[int] = (64, 128, 128, 256, 256),
        strides: Sequence[int] = (1, 2, 1, 2, 1),
        outputs: int,
        stem_stride: int = 1,
        dropout: float = 0.0,
        rngs: nnx.Rngs,
    ) -> None:
        require(
            len(widths) == len(strides) > 0,
            f"found {len(widths)} widths and {len(strides)} strides, expected one of each for "
            "every block",
        )
        self.stem = ConvNorm(channels_in, stem, stride=stem_stride, activation="relu6", rngs=rngs)
        channels = (stem, *widths)
        self.blocks = nnx.List(
            [
                SeparableBlock(a, b, stride=stride, rngs=rngs)
                for a, b, stride in zip(channels[:-1], widths, strides, strict=True)
            ]
        )
        self.dropout = Dropout(dropout)
        self.readout = nnx.Linear(channels[-1], outputs, rngs=rngs)

    def __call__(
        self,
        inputs: Float[Array, "*B H W C"],
        *,
        train: bool = False,
        rngs: nnx.Rngs | None = None,
    ) -> dict[str, Float[Array, "_ ..."]]:
        """Maps images to `features` `[*B, D]` and `logits` `[*B, K]`; `block_1` on are images."""
        outputs = {}
        hidden = self.stem(inputs, train=train)
        for index, block in enumerate(self.blocks):
            hidden = block(hidden, train=train)
            outputs[f"block_{index + 1}"] = hidden
        features = spatial_mean(hidden)
        dropped = self.dropout(features, deterministic=not train, rngs=rngs)
        return outputs | {"features": features, "logits": self.readout(dropped)}
