import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from research.models import GRUCell, LSTMCell, VanillaCell

B, T, D, H = 3, 4, 5, 6


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


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
    carry, outputs = cell.start(B, jnp.float32), []
    projected = cell.project(inputs)
    for t in range(T):
        carry, output = cell.step(carry, projected[:, t])
        outputs.append(output)
    return np.stack(outputs, 1)


def vanilla(p, x):
    h, outputs = np.zeros((B, H)), []
    for t in range(T):
        h = np.tanh(x[:, t] @ p["input"]["kernel"] + p["input"]["bias"] + h @ u(p))
        outputs.append(h)
    return np.stack(outputs, 1)


def u(p):
    return p["recurrent"]["kernel"]


def lstm(p, x):
    """Gate by gate, as the equations stand in Gers et al. (2000)."""
    w, b = p["input"]["kernel"], p["input"]["bias"]
    h, c, outputs = np.zeros((B, H)), np.zeros((B, H)), []
    for t in range(T):
        i, f, g, o = (
            x[:, t] @ w[:, k : k + H] + b[k : k + H] + h @ u(p)[:, k : k + H]
            for k in range(0, 4 * H, H)
        )
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        outputs.append(h)
    return np.stack(outputs, 1)


def gru(p, x):
    """As in torch.nn.GRU's documentation."""
    w, b, d = p["input"]["kernel"], p["input"]["bias"], p["recurrent"]["bias"]
    reset, update, new = (slice(k, k + H) for k in range(0, 3 * H, H))
    h, outputs = np.zeros((B, H)), []
    for t in range(T):
        r = sigmoid(x[:, t] @ w[:, reset] + b[reset] + h @ u(p)[:, reset] + d[reset])
        z = sigmoid(x[:, t] @ w[:, update] + b[update] + h @ u(p)[:, update] + d[update])
        n = np.tanh(x[:, t] @ w[:, new] + b[new] + r * (h @ u(p)[:, new] + d[new]))
        h = (1 - z) * n + z * h
        outputs.append(h)
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
    kernel = u(arrays(kind(D, H, rngs=nnx.Rngs(0))))
    gates = kernel.reshape(H, -1, H).swapaxes(0, 1)
    for gate in gates:
        np.testing.assert_allclose(gate @ gate.T, np.eye(H), atol=1e-5)
    assert all(not np.allclose(gate, gates[0]) for gate in gates[1:])
