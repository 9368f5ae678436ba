"""Batch normalisation that keeps the type of what it normalises."""

from __future__ import annotations

import jax
from flax import nnx


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
