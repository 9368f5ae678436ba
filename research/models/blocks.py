"""What convolutional networks are made of: convolution with norm, and pooling."""

from __future__ import annotations

from typing import Literal

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

from research.models import ops
from research.models.convolution import Conv
from research.models.norm import BatchNorm

Activation = Literal["relu", "relu6"]
_LECUN = nnx.initializers.lecun_normal()
_ACTIVATIONS = {"relu": nnx.relu, "relu6": nnx.relu6}


class ConvNorm(nnx.Module):
    """Convolution without bias, BatchNorm, activation.

    The border is padded by half the kernel on every side, so that a stride of 1 keeps height
    and width and a stride of 2 halves them, rounded up (as in PyTorch; "SAME" pads a stride
    of 2 on one side only).

    Args:
        channels_in: of the input.
        channels_out: of the output.
        kernel: side of the kernel, odd.
        stride: in both directions.
        groups: of channels, each convolved alone.
        activation: its name; None for none.
        initializer: of the kernel.
        scale_initializer: of the norm's scale.
        rngs: stream `params` for the initialisers.
    """

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        *,
        kernel: int = 3,
        stride: int = 1,
        groups: int = 1,
        activation: Activation | None = "relu",
        initializer: nnx.Initializer = _LECUN,
        scale_initializer: nnx.Initializer = nnx.initializers.ones,
        rngs: nnx.Rngs,
    ) -> None:
        half = kernel // 2
        self.convolution = Conv(
            channels_in,
            channels_out,
            (kernel, kernel),
            strides=stride,
            padding=((half, half), (half, half)),
            feature_group_count=groups,
            use_bias=False,
            kernel_init=initializer,
            rngs=rngs,
        )
        self.norm = BatchNorm(channels_out, momentum=0.9, scale_init=scale_initializer, rngs=rngs)
        self.activation = activation

    def __call__(
        self, inputs: Float[Array, "*B H W C"], *, train: bool
    ) -> Float[Array, "*B h w D"]:
        """Maps images to images."""
        normed = self.norm(self.convolution(inputs), use_running_average=not train)
        return normed if self.activation is None else _ACTIVATIONS[self.activation](normed)


def spatial_mean(images: Float[Array, "*B H W C"]) -> Float[Array, "*B C"]:
    """Mean over height and width, summed in float32."""
    return images.mean(axis=(-3, -2), dtype=jnp.float32).astype(images.dtype)


def max_pool(
    images: Float[Array, "*B H W C"], window: int, *, stride: int, padding: int = 0
) -> Float[Array, "*B h w C"]:
    """The largest value of each square of `window` pixels."""
    flat = images.reshape(-1, *images.shape[-3:])
    sides = ((padding, padding), (padding, padding))
    pooled = ops.max_pool(flat, (window, window), (stride, stride), sides)
    return pooled.reshape(*images.shape[:-3], *pooled.shape[1:])
