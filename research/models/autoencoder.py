"""Autoencoder: a network that has to tell its input again from a few numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from flax import nnx
from jaxtyping import Array, Float

from research.arguments import require


class Autoencoder(nnx.Module):
    """Dense layers down to a code and, mirrored, up again.

    Hinton and Salakhutdinov, "Reducing the Dimensionality of Data with Neural Networks"
    (2006). The code is linear, so that without hidden layers and bounds this is PCA's problem.

    Args:
        shape: of one input, such as (28, 28, 1).
        hidden: widths of the layers before the code; the same in reverse behind it.
        code: width Z of the code.
        bounded: whether the inputs lie from 0 to 1, and so, by a sigmoid, what is made of them.
        rngs: stream `params` for the initialisers.
    """

    def __init__(
        self,
        shape: Sequence[int],
        *,
        hidden: Sequence[int],
        code: int,
        bounded: bool = True,
        rngs: nnx.Rngs,
    ) -> None:
        widths = (math.prod(shape), *hidden, code)
        require(
            min(widths) > 0,
            f"shape is {tuple(shape)}, hidden {tuple(hidden)} and code {code}, expected positive",
        )
        self.shape = tuple(shape)
        self.bounded = bounded
        self.encoder = nnx.List([nnx.Linear(a, b, rngs=rngs) for a, b in pairwise(widths)])
        self.decoder = nnx.List([nnx.Linear(a, b, rngs=rngs) for a, b in pairwise(widths[::-1])])

    def __call__(
        self, inputs: Float[Array, "B ..."], *, train: bool = False, rngs: nnx.Rngs | None = None
    ) -> dict[str, Float[Array, "B ..."]]:
        """Maps `[B, *shape]` to `{"features": [B, Z], "reconstruction": [B, *shape]}`."""
        del train, rngs  # nothing differs in training
        code = _through(self.encoder, inputs.reshape(len(inputs), -1))
        made = _through(self.decoder, code)
        made = nnx.sigmoid(made) if self.bounded else made
        return {"features": code, "reconstruction": made.reshape(-1, *self.shape)}


def _through(layers: Sequence[nnx.Linear], hidden: Float[Array, "B D"]) -> Float[Array, "B E"]:
    for layer in layers[:-1]:
        hidden = nnx.gelu(layer(hidden))
    last: Float[Array, "B E"] = layers[-1](hidden)
    return last
