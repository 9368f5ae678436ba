"""Recurrent networks: stacked, in one or both directions, over sequences of any length."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Int

from research.arguments import require
from research.models import ops
from research.models.cells import Cell, LSTMCell
from research.models.ops.recurrence import Weights, hidden_state
from research.models.random import Dropout
from research.models.sequences import reverse, within


class RNN(nnx.Module):
    """Layers of recurrent cells.

    Padding never changes a result: the state stands still after a sequence's end, and the
    backward direction begins there.

    Args:
        features: width D of the input.
        hidden: width H of a layer's state, in each direction.
        layers: how many.
        cell: `LSTMCell`, `GRUCell`, `VanillaCell` or another `Cell`.
        bidirectional: whether each layer reads the sequence from both ends; its outputs are
            side by side, so 2 H wide.
        dropout: probability of dropping a layer's output, between layers.
        rngs: stream `params` for the initialisers.
    """

    def __init__(
        self,
        features: int,
        *,
        hidden: int,
        layers: int = 1,
        cell: type[Cell] = LSTMCell,
        bidirectional: bool = False,
        dropout: float = 0.0,
        rngs: nnx.Rngs,
    ) -> None:
        require(layers > 0, f"layers is {layers}, expected 1 or more")
        require(hidden > 0, f"hidden is {hidden}, expected a positive width")
        directions = ("forward", "backward") if bidirectional else ("forward",)
        self.width = hidden * len(directions)
        self.layers = nnx.List(
            [
                nnx.Dict({name: cell(size, hidden, rngs=rngs) for name in directions})
                for size in (features, *[self.width] * (layers - 1))
            ]
        )
        self.dropout = Dropout(dropout)

    def __call__(
        self,
        inputs: Float[Array, "B T D"],
        lengths: Int[Array, " B"],
        *,
        train: bool = False,
        rngs: nnx.Rngs | None = None,
    ) -> dict[str, Float[Array, "B ..."]]:
        """Runs over the sequences.

        Args:
            inputs: float `[B, T, D]`.
            lengths: int32 `[B]`.
            train: whether to drop.
            rngs: for dropout.

        Returns:
            `outputs` `[B, T, W]` of the last layer, zero in the padding, and `last` `[B, W]`,
            what each direction had read its whole sequence for.
        """
        outputs = inputs
        for index, layer in enumerate(self.layers):
            if index:
                outputs = self.dropout(outputs, deterministic=not train, rngs=rngs)
            runs = [_run(layer["forward"], outputs, lengths)]
            if "backward" in layer:
                states, last = _run(layer["backward"], reverse(outputs, lengths), lengths)
                runs.append((reverse(states, lengths), last))
            outputs, last = (jnp.concatenate(parts, -1) for parts in zip(*runs, strict=True))
        return {"outputs": outputs, "last": last}


def _run(
    cell: Cell, inputs: Float[Array, "B T D"], lengths: Int[Array, " B"]
) -> tuple[Float[Array, "B T H"], Float[Array, "B H"]]:
    """All outputs `[B, T, H]`, zero after the end, and the last one before it `[B, H]`."""
    read, recurrent = cell.input, cell.recurrent
    assert read.bias is not None
    weights = jax.tree.map(
        lambda leaf: leaf.astype(jnp.result_type(inputs, leaf)),
        Weights(
            input=read.kernel[...],
            input_bias=read.bias[...],
            state=recurrent.kernel[...],
            state_bias=None if recurrent.bias is None else recurrent.bias[...],
        ),
    )
    inputs = inputs.astype(weights.input.dtype)
    start = cell.start(inputs.shape[0], inputs.dtype)
    valid = within(lengths, inputs.shape[1])
    outputs, last = ops.recurrence(
        cell.combine, cell.activations, cell.advance, weights, start, inputs, valid
    )
    return outputs, hidden_state(last)
