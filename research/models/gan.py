"""Generator and discriminator of DCGAN.

Radford et al., "Unsupervised Representation Learning with Deep Convolutional Generative
Adversarial Networks" (2016): strided convolutions, BatchNorm, ReLU in the generator, leaky
ReLU in the discriminator, weights from a normal distribution of deviation 0.02.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import jax
from flax import nnx

from research.arguments import require
from research.models.norm import BatchNorm
from research.models.upsampling import Upsample

_KERNEL = nnx.initializers.normal(0.02)
_SLOPE = 0.2


class UpBlock(nnx.Module):
    """Upsampling by two, BatchNorm, ReLU."""

    def __init__(self, channels_in: int, channels_out: int, *, rngs: nnx.Rngs) -> None:
        self.upsample = Upsample(
            channels_in, channels_out, use_bias=False, kernel_init=_KERNEL, rngs=rngs
        )
        self.norm = BatchNorm(channels_out, momentum=0.9, rngs=rngs)

    def __call__(self, inputs: jax.Array, *, train: bool) -> jax.Array:
        """Maps `[B, H, W, Cin]` to `[B, 2 H, 2 W, Cout]`."""
        return nnx.relu(self.norm(self.upsample(inputs), use_running_average=not train))


class DownBlock(nnx.Module):
    """4x4 convolution with stride 2, BatchNorm where asked for, leaky ReLU."""

    def __init__(
        self, channels_in: int, channels_out: int, *, normalise: bool, rngs: nnx.Rngs
    ) -> None:
        self.convolution = nnx.Conv(
            channels_in,
            channels_out,
            (4, 4),
            strides=(2, 2),
            padding=1,
            use_bias=not normalise,
            kernel_init=_KERNEL,
            rngs=rngs,
        )
        self.norm = BatchNorm(channels_out, momentum=0.9, rngs=rngs) if normalise else None

    def __call__(self, inputs: jax.Array, *, train: bool) -> jax.Array:
        """Maps `[B, H, W, Cin]` to `[B, H/2, W/2, Cout]`."""
        hidden = self.convolution(inputs)
        if self.norm is not None:
            hidden = self.norm(hidden, use_running_average=not train)
        return nnx.leaky_relu(hidden, _SLOPE)


class Generator(nnx.Module):
    """Noise to images.

    A dense layer gives the smallest image, each further width doubles it, and a last 3x3
    convolution gives the channels: 100 -> 7x7x256 -> 14x14x128 -> 28x28x64 -> 28x28x1.

    Args:
        latent: width Z of the noise.
        image: height, width and channels of the output; height and width must be divisible
            by 2 as often as there are widths but one.
        channels: the widths, of the smallest image first.
        rngs: stream `params` for the initialisers.
    """

    def __init__(
        self,
        latent: int,
        *,
        image: tuple[int, int, int],
        channels: Sequence[int] = (256, 128, 64),
        rngs: nnx.Rngs,
    ) -> None:
        height, width = _smallest(image, channels, halvings=len(channels) - 1)
        self.smallest = (height, width, channels[0])
        self.project = nnx.Linear(
            latent, height * width * channels[0], use_bias=False, kernel_init=_KERNEL, rngs=rngs
        )
        self.norm = BatchNorm(channels[0], momentum=0.9, rngs=rngs)
        self.blocks = nnx.List([UpBlock(a, b, rngs=rngs) for a, b in pairwise(channels)])
        self.readout = nnx.Conv(
            channels[-1], image[2], (3, 3), padding="SAME", kernel_init=_KERNEL, rngs=rngs
        )

    def __call__(
        self, inputs: jax.Array, *, train: bool = False, rngs: nnx.Rngs | None = None
    ) -> dict[str, jax.Array]:
        """Maps noise `[B, Z]` to `{"images": [B, H, W, C]}` between -1 and 1."""
        hidden = self.project(inputs).reshape(-1, *self.smallest)
        hidden = nnx.relu(self.norm(hidden, use_running_average=not train))
        for block in self.blocks:
            hidden = block(hidden, train=train)
        return {"images": nnx.tanh(self.readout(hidden))}


class Discriminator(nnx.Module):
    """Images to how real they look.

    Args:
        image: height, width and channels of the input; height and width must be divisible
            by 2 as often as there are widths.
        channels: the widths, of the largest image first.
        normalise: whether all convolutions but the first have BatchNorm; must be False for a
            gradient penalty.
        rngs: stream `params` for the initialisers.
    """

    def __init__(
        self,
        image: tuple[int, int, int],
        *,
        channels: Sequence[int] = (64, 128),
        normalise: bool = True,
        rngs: nnx.Rngs,
    ) -> None:
        height, width = _smallest(image, channels, halvings=len(channels))
        self.blocks = nnx.List(
            [
                DownBlock(a, b, normalise=normalise and index > 0, rngs=rngs)
                for index, (a, b) in enumerate(pairwise((image[2], *channels)))
            ]
        )
        self.readout = nnx.Linear(height * width * channels[-1], 1, kernel_init=_KERNEL, rngs=rngs)

    def __call__(
        self, inputs: jax.Array, *, train: bool = False, rngs: nnx.Rngs | None = None
    ) -> dict[str, jax.Array]:
        """Maps `[B, H, W, C]` to `{"features": [B, D], "logits": [B]}`; positive is real."""
        hidden = inputs
        for block in self.blocks:
            hidden = block(hidden, train=train)
        features = hidden.reshape(hidden.shape[0], -1)
        return {"features": features, "logits": self.readout(features)[:, 0]}


def _smallest(
    image: tuple[int, int, int], channels: Sequence[int], *, halvings: int
) -> tuple[int, int]:
    require(len(channels) > 0, "channels is empty, expected at least one width")
    divisor = 2**halvings
    require(
        image[0] % divisor == image[1] % divisor == 0,
        f"channels that halve the image {halvings} times need height and width divisible by "
        f"{divisor}, found {image[0]}x{image[1]}: use fewer channels or pad the images",
    )
    return image[0] // divisor, image[1] // divisor
