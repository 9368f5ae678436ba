"""The convolution that doubles height and width, quick on every backend."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import nnx


class Upsample(nnx.Module):
    """Transposed 4x4 convolution with stride 2, as in DCGAN.

    The same as `nnx.ConvTranspose(..., (4, 4), strides=2)`, computed as a 2x2 convolution
    that makes 2x2 blocks of pixels: on a CPU, XLA takes twenty times as long for the
    gradient of the other.

    Args:
        channels_in: of the input.
        channels_out: of the output.
        use_bias: whether to add one.
        kernel_init: of `kernel` `[4, 4, Cin, Cout]`.
        rngs: stream `params` for the initialiser.
    """

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        *,
        use_bias: bool = True,
        kernel_init: nnx.Initializer,
        rngs: nnx.Rngs,
    ) -> None:
        self.kernel = nnx.Param(kernel_init(rngs.params(), (4, 4, channels_in, channels_out)))
        self.bias = nnx.Param(jnp.zeros(channels_out)) if use_bias else None

    def __call__(self, images: jax.Array) -> jax.Array:
        """Maps `[B, H, W, Cin]` to `[B, 2 H, 2 W, Cout]`."""
        cin, cout = self.kernel.shape[2:]
        dtype = jnp.result_type(images, self.kernel[...])
        # Shifted by one, output 2 j + a sees the inputs j - 1 and j through the taps 1 - a
        # and 3 - a.
        kernel = self.kernel[...].reshape(2, 2, 2, 2, cin, cout)[:, ::-1, :, ::-1]
        kernel = kernel.transpose(0, 2, 4, 1, 3, 5).reshape(2, 2, cin, 4 * cout)
        # Padded here: as an argument of the convolution it makes the gradient slow again.
        padded = jnp.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
        blocks = jax.lax.conv_general_dilated(
            padded.astype(dtype),
            kernel.astype(dtype),
            (1, 1),
            "VALID",
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
        )
        size, height, width, _ = blocks.shape
        blocks = blocks.reshape(size, height, width, 2, 2, cout).transpose(0, 1, 3, 2, 4, 5)
        pixels = blocks.reshape(size, 2 * height, 2 * width, cout)[:, 1:-1, 1:-1]
        return pixels if self.bias is None else pixels + self.bias[...]
