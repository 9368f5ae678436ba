"""Convolutional layers: those of flax, computed by `research.models.ops`."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

from research.models import ops


class Conv(nnx.Conv):
    """`nnx.Conv` in the form that is quick where it runs.

    The same arguments, parameters (`kernel` `[*K, Cin / groups, Cout]`, `bias` `[Cout]`),
    initialisers and results.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{"conv_general_dilated": ops.conv_general_dilated} | options)


class ConvTranspose(nnx.ConvTranspose):
    """`nnx.ConvTranspose` in the form that is quick where it runs.

    The same arguments, parameters (`kernel` `[*K, Cin, Cout]`, `bias` `[Cout]`), initialisers
    and results.
    """

    def __call__(self, inputs: Float[Array, "*S Cin"]) -> Float[Array, "*T Cout"]:
        """Maps `[..., *S, Cin]` to `[..., *T, Cout]`."""
        if self.padding == "CIRCULAR" or self.preferred_element_type is not None:
            return super().__call__(inputs)
        kernel = self.kernel[...] if self.mask is None else self.kernel[...] * self.mask
        bias = None if self.bias is None else self.bias[...]
        inputs, kernel, bias = self.promote_dtype((inputs, kernel, bias), dtype=self.dtype)
        rank = len(self.kernel_size)
        if self.transpose_kernel:
            kernel = jnp.flip(kernel, range(rank)).swapaxes(-1, -2)
        batch = inputs.shape[: -rank - 1]
        outputs = ops.conv_transpose(
            inputs.reshape(-1, *inputs.shape[-rank - 1 :]),
            kernel,
            strides=1 if self.strides is None else self.strides,
            padding=self.padding,
            dilation=1 if self.kernel_dilation is None else self.kernel_dilation,
            precision=self.precision,
        )
        outputs = outputs.reshape(*batch, *outputs.shape[1:])
        return outputs if bias is None else outputs + bias
