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
        averaged = self.use_running_average if use_running_average is None else use_running_average
        scale, bias = self.scale, self.bias
        stock = averaged in (None, True) or mask is not None or self._has_options(x.ndim)
        if stock or scale is None or bias is None:
            return super().__call__(x, use_running_average, mask=mask).astype(x.dtype)
        outputs, mean, variance = ops.batch_norm(
            x, scale[...], bias[...], epsilon=self.epsilon, axis_name=self.axis_name
        )
        for running, moment in ((self.mean, mean), (self.var, variance)):
            moved = self.momentum * running[...] + (1 - self.momentum) * moment
            running[...] = jax.lax.stop_gradient(moved)
        return outputs

    def _has_options(self, rank: int) -> bool:
        """Whether it was built for what `ops.batch_norm` doesn't do."""
        return (
            self.axis not in (-1, rank - 1)
            or self.dtype is not None
            or self.axis_index_groups is not None
            or not self.use_fast_variance
        )


class LayerNorm(nnx.LayerNorm):
    """`nnx.LayerNorm` (Ba et al., 2016) over the last axis, with scale and bias, in `ops`' form."""

    def __call__(self, x: jax.Array, *, mask: jax.Array | None = None) -> jax.Array:
        """Maps `[..., D]` to the same shape."""
        scale, bias = self.scale, self.bias
        if mask is not None or scale is None or bias is None:
            return super().__call__(x, mask=mask)
        return ops.layer_norm(x, scale[...], bias[...], epsilon=self.epsilon)
