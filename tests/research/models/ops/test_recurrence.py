import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from research.models import GRUCell, LSTMCell, VanillaCell, ops
from research.models.ops.recurrence import hidden_state
from tests.research.models.ops.test_convolution import assert_equal

T, B, D, H = 5, 3, 4, 6
LENGTHS = np.array([5, 2, 0])


def plain(advance, weights, start, projected, valid):
    """A loop in Python, differentiated by jax."""
    kernel, bias = weights
    carry, outputs = start, []
    for t in range(T):
        recurrent = hidden_state(carry) @ kernel + (0 if bias is None else bias)
        moved = advance(carry, projected[t], recurrent)
        carry = jax.tree.map(lambda new, old, t=t: jnp.where(valid[t], new, old), moved, carry)
        outputs.append(jnp.where(valid[t], hidden_state(carry), 0))
    return jnp.stack(outputs), carry


def arguments(kind):
    cell = kind(D, H, rngs=nnx.Rngs(0))
    random = np.random.default_rng(0)

    def normal(*shape):
        return jnp.asarray(random.normal(size=shape), jnp.float32)

    weights = (cell.recurrent.kernel[...], normal(3 * H) if kind is GRUCell else None)
    start = jax.tree.map(lambda leaf: normal(*leaf.shape), cell.start(B, jnp.float32))
    valid = jnp.asarray(np.arange(T)[:, None, None] < LENGTHS[:, None])
    return cell.advance, (weights, start, normal(T, B, cell.gates * H)), valid


@pytest.mark.parametrize("kind", [VanillaCell, LSTMCell, GRUCell])
def test_values_and_gradients(kind):
    advance, values, valid = arguments(kind)

    def everything(run):
        def loss(values):
            outputs, carry = run(advance, *values, valid)
            return jnp.sin(outputs).sum() + sum((leaf**2).sum() for leaf in jax.tree.leaves(carry))

        def penalty(values):
            return sum((leaf**2).sum() for leaf in jax.tree.leaves(jax.grad(loss)(values)))

        return jax.jit(
            lambda values: (
                run(advance, *values, valid),
                jax.grad(loss)(values),
                jax.grad(penalty)(values),
            )
        )(values)

    assert_equal(everything(ops.recurrence), everything(plain))


def test_within_vmap():
    advance, (weights, start, projected), valid = arguments(LSTMCell)
    both = jnp.stack([projected, 2 * projected])
    run = jax.vmap(lambda projected: ops.recurrence(advance, weights, start, projected, valid)[0])
    expected = [plain(advance, weights, start, part, valid)[0] for part in both]
    assert_equal(jax.jit(run)(both), jnp.stack(expected))


def test_the_loop_backward_carries_no_weights():
    advance, values, valid = arguments(VanillaCell)

    def loss(values):
        return ops.recurrence(advance, *values, valid)[0].sum()

    program = jax.make_jaxpr(jax.grad(loss))(values)
    loops = [equation for equation in program.eqns if equation.primitive.name == "scan"]
    assert len(loops) == 2
    shapes = {variable.aval.shape for loop in loops for variable in loop.outvars}
    assert values[0][0].shape not in shapes
