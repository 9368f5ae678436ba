"""Multilayer perceptron for tabular features."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import jax
from flax import nnx

from research.arguments import require
from research.models.random import Dropout


class MLP(nnx.Module):
    """Dense layers with GELU and dropout, then a linear read-out.

    Args:
        features: width D of the input.
        hidden: widths of the hidden layers; empty gives a linear model.
        outputs: width K of the logits.
        dropout: probability of dropping a hidden unit in training.
        rngs: stream `params` for the initialisers.
    """

    def __init__(
        self,
        features: int,
        *,
        hidden: Sequence[int],
        outputs: int,
        dropout: float = 0.0,
        rngs: nnx.Rngs,
    ) -> None:
        require(min(hidden, default=1) > 0, f"hidden widths are {hidden}, expected positive")
        widths = (features, *hidden)
        self.layers = nnx.List([nnx.Linear(a, b, rngs=rngs) for a, b in pairwise(widths)])
        self.dropout = Dropout(dropout)
        self.readout = nnx.Linear(widths[-1], outputs, rngs=rngs)

    def __call__(
        self, inputs: jax.Array, *, train: bool = False, rngs: nnx.Rngs | None = None
    ) -> dict[str, jax.Array]:
        """Maps float32 `[B, D]` to `{"hidden": [B, H], "logits": [B, K]}`."""
        hidden = inputs
        for layer in self.layers:
            hidden = nnx.gelu(layer(hidden))
            hidden = self.dropout(hidden, deterministic=not train, rngs=rngs)
        return {"hidden": hidden, "logits": self.readout(hidden)}
