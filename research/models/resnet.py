"""Residual networks.

He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition" (2016).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from flax import nnx
from jaxtyping import Array, Float

from research.arguments import require
from research.models.blocks import ConvNorm, max_pool, spatial_mean
from research.models.stochastic_depth import StochasticDepth, depth_rates

# Blocks per stage, and whether they are bottlenecks: table 1 of the paper.
_DEPTHS = {18: ((2, 2, 2, 2), False), 34: ((3, 4, 6, 3), False), 50: ((3, 4, 6, 3), True)}
_EXPANSION = 4
_HE = nnx.initializers.variance_scaling(2.0, "fan_out", "normal")


class ResidualBlock(nnx.Module):
    """relu(branch(x) + shortcut(x)).

    The branch has two 3x3 convolutions, or, as a bottleneck, 1x1, 3x3 and 1x1 with four
    times the width. The stride is on the (first) 3x3 convolution. The shortcut is x itself,
    or where shapes differ a 1x1 convolution and norm (the paper's option B).

    Args:
        channels_in: of the input.
        width: of the 3x3 convolutions.
        stride: in both directions.
        bottleneck: which kind.
        zero_init: the branch's last norm begins with a scale of 0, so the block as
            relu(shortcut(x)) (Goyal et al., 2017).
        depth_rate: probability of skipping the branch in training.
        rngs: stream `params` for the initialisers.
    """

    def __init__(
        self,
        channels_in: int,
        width: int,
        *,
        stride: int = 1,
        bottleneck: bool = False,
        zero_init: bool = False,
        depth_rate: float = 0.0,
        rngs: nnx.Rngs,
    ) -> None:
        self.channels = width * (_EXPANSION if bottleneck else 1)
        # Kernel, stride and width of each convolution.
        plan = (
            [(1, 1, width), (3, stride, width), (1, 1, self.channels)]
            if bottleneck
            else [(3, stride, width), (3, 1, width)]
        )
        branch = []
        channels = channels_in
        for index, (kernel, step, channels_out) in enumerate(plan):
            last = index == len(plan) - 1
            branch.append(
                ConvNorm(
                    channels,
                    channels_out,
                    kernel=kernel,
                    stride=step,
                    activation=None if last else "relu",
                    initializer=_HE,
                    scale_initializer=(
                        nnx.initializers.zeros if last and zero_init else nnx.initializers.ones
                    ),
                    rngs=rngs,
                )
            )
            channels = channels_out
        self.branch = nnx.List(branch)
        self.projected = stride != 1 or channels_in != self.channels
        if self.projected:
            self.shortcut = ConvNorm(
                channels_in,
                self.channels,
                kernel=1,
                stride=stride,
                activation=None,
                initializer=_HE,
                rngs=rngs,
            )
        self.depth = StochasticDepth(depth_rate)

    def __call__(
        self, inputs: Float[Array, "*B H W C"], *, train: bool, rngs: nnx.Rngs | None = None
    ) -> Float[Array, "*B h w D"]:
        """Maps images to images."""
        hidden = inputs
        for layer in self.branch:
            hidden = layer(hidden, train=train)
        hidden = self.depth(hidden, deterministic=not train, rngs=rngs)
        shortcut = self.shortcut(inputs, train=train) if self.projected else inputs
        return nnx.relu(hidden + shortcut)


class ResNet(nnx.Module):
    """A stem, stages of residual blocks, mean over space, linear read-out.

    All stages but the first begin with a stride of 2. `ResNet.cifar` and `ResNet.imagenet`
    are the paper's sizes.

    Args:
        channels_in: of the images.
        blocks: how many in each stage.
        widths: of each stage.
        bottleneck: which kind of blocks.
        stem: "3x3", one convolution; "7x7", with a stride of 2 and then 3x3 max pooling
            with a stride of 2, for images of more than 100 pixels.
        outputs: number K of classes.
        zero_init: see `ResidualBlock`.
        depth_rate: probability of skipping the last block's branch in training; the blocks
            before it linearly less.
        rngs: stream `params` for the initialisers.

    Raises:
        ArgumentError: when `blocks` and `widths` don't fit each other.
    """

    def __init__(
        self,
        channels_in: int,
        *,
        blocks: Sequence[int],
        widths: Sequence[int],
        outputs: int,
        bottleneck: bool = False,
        stem: Literal["3x3", "7x7"] = "3x3",
        zero_init: bool = True,
        depth_rate: float = 0.0,
        rngs: nnx.Rngs,
    ) -> None:
        require(
            len(blocks) == len(widths) > 0,
            f"found {len(blocks)} numbers of blocks and {len(widths)} widths, expected one of "
            "each for every stage",
        )
        require(stem in ("3x3", "7x7"), f"stem is {stem!r}, expected 3x3 or 7x7")
        self.large = stem == "7x7"
        self.stem = ConvNorm(
            channels_in,
            widths[0],
            kernel=7 if self.large else 3,
            stride=2 if self.large else 1,
            initializer=_HE,
            rngs=rngs,
        )
        rates = iter(depth_rates(depth_rate, sum(blocks)))
        channels = widths[0]
        stages = []
        for index, (count, width) in enumerate(zip(blocks, widths, strict=True)):
            stage = []
            for position in range(count):
                stage.append(
                    ResidualBlock(
                        channels,
                        width,
                        stride=2 if index and position == 0 else 1,
                        bottleneck=bottleneck,
                        zero_init=zero_init,
                        depth_rate=next(rates),
                        rngs=rngs,
                    )
                )
                channels = stage[-1].channels
            stages.append(nnx.List(stage))
        self.stages = nnx.List(stages)
        self.readout = nnx.Linear(channels, outputs, rngs=rngs)

    @classmethod
    def cifar(
        cls,
        channels_in: int,
        *,
        depth: int = 20,
        width: int = 16,
        outputs: int,
        zero_init: bool = True,
        depth_rate: float = 0.0,
        rngs: nnx.Rngs,
    ) -> ResNet:
        """For small images: depth 6n + 2 in three stages of n blocks (section 4.2).

        Args:
            channels_in: of the images.
            depth: 8, 14, 20, 32, 44, 56, 110: layers with weights along the longest path.
            width: of the first stage; it doubles twice.
            outputs: number K of classes.
            zero_init: see `ResidualBlock`.
            depth_rate: see `ResNet`.
            rngs: stream `params` for the initialisers.

        Raises:
            ArgumentError: for another depth.
        """
        require(
            depth >= 8 and (depth - 2) % 6 == 0,
            f"depth is {depth}, expected 6n + 2: 8, 14, 20, 26, 32, ...",
        )
        return cls(
            channels_in,
            blocks=[(depth - 2) // 6] * 3,
            widths=(width, 2 * width, 4 * width),
            outputs=outputs,
            zero_init=zero_init,
            depth_rate=depth_rate,
            rngs=rngs,
        )

    @classmethod
    def imagenet(
        cls,
        channels_in: int = 3,
        *,
        depth: int = 50,
        outputs: int = 1000,
        stem: Literal["3x3", "7x7"] = "7x7",
        zero_init: bool = True,
        depth_rate: float = 0.0,
        rngs: nnx.Rngs,
    ) -> ResNet:
        """ResNet-18, 34 or 50; stem "3x3" makes it one for small images.

        Args:
            channels_in: of the images.
            depth: 18, 34, or 50 (with bottlenecks).
            outputs: number K of classes.
            stem: see `ResNet`.
            zero_init: see `ResidualBlock`.
            depth_rate: see `ResNet`.
            rngs: stream `params` for the initialisers.

        Raises:
            ArgumentError: for another depth.
        """
        require(depth in _DEPTHS, f"depth is {depth}, expected {', '.join(map(str, _DEPTHS))}")
        blocks, bottleneck = _DEPTHS[depth]
        return cls(
            channels_in,
            blocks=blocks,
            widths=(64, 128, 256, 512),
            bottleneck=bottleneck,
            stem=stem,
            outputs=outputs,
            zero_init=zero_init,
            depth_rate=depth_rate,
            rngs=rngs,
        )

    def __call__(
        self,
        inputs: Float[Array, "*B H W C"],
        *,
        train: bool = False,
        rngs: nnx.Rngs | None = None,
    ) -> dict[str, Float[Array, "_ ..."]]:
        """Maps images to `features` `[*B, D]` and `logits` `[*B, K]`; `stage_1` on are images."""
        outputs = {}
        hidden = self.stem(inputs, train=train)
        if self.large:
            hidden = max_pool(hidden, 3, stride=2, padding=1)
        for index, stage in enumerate(self.stages):
            for block in stage:
                hidden = block(hidden, train=train, rngs=rngs)
            outputs[f"stage_{index + 1}"] = hidden
        features = spatial_mean(hidden)
        return outputs | {"features": features, "logits": self.readout(features)}
