"""The size of a gradient."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import optax

from research.models.ops.platform import on_cpu

_SMALL = 2**14


def gradient_norm(gradient: Any) -> jax.Array:
    """The Euclidean norm of all leaves together, as `optax.tree.norm`: a scalar."""
    leaves = jax.tree.leaves(gradient)
    return on_cpu(_joined, _plain, *leaves) if leaves else jnp.zeros(())


def _plain(*leaves: jax.Array) -> jax.Array:
    norm: jax.Array = optax.tree.norm(leaves)
    return norm


def _joined(*leaves: jax.Array) -> jax.Array:
    # XLA's CPU compiler makes three kernels of each leaf's sum: small ones go into one sum.
    dtype = jnp.result_type(*leaves)
    small = [leaf.ravel() for leaf in leaves if leaf.size <= _SMALL and leaf.dtype == dtype]
    rest = [leaf for leaf in leaves if leaf.size > _SMALL or leaf.dtype != dtype]
    return _plain(*rest, *([jnp.concatenate(small)] if small else []))
