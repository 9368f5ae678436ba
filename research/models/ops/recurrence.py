"""A recurrent layer over time, whose gradient is one loop and one matrix product.

Differentiating a `lax.scan` adds to the weights' gradient in every step of the loop. The sum
over time and batch is a single product of all states with all cotangents; the loop backward
needs to carry nothing but the state's own.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

Carry = Any
Advance = Callable[[Carry, jax.Array, jax.Array], Carry]
Weights = tuple[Float[Array, "H GH"], Float[Array, " GH"] | None]


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def recurrence(
    advance: Advance,
    weights: Weights,
    start: Carry,
    projected: Float[Array, "T B GH"],
    valid: Bool[Array, "T B 1"],
) -> tuple[Float[Array, "T B H"], Carry]:
    """Runs a cell over time; a state stands still where a step is not valid.

    Args:
        advance: `(carry, projected, recurrent) -> carry` of one step, element by element; the
            hidden state h `[B, H]` is the first array of the carry, and recurrent is h U + d.
            One function for all calls, such as a static method: it is a key of XLA's cache.
        weights: U and d, or None for no d.
        start: the carry before the first step.
        projected: the inputs' share of the gates.
        valid: which steps count.

    Returns:
        All hidden states, zero where not valid, and the last carry.
    """
    last, (outputs, *_) = _forward(advance, weights, start, projected, valid)
    return outputs, last


def _forward(
    advance: Advance, weights: Weights, start: Carry, projected: jax.Array, valid: jax.Array
) -> tuple[Carry, tuple[jax.Array, Carry, jax.Array]]:
    kernel, bias = weights

    def step(carry: Carry, at: tuple[jax.Array, jax.Array]) -> tuple[Carry, Any]:
        projected, valid = at
        recurrent = hidden_state(carry) @ kernel
        if bias is not None:
            recurrent = recurrent + bias
        moved = advance(carry, projected, recurrent)
        state = jax.tree.map(lambda new, old: jnp.where(valid, new, old), moved, carry)
        return state, (jnp.where(valid, hidden_state(state), 0), carry, recurrent)

    return jax.lax.scan(step, start, (projected, valid))


def _kept(
    advance: Advance, weights: Weights, start: Carry, projected: jax.Array, valid: jax.Array
) -> tuple[tuple[jax.Array, Carry], Any]:
    last, (outputs, carries, recurrent) = _forward(advance, weights, start, projected, valid)
    return (outputs, last), (weights, carries, recurrent, projected, valid)


def _backward(advance: Advance, kept: Any, cotangents: tuple[jax.Array, Carry]) -> Any:
    (kernel, bias), carries, recurrent, projected, valid = kept
    transposed = kernel.T

    def step(after: Carry, at: Any) -> tuple[Carry, tuple[jax.Array, jax.Array]]:
        carry, projected, recurrent, valid, output = at
        _, pull = jax.vjp(advance, carry, projected, recurrent)
        moved = jax.tree.map(lambda leaf: jnp.where(valid, leaf, 0), after)
        before, of_projected, of_recurrent = pull(_added(moved, jnp.where(valid, output, 0)))
        before = _added(before, of_recurrent @ transposed)
        before = jax.tree.map(lambda leaf, stood: leaf + jnp.where(valid, 0, stood), before, after)
        return before, (of_projected, of_recurrent)

    outputs, last = cotangents
    first, (of_projected, of_recurrent) = jax.lax.scan(
        step, last, (carries, projected, recurrent, valid, outputs), reverse=True
    )
    states = hidden_state(carries).reshape(-1, kernel.shape[0])
    of_kernel = states.T @ of_recurrent.reshape(-1, kernel.shape[1])
    of_bias = None if bias is None else of_recurrent.sum((0, 1))
    return (of_kernel, of_bias), first, of_projected, None


recurrence.defvjp(_kept, _backward)


def hidden_state(carry: Carry) -> Float[Array, "*T B H"]:
    """The first array of a carry."""
    return jax.tree.leaves(carry)[0]


def _added(carry: Carry, more: jax.Array) -> Carry:
    first, *others = jax.tree.leaves(carry)
    return jax.tree.unflatten(jax.tree.structure(carry), [first + more, *others])
