"""ConvNeXt: a convolutional network in the shape of a transformer.

Liu, Mao, Wu, Feichtenhofer, Darrell and Xie, "A ConvNet for the 2020s" (2022).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

from research.arguments import require
from research.models.blocks import spatial_mean
from research.models.convolution import Conv
from research.models.stochastic_depth import StochasticDepth, depth_rates

_INITIALIZER = nnx.initializers.truncated_normal(0.02)
_EPSILON = 1e-6
_EXPANSION = 4


class ConvNeXtBlock(nnx.Module):
    """x + depth(scale * mlp(norm(depthwise(x)))).

    A depthwise 7x7 convolution, LayerNorm over channels, two linear layers with GELU
    between them and four times the width, and a learned scale per channel.

    Args:
        width: channels in and out.
        layer_scale: with which the scale begins; None for no scale.
        depth_rate: probability of skipping the branch in training.
        rngs: stream `params` for the initialisers.
    """

    def __init__(
        self,
        width: int,
        *,
        layer_scale: float | None = 1e-6,
        depth_rate: float = 0.0,
        rngs: nnx.Rngs,
    ) -> None:
        self.depthwise = Conv(
            width,
            width,
            (7, 7),
            padding="SAME",
            feature_group_count=width,
            kernel_init=_INITIALIZER,
            rngs=rngs,
        )
        self.norm = nnx.LayerNorm(width, epsilon=_EPSILON, rngs=rngs)
        self.expand = nnx.Linear(width, _EXPANSION * width, kernel_init=_INITIALIZER, rngs=rngs)
        self.contract = nnx.Linear(_EXPANSION * width, width, kernel_init=_INITIALIZER, rngs=rngs)
        self.scaled = layer_scale is not None
        if layer_scale is not None:
            self.layer_scale = nnx.Param(jnp.full((width,), layer_scale, jnp.float32))
        self.depth = StochasticDepth(depth_rate)

    def __call__(
        self, inputs: Float[Array, "*B H W C"], *, train: bool, rngs: nnx.Rngs | None = None
    ) -> Float[Array, "*B H W C"]:
        """Maps images to images of the same shape."""
        hidden = self.expand(self.norm(self.depthwise(inputs)))
        # The exact function, as in the paper; flax's default is an approximation by tanh.
        hidden = self.contract(nnx.gelu(hidden, approximate=False))
        if self.scaled:
            hidden = hidden * self.layer_scale[...]
        return inputs + self.depth(hidden, deterministic=not train, rngs=rngs)


class ConvNeXt(nnx.Module):
    """Patches, stages of `ConvNeXtBlock` with a halving between them, mean over space, read-out.

    `blocks=(3, 3, 9, 3), widths=(96, 192, 384, 768), patch=4` is the paper's ConvNeXt-T.

    Args:
        channels_in: of the images.
        blocks: how many in each stage.
        widths: of each stage.
        outputs: number K of classes.
        patch: side of the patches that become the first stage's pixels; 2 for small images.
        layer_scale: see `ConvNeXtBlock`.
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
        patch: int = 4,
        layer_scale: float | None = 1e-6,
        depth_rate: float = 0.0,
        rngs: nnx.Rngs,
    ) -> None:
        require(
            len(blocks) == len(widths) > 0,
            f"found {len(blocks)} numbers of blocks and {len(widths)} widths, expected one of "
            "each for every stage",
        )
        rates = iter(depth_rates(depth_rate, sum(blocks)))
        self.stem = _patches(channels_in, widths[0], patch, rngs)
        self.stem_norm = nnx.LayerNorm(widths[0], epsilon=_EPSILON, rngs=rngs)
        self.halving_norms = nnx.List(
            [nnx.LayerNorm(width, epsilon=_EPSILON, rngs=rngs) for width in widths[:-1]]
        )
        self.halvings = nnx.List([_patches(a, b, 2, rngs) for a, b in pairwise(widths)])
        self.stages = nnx.List(
            [
                nnx.List(
                    [
                        ConvNeXtBlock(
                            width, layer_scale=layer_scale, depth_rate=next(rates), rngs=rngs
                        )
                        for _ in range(count)
                    ]
                )
                for count, width in zip(blocks, widths, strict=True)
            ]
        )
        self.norm = nnx.LayerNorm(widths[-1], epsilon=_EPSILON, rngs=rngs)
        self.readout = nnx.Linear(widths[-1], outputs, kernel_init=_INITIALIZER, rngs=rngs)

    def __call__(
        self,
        inputs: Float[Array, "*B H W C"],
        *,
        train: bool = False,
        rngs: nnx.Rngs | None = None,
    ) -> dict[str, Float[Array, "_ ..."]]:
        """Maps images to `features` `[*B, D]` and `logits` `[*B, K]`; `stage_1` on are images."""
        outputs = {}
        hidden = self.stem_norm(self.stem(inputs))
        for index, stage in enumerate(self.stages):
            if index:
                hidden = self.halvings[index - 1](self.halving_norms[index - 1](hidden))
            for block in stage:
                hidden = block(hidden, train=train, rngs=rngs)
            outputs[f"stage_{index + 1}"] = hidden
        features = self.norm(spatial_mean(hidden))
        return outputs | {"features": features, "logits": self.readout(features)}


def _patches(channels_in: int, channels_out: int, side: int, rngs: nnx.Rngs) -> Conv:
    """Each square of pixels becomes one; what is left over at the border is dropped."""
    return Conv(
        channels_in,
        channels_out,
        (side, side),
        strides=side,
        padding="VALID",
        kernel_init=_INITIALIZER,
        rngs=rngs,
    )
