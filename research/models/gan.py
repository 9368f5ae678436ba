"""Generator and discriminator of DCGAN.

Radford et al., "Unsupervised Representation Learning with Deep Convolutional Generative
Adversarial Networks" (2016): strided convolutions, BatchNorm, ReLU in the generator, leaky
ReLU in the discriminator, weights from a normal distribution of deviation 0.02.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from flax import nnx
from jaxtyping import Array, Float

from research.arguments import require
from research.models.convolution import Conv, ConvTranspose
from research.models.norm import BatchNorm
from research.models.spectral_norm import SpectralNorm

_KERNEL = nnx.initializers.normal(0.02)
_SLOPE = 0.2
_NORMS = ("batch", "spectral", "none")


class UpBlock(nnx.Module):
    """Upsampling by two, BatchNorm, ReLU."""

    def __init__(self, channels_in: int, channels_out: int, *, rngs: nnx.Rngs) -> None:
        self.upsample = ConvTranspose(
            channels_in,
            channels_out,
            (4, 4),
            strides=(2, 2),
            use_bias=False,
            kernel_init=_KERNEL,
            rngs=rngs,
        )
        self.norm = BatchNorm(channels_out, momentum=0.9, rngs=rngs)

    def __call__(
        self, inputs: Float[Array, "B H W Cin"], *, train: bool
    ) -> Float[Array, "B 2*H 2*W Cout"]:
        """Maps `[B, H, W, Cin]` to `[B, 2 H, 2 W, Cout]`."""
        return nnx.relu(self.norm(self.upsample(inputs), use_running_average=not train))


class DownBlock(nnx.Module):
    """4x4 convolution with stride 2, normalised as asked for, leaky ReLU."""

    def __init__(self, channels_in: int, channels_out: int, *, norm: str, rngs: nnx.Rngs) -> None:
        convolution = Conv(
            channels_in,
            channels_out,
            (4, 4),
            strides=(2, 2),
            padding=1,
            use_bias=norm == "none",
            kernel_init=_KERNEL,
            rngs=rngs,
        )
        self.convolution: Any = convolution
        if norm == "spectral":
            self.convolution = SpectralNorm(convolution, rngs=rngs)
        self.norm = BatchNorm(channels_out, momentum=0.9, rngs=rngs) if norm == "batch" else None

    def __call__(
        self, inputs: Float[Array, "B H W Cin"], *, train: bool
    ) -> Float[Array, "B H//2 W//2 Cout"]:
        """Maps `[B, H, W, Cin]` to `[B, H/2, W/2, Cout]`."""
        hidden = _applied(self.convolution, inputs, train=train)
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

    Raises:
        ArgumentError: when image and widths don't go together.
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
        self.readout = Conv(
            channels[-1], image[2], (3, 3), padding="SAME", kernel_init=_KERNEL, rngs=rngs
        )

    def __call__(
        self, inputs: Float[Array, "B Z"], *, train: bool = False, rngs: nnx.Rngs | None = None
    ) -> dict[str, Float[Array, "B H W C"]]:
        """Maps noise `[B, Z]` to images and what they were before.

        Returns:
            `images` `[B, H, W, C]` between -1 and 1, and by `stage_1`, `stage_2`, ... the
            hidden images `[B, h, w, c]`, the smallest first.
        """
        hidden = self.project(inputs).reshape(-1, *self.smallest)
        hidden = nnx.relu(self.norm(hidden, use_running_average=not train))
        stages = {"stage_1": hidden}
        for index, block in enumerate(self.blocks, 2):
            hidden = block(hidden, train=train)
            stages[f"stage_{index}"] = hidden
        return {"images": nnx.tanh(self.readout(hidden)), **stages}


class Discriminator(nnx.Module):
    """Images to how real they look.

    Args:
        image: height, width and channels of the input; height and width must be divisible
            by 2 as often as there are widths.
        channels: the widths, of the largest image first.
        norm: "batch", for BatchNorm after all convolutions but the first; "spectral", for
            spectral normalisation of every layer (Miyato et al., 2018), which suits the
            hinge loss; "none", as a gradient penalty needs it.
        rngs: stream `params` for the initialisers.

    Raises:
        ArgumentError: for another `norm`, or when image and widths don't go together.
    """

    def __init__(
        self,
        image: tuple[int, int, int],
        *,
        channels: Sequence[int] = (64, 128),
        norm: str = "batch",
        rngs: nnx.Rngs,
    ) -> None:
        require(norm in _NORMS, f"norm is {norm!r}, expected one of {', '.join(_NORMS)}")
        height, width = _smallest(image, channels, halvings=len(channels))
        first = "none" if norm == "batch" else norm
        self.blocks = nnx.List(
            [
                DownBlock(a, b, norm=norm if index else first, rngs=rngs)
                for index, (a, b) in enumerate(pairwise((image[2], *channels)))
            ]
        )
        readout = nnx.Linear(
            height * width * channels[-1],
            1,
            use_bias=norm != "spectral",
            kernel_init=_KERNEL,
            rngs=rngs,
        )
        self.readout: Any = SpectralNorm(readout, rngs=rngs) if norm == "spectral" else readout

    def __call__(
        self,
        inputs: Float[Array, "B H W C"],
        *,
        train: bool = False,
        rngs: nnx.Rngs | None = None,
    ) -> dict[str, Float[Array, "B ..."]]:
        """Maps images `[B, H, W, C]` to how real they look.

        Returns:
            `logits` `[B]`, positive for real; `features` `[B, D]` that they are read from;
            by `stage_1`, `stage_2`, ... the hidden images `[B, h, w, c]`, the largest first.
        """
        hidden, stages = inputs, {}
        for index, block in enumerate(self.blocks, 1):
            hidden = block(hidden, train=train)
            stages[f"stage_{index}"] = hidden
        features = hidden.reshape(hidden.shape[0], -1)
        logits = _applied(self.readout, features, train=train)[:, 0]
        return {"logits": logits, "features": features, **stages}


def _applied(layer: Any, inputs: Float[Array, "B ..."], *, train: bool) -> Float[Array, "B ..."]:
    outputs: Array = (
        layer(inputs, train=train) if isinstance(layer, SpectralNorm) else layer(inputs)
    )
    return outputs


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
