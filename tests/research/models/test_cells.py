import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from research.models import GRUCell, LSTMCell, VanillaCell
from tests.research.models.cells_in_numpy import gru, lstm, vanilla

B, T, D, H = 3, 4, 5, 6


def arrays(module):
    return jax.tree.map(np.asarray, nnx.to_pure_dict(nnx.state(module)))


def randomised(cell):
    """The cell with biases that are not zero."""
    for index, path in enumerate(("input", "recurrent")):
        bias = getattr(cell, path).bias
        if bias is not None:
            bias[...] = jax.random.normal(jax.random.key(index), bias.shape)
    return cell


def unrolled(cell, inputs):
    """Outputs [B, T, H] by the cell's own two parts."""
    carry, outputs, step = cell.start(B, jnp.float32), [], jax.jit(cell.step)
    projected = cell.project(jnp.asarray(inputs))
    for t in range(T):
        carry, output = step(carry, projected[:, t])
        outputs.append(output)
    return np.stack(outputs, 1)


@pytest.mark.parametrize(
    ("kind", "reference"), [(VanillaCell, vanilla), (LSTMCell, lstm), (GRUCell, gru)]
)
def test_cells_equal_numpy(kind, reference):
    cell = randomised(kind(D, H, rngs=nnx.Rngs(0)))
    inputs = np.random.default_rng(0).normal(size=(B, T, D))
    expected = reference(jax.tree.map(np.float64, arrays(cell)), inputs)
    actual = unrolled(cell, inputs.astype(np.float32))
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "gates", "bias"), [(VanillaCell, 1, False), (LSTMCell, 4, False), (GRUCell, 3, True)]
)
def test_parameters(kind, gates, bias):
    shapes = jax.tree.map(np.shape, arrays(kind(D, H, rngs=nnx.Rngs(0))))
    recurrent = {"kernel": (H, gates * H)} | ({"bias": (gates * H,)} if bias else {})
    assert shapes == {
        "input": {"kernel": (D, gates * H), "bias": (gates * H,)},
        "recurrent": recurrent,
    }


def test_an_lstm_remembers_before_it_has_learned_to():
    bias = arrays(LSTMCell(D, H, rngs=nnx.Rngs(0)))["input"]["bias"]
    np.testing.assert_array_equal(bias.reshape(4, H).T, np.tile([0, 1, 0, 0], (H, 1)))


@pytest.mark.parametrize("kind", [VanillaCell, LSTMCell, GRUCell])
def test_each_gates_recurrent_matrix_is_orthogonal(kind):
    kernel = arrays(kind(D, H, rngs=nnx.Rngs(0)))["recurrent"]["kernel"]
    gates = kernel.reshape(H, -1, H).swapaxes(0, 1)
    for gate in gates:
        np.testing.assert_allclose(gate @ gate.T, np.eye(H), atol=1e-5)
    assert all(not np.allclose(gate, gates[0]) for gate in gates[1:])
