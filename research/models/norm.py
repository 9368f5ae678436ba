"""Normalisation: flax's layers where they are slow on a CPU, or change a type."""

from __future__ import annotations

import jax
from flax import nnx

from research.models import ops


class BatchNorm(nnx.BatchNorm):
    """`nnx.BatchNorm` (Ioffe and Szegedy, 2015), computed in float32, handed on as it came.

    The running moments are float32, and the stock layer hands on their type: whatever
    comes after it in a network would be computed in float32 whatever its `Precision`.
    """

    def __call__(
        self,
        x: jax.Array,
        use_running_average: bool | None = None,
        *,
        mask: jax.Array | None = None,
    ) -> jax.Array:
        """Maps `[..., C]` to the same shape and type."""
        return super().__call__(x, use_running_average, mask=mask).astype(x.dtype)


class LayerNorm(nnx.LayerNorm):
    """`nnx.LayerNorm` (Ba et al., 2016) over the last axis, with scale and bias, in `ops`' form."""

    def __call__(self, x: jax.Array, *, mask: jax.Array | None = None) -> jax.Array:
        """Maps `[..., D]` to the same shape."""
        scale, bias = self.scale, self.bias
        if mask is not None or scale is None or bias is None:
            return super().__call__(x, mask=mask)
        return ops.layer_norm(x, scale[...], bias[...], epsilon=self.epsilon)
