"""The type that sums are made in."""

from __future__ import annotations

import jax
import jax.numpy as jnp


def widened(array: jax.Array) -> jax.Array:
    """At least float32: sums of many halves would be rounded many times."""
    return array.astype(jnp.promote_types(array.dtype, jnp.float32))
