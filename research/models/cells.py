"""Recurrent cells: what happens from one time step to the next.

A cell is two matrix products, of the input and of the state, and what becomes of them:
`combine` makes them the gates, each gate has its activation, and `advance` goes on from there,
element by element.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

from research.models.ops.gates import Kinds, plain_activated
from research.models.ops.recurrence import hidden_state

Carry = Any
_Pair = tuple[Float[Array, "B H"], Float[Array, "B H"]]


class Cell(nnx.Module):
    """Base of the cells: the input projection and the recurrent one.

    Parameters are `input/kernel` `[D, G H]`, `input/bias` `[G H]` and `recurrent/kernel`
    `[H, G H]`, the G gates side by side in the order that the cell tells.

    Args:
        features: width D of an input.
        hidden: width H of the state.
        rngs: stream `params` for the initialisers.
    """

    gates: int
    activations: Kinds  # of what `combine` gives
    recurrent_bias = False

    def __init__(self, features: int, hidden: int, *, rngs: nnx.Rngs) -> None:
        self.hidden = hidden
        self.input = nnx.Linear(
            features,
            self.gates * hidden,
            kernel_init=nnx.initializers.glorot_uniform(),
            bias_init=self.initial_bias,
            rngs=rngs,
        )
        self.recurrent = nnx.Linear(
            hidden,
            self.gates * hidden,
            use_bias=self.recurrent_bias,
            kernel_init=self._orthogonal,
            rngs=rngs,
        )

    def initial_bias(self, key: jax.Array, shape: tuple[int, ...], dtype: Any) -> jax.Array:
        """Initialiser of the input bias `[G H]`: zeros."""
        return jnp.zeros(shape, dtype)

    def _orthogonal(self, key: jax.Array, shape: tuple[int, ...], dtype: Any) -> jax.Array:
        # One orthogonal matrix per gate (Saxe et al., 2014): of all gates together, no
        # single one would keep the norm of the state.
        orthogonal = nnx.initializers.orthogonal()
        keys = jax.random.split(key, self.gates)
        matrices = jax.vmap(lambda key: orthogonal(key, (shape[0], shape[0]), dtype))(keys)
        return matrices.swapaxes(0, 1).reshape(shape)

    def project(self, inputs: Float[Array, "B T D"]) -> Float[Array, "B T GH"]:
        """Maps `[B, T, D]` to `[B, T, G H]`, the inputs' share of the gates."""
        return self.input(inputs)

    def start(self, size: int, dtype: Any) -> Carry:
        """The state before the first step, of B sequences: zeros `[B, H]`."""
        return jnp.zeros((size, self.hidden), dtype)

    def step(
        self, carry: Carry, projected: Float[Array, "B GH"]
    ) -> tuple[Carry, Float[Array, "B H"]]:
        """One time step: the state and `[B, G H]` to the next state and output `[B, H]`."""
        gates = self.combine(projected, self.recurrent(hidden_state(carry)))
        carry = self.advance(carry, plain_activated(self.activations, gates))
        return carry, hidden_state(carry)

    @staticmethod
    def combine(
        projected: Float[Array, "*N GH"], recurrent: Float[Array, "*N GH"]
    ) -> Float[Array, "*N KH"]:
        """The gates before their activations, linear in both: the sum. See `ops.recurrence`."""
        return projected + recurrent

    @staticmethod
    def advance(carry: Carry, gates: Float[Array, "B KH"]) -> Carry:
        """What follows on the activated gates: see `ops.recurrence`."""
        raise NotImplementedError


class VanillaCell(Cell):
    """The simple recurrent cell (Elman, 1990).

    h' = tanh(x W + b + h U)
    """

    gates = 1
    activations = ("tanh",)

    @staticmethod
    def advance(carry: Float[Array, "B H"], gates: Float[Array, "B KH"]) -> Float[Array, "B H"]:
        """See `Cell.advance`."""
        return gates


class LSTMCell(Cell):
    """Long short-term memory (Hochreiter and Schmidhuber, 1997; Gers et al., 2000).

    With the gates input i, forget f, candidate g and output o, in this order::

        i = sigmoid(x W_i + b_i + h U_i)
        f = sigmoid(x W_f + b_f + h U_f)
        g = tanh(x W_g + b_g + h U_g)
        o = sigmoid(x W_o + b_o + h U_o)
        c' = f * c + i * g
        h' = o * tanh(c')

    b_f starts at 1, so that the cell remembers before it has learned to (Jozefowicz et
    al., 2015); the other biases at 0.
    """

    gates = 4
    activations = ("sigmoid", "sigmoid", "tanh", "sigmoid")

    def initial_bias(self, key: jax.Array, shape: tuple[int, ...], dtype: Any) -> jax.Array:
        """See `Cell.initial_bias`: ones for the forget gate."""
        return jnp.zeros((4, shape[0] // 4), dtype).at[1].set(1).reshape(shape)

    def start(self, size: int, dtype: Any) -> _Pair:
        """See `Cell.start`; the state is `(h, c)`."""
        zeros = super().start(size, dtype)
        return zeros, zeros

    @staticmethod
    def advance(carry: _Pair, gates: Float[Array, "B KH"]) -> _Pair:
        """See `Cell.advance`."""
        i, f, g, o = jnp.split(gates, 4, axis=-1)
        cell = f * carry[1] + i * g
        return o * jnp.tanh(cell), cell


class GRUCell(Cell):
    """Gated recurrent unit (Cho et al., 2014), in the form that cuDNN and PyTorch compute.

    With the gates reset r, update z and candidate n, in this order::

        r = sigmoid(x W_r + b_r + h U_r + d_r)
        z = sigmoid(x W_z + b_z + h U_z + d_z)
        n = tanh(x W_n + b_n + r * (h U_n + d_n))
        h' = (1 - z) * n + z * h

    The reset gate acts after the matrix product; d is `recurrent/bias` `[3 H]`.
    """

    gates = 3
    activations = ("sigmoid", "sigmoid", "none", "none")
    recurrent_bias = True

    @staticmethod
    def combine(
        projected: Float[Array, "*N GH"], recurrent: Float[Array, "*N GH"]
    ) -> Float[Array, "*N KH"]:
        """See `Cell.combine`: both shares of the candidate, for the reset gate parts them."""
        width = projected.shape[-1] // 3 * 2
        both = projected[..., :width] + recurrent[..., :width]
        return jnp.concatenate([both, projected[..., width:], recurrent[..., width:]], axis=-1)

    @staticmethod
    def advance(carry: Float[Array, "B H"], gates: Float[Array, "B KH"]) -> Float[Array, "B H"]:
        """See `Cell.advance`."""
        r, z, of_input, of_state = jnp.split(gates, 4, axis=-1)
        n = jnp.tanh(of_input + r * of_state)
        return (1 - z) * n + z * carry
