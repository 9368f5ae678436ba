import sys

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from research.models import RNN, GRUCell, LSTMCell, VanillaCell, ops
from research.models.ops.gates import plain_activated
from research.models.ops.recurrence import Weights, hidden_state
from tests.research.models.ops.test_convolution import assert_equal

T, B, D, H = 5, 3, 4, 6
LENGTHS = np.array([5, 2, 0])
KINDS = (VanillaCell, LSTMCell, GRUCell)


def plain(combine, activations, advance, weights, start, inputs, valid):
    """A loop in Python, differentiated by jax."""
    carry, outputs = start, []
    for t in range(inputs.shape[1]):
        projected = inputs[:, t] @ weights.input + weights.input_bias
        recurrent = hidden_state(carry) @ weights.state
        if weights.state_bias is not None:
            recurrent += weights.state_bias
        gates = plain_activated(activations, combine(projected, recurrent))
        moved, counts = advance(carry, gates), valid[:, t, None]
        carry = jax.tree.map(lambda new, old, c=counts: jnp.where(c, new, old), moved, carry)
        outputs.append(jnp.where(counts, hidden_state(carry), 0))
    return jnp.stack(outputs, 1), carry


def arguments(kind):
    cell = kind(D, H, rngs=nnx.Rngs(0))
    random = np.random.default_rng(0)

    def normal(*shape):
        return jnp.asarray(random.normal(size=shape), jnp.float32)

    weights = Weights(
        input=cell.input.kernel[...],
        input_bias=normal(cell.gates * H),
        state=cell.recurrent.kernel[...],
        state_bias=normal(3 * H) if kind is GRUCell else None,
    )
    start = jax.tree.map(lambda leaf: normal(*leaf.shape), cell.start(B, jnp.float32))
    valid = jnp.asarray(np.arange(T) < LENGTHS[:, None])
    return (cell.combine, cell.activations, cell.advance), (weights, start, normal(B, T, D)), valid


@pytest.mark.parametrize("kind", KINDS)
def test_values_and_first_and_second_gradients(kind):
    cell, values, valid = arguments(kind)

    def everything(run):
        def loss(values):
            outputs, carry = run(*cell, *values, valid)
            return jnp.sin(outputs).sum() + sum((leaf**2).sum() for leaf in jax.tree.leaves(carry))

        def penalty(values):
            return sum((leaf**2).sum() for leaf in jax.tree.leaves(jax.grad(loss)(values)))

        return jax.jit(
            lambda values: (
                run(*cell, *values, valid),
                jax.grad(loss)(values),
                jax.grad(penalty)(values),
            )
        )(values)

    assert_equal(everything(ops.recurrence), everything(plain))


@pytest.mark.parametrize("kind", KINDS)
def test_the_form_of_other_platforms(kind, monkeypatch):
    module = sys.modules[Weights.__module__]
    monkeypatch.setattr(module, "on_cpu", lambda fast, other, *arrays: other(*arrays))
    cell, values, valid = arguments(kind)

    def everything(run):
        return jax.jit(
            jax.value_and_grad(lambda values: jnp.sin(run(*cell, *values, valid)[0]).sum())
        )(values)

    assert_equal(everything(ops.recurrence), everything(plain))


@pytest.mark.parametrize("kind", KINDS)
def test_in_half_precision_it_stays_near(kind):
    cell, values, valid = arguments(kind)
    half = jax.tree.map(lambda leaf: leaf.astype(jnp.bfloat16), values)

    def gradients(values):
        return jax.grad(
            lambda values: jnp.sin(ops.recurrence(*cell, *values, valid)[0]).sum(dtype=jnp.float32)
        )(values)

    for rough, fine in zip(
        *map(jax.tree.leaves, (gradients(half), gradients(values))), strict=True
    ):
        assert rough.dtype == jnp.bfloat16
        np.testing.assert_allclose(np.float32(rough), fine, atol=0.1 * np.abs(fine).max())


def test_twenty_steps_of_a_network_are_those_of_the_plain_form(monkeypatch):
    structure, params = nnx.split(RNN(D, hidden=H, layers=2, cell=GRUCell, rngs=nnx.Rngs(0)))
    inputs, optimizer = arguments(GRUCell)[1][2], optax.adam(1e-2)

    def losses():
        def step(carry, _):
            def loss(params):
                states = nnx.merge(structure, params, copy=True)(inputs, jnp.asarray(LENGTHS))
                return ((states["outputs"] - 0.3) ** 2).mean() + (states["last"] ** 2).mean()

            params, state = carry
            value, gradient = jax.value_and_grad(loss)(params)
            updates, state = optimizer.update(gradient, state)
            return (optax.apply_updates(params, updates), state), value

        start = params, optimizer.init(params)
        return jax.jit(lambda start: jax.lax.scan(step, start, length=20)[1])(start)

    ours = losses()
    monkeypatch.setattr(ops, "recurrence", plain)
    assert ours[-1] < ours[0]
    np.testing.assert_allclose(ours, losses(), rtol=1e-4)


def test_within_vmap():
    cell, (weights, start, inputs), valid = arguments(LSTMCell)
    both = jnp.stack([inputs, 2 * inputs])

    def gradient(run, inputs):
        return jax.grad(lambda x: (run(*cell, weights, start, x, valid)[0] ** 2).sum())(inputs)

    expected = jnp.stack([gradient(plain, part) for part in both])
    actual = jax.jit(jax.vmap(lambda inputs: gradient(ops.recurrence, inputs)))(both)
    assert_equal(actual, expected)


def test_the_loop_backward_carries_no_weights():
    cell, values, valid = arguments(VanillaCell)

    def loss(values):
        return ops.recurrence(*cell, *values, valid)[0].sum()

    program = jax.make_jaxpr(jax.grad(loss))(values).jaxpr
    loops = [found for found in equations(program) if found.primitive.name in ("scan", "while")]
    shapes = {variable.aval.shape for loop in loops for variable in loop.outvars}
    assert loops
    assert not shapes & {values[0].input.shape, values[0].state.shape}


def equations(program):
    for equation in program.eqns:
        yield equation
        for inner in jax.tree.leaves(
            equation.params, is_leaf=lambda leaf: hasattr(leaf, "eqns") or hasattr(leaf, "jaxpr")
        ):
            inner = getattr(inner, "jaxpr", inner)
            if hasattr(inner, "eqns"):
                yield from equations(inner)
