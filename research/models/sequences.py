"""Sequences of unequal length in one array: padded at the end, told apart by lengths."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from research.arguments import require


class Sequences(NamedTuple):
    """A batch of sequences.

    Attributes:
        values: tokens int32 `[B, T]`, or features float `[B, T, D]`.
        lengths: int32 `[B]`, how many of the T positions are no padding.
    """

    values: jax.Array
    lengths: jax.Array

    @property
    def valid(self) -> Bool[Array, "B T"]:
        """The positions that are no padding."""
        return within(self.lengths, self.values.shape[1])

    @classmethod
    def of(cls, inputs: Any, *, padding: int | None) -> Sequences:
        """Reads a model's inputs.

        Args:
            inputs: tokens int `[B, T]`; or features float `[B, T, D]`; or a dictionary with
                one of them as `tokens` or `features`, and `lengths` int `[B]`.
            padding: the token id that fills up a sequence; where there are no `lengths`, a
                sequence ends after its last other token. None, and for features: all
                sequences have length T.

        Raises:
            ArgumentError: for anything else.
        """
        if isinstance(inputs, Mapping):
            names = set(inputs)
            require(
                names in ({"tokens", "lengths"}, {"features", "lengths"}),
                f"found the inputs {', '.join(sorted(names)) or '(none)'}, expected tokens and "
                "lengths, or features and lengths",
            )
            values = inputs["tokens" if "tokens" in inputs else "features"]
            lengths = jnp.asarray(inputs["lengths"], jnp.int32)
        else:
            values, lengths = inputs, None
        integers = jnp.issubdtype(values.dtype, jnp.integer)
        require(
            values.ndim == (2 if integers else 3),
            f"inputs are {values.dtype} {values.shape}, expected tokens int [B, T] or features "
            "float [B, T, D]",
        )
        if lengths is None:
            lengths = jnp.full(values.shape[:1], values.shape[1], jnp.int32)
            if integers and padding is not None:
                after = jnp.arange(1, values.shape[1] + 1)
                lengths = jnp.where(values != padding, after, 0).max(1, initial=0)
        return cls(jnp.asarray(values), lengths)


def within(lengths: Int[Array, " B"], steps: int) -> Bool[Array, "B T"]:
    """Whether position t is before the end, for T steps."""
    return jnp.arange(steps) < lengths[:, None]


def reverse(values: Float[Array, "B T D"], lengths: Int[Array, " B"]) -> Float[Array, "B T D"]:
    """Each sequence from its last valid position to its first; padding stays."""
    positions = jnp.arange(values.shape[1])
    ends = lengths[:, None]
    index = jnp.where(positions < ends, ends - 1 - positions, positions)
    return jnp.take_along_axis(values, index[..., None], axis=1)
