"""Activations of gates that lie side by side, and their gradients from what they gave."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

SIGMOID, TANH, NONE = "sigmoid", "tanh", "none"
Kinds = tuple[str, ...]
Gates = Float[Array, "*N KH"]
_PLAIN: dict[str, Callable[[jax.Array], jax.Array]] = {
    SIGMOID: jax.nn.sigmoid,
    TANH: jnp.tanh,
    NONE: lambda gates: gates,
}


def plain_activated(kinds: Kinds, gates: Gates) -> Gates:
    """Each of the K blocks by its activation: "sigmoid", "tanh" or "none"."""
    blocks = jnp.split(gates, len(kinds), axis=-1)
    return jnp.concatenate([_PLAIN[k](b) for k, b in zip(kinds, blocks, strict=True)], axis=-1)


def activated(kinds: Kinds, gates: Gates) -> Gates:
    """The same in one pass: sigmoid(x) = (1 + tanh(x / 2)) / 2."""
    if len(set(kinds)) == 1:
        return _PLAIN[kinds[0]](gates)
    width = gates.shape[-1] // len(kinds)
    factor = np.repeat([0.5 if kind == SIGMOID else 1.0 for kind in kinds], width)
    factor = factor.astype(gates.dtype)
    shaped = factor * jnp.tanh(gates * factor) + (1 - factor)
    return shaped if NONE not in kinds else jnp.where(_are(NONE, kinds, width), gates, shaped)


def of_gates(kinds: Kinds, shaped: Gates, of_shaped: Gates) -> Gates:
    """The cotangent of what `activated` got, from what it gave and that one's cotangent."""
    # s (1 - s) for a sigmoid, (1 + t) (1 - t) for tanh.
    width = shaped.shape[-1] // len(kinds)
    one = _are(TANH, kinds, width).astype(shaped.dtype)
    moved = of_shaped * (shaped + one) * (1 - shaped)
    return moved if NONE not in kinds else jnp.where(_are(NONE, kinds, width), of_shaped, moved)


def _are(kind: str, kinds: Kinds, width: int) -> np.ndarray:
    return np.repeat([each == kind for each in kinds], width)
