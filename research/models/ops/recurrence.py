"""A recurrent layer over time, whose gradient is one loop and one matrix product.

Differentiating a `lax.scan` adds to the weights' gradient in every step of the loop. The sum
over time and batch is a single product of all states with all cotangents; the loop backward
needs to carry nothing but the state's own. It writes the gates' cotangents over the gates that
the forward pass kept: on a CPU, memory that is touched for the first time is as slow as the
products.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from research.models.ops.gates import Kinds, activated, of_gates, plain_activated
from research.models.ops.platform import on_cpu

Carry = Any
Combine = Callable[[jax.Array, jax.Array], jax.Array]
Advance = Callable[[Carry, jax.Array], Carry]
Share = Callable[[jax.Array], jax.Array]
Activated = Callable[[Kinds, jax.Array], jax.Array]


class Weights(NamedTuple):
    """What a recurrent layer multiplies by, and adds.

    Attributes:
        input: W, of the inputs.
        input_bias: b.
        state: U, of the hidden state.
        state_bias: d, or None.
    """

    input: Float[Array, "D GH"]
    input_bias: Float[Array, " GH"]
    state: Float[Array, "H GH"]
    state_bias: Float[Array, " GH"] | None


class _Layer(NamedTuple):
    """What of a layer is no array, the static argument of what is below."""

    combine: Combine
    kinds: Kinds
    advance: Advance


class _Kept(NamedTuple):
    """What the forward pass keeps for its gradient."""

    carries: Carry  # before each step, [B, T, ...]
    gates: Float[Array, "B T KH"]  # activated


def recurrence(
    combine: Combine,
    activations: Kinds,
    advance: Advance,
    weights: Weights,
    start: Carry,
    inputs: Float[Array, "B T D"],
    valid: Bool[Array, "B T"],
) -> tuple[Float[Array, "B T H"], Carry]:
    """Runs a cell over time; a state stands still where a step is not valid.

    One step from the hidden state h is `advance(carry, activated(combine(x W + b, h U + d)))`.

    Args:
        combine: the inputs' and the state's share `[..., G H]` to the gates `[..., K H]`, before
            any activation: linear and the same at all leading axes, such as a sum.
        activations: of the K gates: "sigmoid", "tanh" or "none".
        advance: `(carry, gates) -> carry`, element by element; h `[B, H]` is the first array of
            the carry. Both are keys of XLA's cache: one function for all calls, such as a
            static method.
        weights: W, b, U and d.
        start: the carry before the first step.
        inputs: x.
        valid: which steps count.

    Returns:
        All hidden states, zero where not valid, and the last carry.
    """
    return _recurrence(_Layer(combine, activations, advance), weights, start, inputs, valid)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _recurrence(
    layer: _Layer, weights: Weights, start: Carry, inputs: jax.Array, valid: jax.Array
) -> tuple[jax.Array, Carry]:
    return _forward(layer, weights, start, inputs, valid, keep=False)[0]


def _keeping(
    layer: _Layer, weights: Weights, start: Carry, inputs: jax.Array, valid: jax.Array
) -> tuple[tuple[jax.Array, Carry], Any]:
    results, kept = _forward(layer, weights, start, inputs, valid, keep=True)
    return results, ((weights, start, inputs, valid), kept)


def _differentiated(layer: _Layer, kept: Any, cotangents: tuple[jax.Array, Carry]) -> Any:
    arguments, kept = kept
    return *_gradients(layer, arguments, kept, cotangents), None


_recurrence.defvjp(_keeping, _differentiated)


def plain_recurrence(
    layer: _Layer, weights: Weights, start: Carry, inputs: jax.Array, valid: jax.Array
) -> tuple[jax.Array, Carry]:
    """The same as a scan, for jax to differentiate."""

    def step(carry: Carry, at: tuple[jax.Array, jax.Array]) -> tuple[Carry, jax.Array]:
        inputs, valid = at
        gates = layer.combine(_share(weights, inputs), _of_state(weights, carry))
        moved = layer.advance(carry, plain_activated(layer.kinds, gates))
        state = _stood(valid, moved, carry)
        return state, jnp.where(valid, hidden_state(state), 0)

    over_time = inputs.swapaxes(0, 1), valid.T[..., None]
    last, outputs = jax.lax.scan(step, start, over_time)
    return outputs.swapaxes(0, 1), last


def _forward(
    layer: _Layer,
    weights: Weights,
    start: Carry,
    inputs: jax.Array,
    valid: jax.Array,
    *,
    keep: bool,
) -> tuple[tuple[jax.Array, Carry], _Kept | None]:
    steps = inputs.shape[1]
    share = functools.partial(_share, weights)
    both = [jax.eval_shape(share, inputs[:, 0])] * 2
    gates = jax.eval_shape(layer.combine, *both)

    def run(inputs: jax.Array, share: Share, activated: Activated) -> Any:
        def step(time: jax.Array, running: Any) -> Any:
            carry, outputs, kept = running
            gates = layer.combine(share(_at(inputs, time)), _of_state(weights, carry))
            gates = activated(layer.kinds, gates)
            counts = _at(valid, time)[:, None]
            state = _stood(counts, layer.advance(carry, gates), carry)
            outputs = _put(outputs, jnp.where(counts, hidden_state(state), 0), time)
            if keep:
                now = _Kept(carry, gates)
                kept = jax.tree.map(lambda room, leaf: _put(room, leaf, time), kept, now)
            return state, outputs, kept

        room = _room(hidden_state(start), steps)
        kept = _room(_Kept(start, gates), steps) if keep else None
        last, outputs, kept = jax.lax.fori_loop(0, steps, step, (start, room, kept))
        return (outputs, last), kept

    # On a CPU the product within the loop is as quick as one before it, and needs no memory.
    results, kept = on_cpu(
        lambda inputs: run(inputs, share, activated),
        lambda inputs: run(share(inputs), lambda of_inputs: of_inputs, plain_activated),
        inputs,
    )
    return results, kept


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _gradients(
    layer: _Layer, arguments: Any, kept: _Kept, cotangents: tuple[jax.Array, Carry]
) -> tuple[Weights, Carry, jax.Array]:
    """Of the weights, the start and the inputs."""
    weights, _, inputs, valid = arguments
    of_outputs, of_last = cotangents
    steps = inputs.shape[1]
    transposed = weights.state.T
    spread = functools.partial(_spread, layer.combine, weights)

    def step(index: jax.Array, running: tuple[Carry, jax.Array]) -> tuple[Carry, jax.Array]:
        time = steps - 1 - index
        after, gates = running
        counts = _at(valid, time)[:, None]
        carry = jax.tree.map(lambda leaf: _at(leaf, time), kept.carries)
        # A copy, lest XLA reads what it overwrites and copies all steps.
        shaped = jax.lax.optimization_barrier(_at(gates, time))
        _, pull = jax.vjp(layer.advance, carry, shaped)
        moved = jax.tree.map(lambda leaf: jnp.where(counts, leaf, 0), after)
        output = jnp.where(counts, _at(of_outputs, time), 0)
        before, of_shaped = pull(_added(moved, output))
        now = of_gates(layer.kinds, shaped, of_shaped)
        before = _added(before, spread(now)[1] @ transposed)
        stood = jax.tree.map(lambda leaf: jnp.where(counts, 0, leaf), after)
        return jax.tree.map(jnp.add, before, stood), _put(gates, now, time)

    first, of_all = jax.lax.fori_loop(0, steps, step, (of_last, kept.gates))
    # `combine` is linear in the last axis, so its transpose may wait until after the products.
    rows = of_all.reshape(-1, of_all.shape[-1])
    states = hidden_state(kept.carries).reshape(rows.shape[0], -1)
    of_input, _ = spread(inputs.reshape(rows.shape[0], -1).T @ rows)
    _, of_state = spread(states.T @ rows)
    of_input_bias, of_state_bias = spread(rows.sum(0))
    of_weights = Weights(
        of_input, of_input_bias, of_state, None if weights.state_bias is None else of_state_bias
    )
    return of_weights, first, spread(of_all)[0] @ weights.input.T


def _gradients_kept(
    layer: _Layer, arguments: Any, kept: _Kept, cotangents: Any
) -> tuple[Any, tuple[Any, ...]]:
    return _gradients(layer, arguments, kept, cotangents), (arguments, kept, cotangents)


def _second(layer: _Layer, saved: tuple[Any, ...], seconds: Any) -> Any:
    # What was kept is a function of the arguments, so the plain form knows all of it.
    (*arguments, valid), kept, cotangents = saved

    def gradients(arguments: Any, cotangents: Any) -> Any:
        def run(weights: Weights, start: Carry, inputs: jax.Array) -> Any:
            return plain_recurrence(layer, weights, start, inputs, valid)

        _, pull = jax.vjp(run, *arguments)
        return pull(cotangents)

    _, pull = jax.vjp(gradients, arguments, cotangents)
    of_arguments, of_cotangents = pull(seconds)
    return (*of_arguments, None), jax.tree.map(jnp.zeros_like, kept), of_cotangents


_gradients.defvjp(_gradients_kept, _second)


def hidden_state(carry: Carry) -> Float[Array, "*T B H"]:
    """The first array of a carry."""
    return jax.tree.leaves(carry)[0]


def _share(weights: Weights, inputs: Float[Array, "*N D"]) -> Float[Array, "*N GH"]:
    return inputs @ weights.input + weights.input_bias


def _of_state(weights: Weights, carry: Carry) -> Float[Array, "B GH"]:
    of_state = hidden_state(carry) @ weights.state
    return of_state if weights.state_bias is None else of_state + weights.state_bias


def _spread(
    combine: Combine, weights: Weights, of_gates: Float[Array, "*N KH"]
) -> tuple[Float[Array, "*N GH"], Float[Array, "*N GH"]]:
    """The transpose of `combine`."""
    shape = (*of_gates.shape[:-1], weights.state.shape[1])
    share = jax.ShapeDtypeStruct(shape, of_gates.dtype)
    of_inputs, of_state = jax.linear_transpose(combine, share, share)(of_gates)
    return of_inputs, of_state


def _stood(valid: jax.Array, moved: Carry, carry: Carry) -> Carry:
    return jax.tree.map(lambda new, old: jnp.where(valid, new, old), moved, carry)


def _added(carry: Carry, more: jax.Array) -> Carry:
    first, *others = jax.tree.leaves(carry)
    return jax.tree.unflatten(jax.tree.structure(carry), [first + more, *others])


def _room(tree: Any, steps: int) -> Any:
    """For each array `[B, ...]` of each step: zeros `[B, T, ...]`."""
    return jax.tree.map(
        lambda leaf: jnp.zeros((leaf.shape[0], steps, *leaf.shape[1:]), leaf.dtype), tree
    )


def _at(array: jax.Array, time: jax.Array) -> jax.Array:
    return jax.lax.dynamic_index_in_dim(array, time, 1, keepdims=False)


def _put(array: jax.Array, value: jax.Array, time: jax.Array) -> jax.Array:
    return jax.lax.dynamic_update_index_in_dim(array, value, time, 1)
