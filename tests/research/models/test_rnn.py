import functools

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from research.models import RNN, GRUCell
from research.models.random import ExampleRngs
from tests.research.models.cells_in_numpy import gru

B, T, V = 3, 6, 9


def test_two_layers_in_both_directions_equal_one_sequence_at_a_time():
    def build(rngs):
        return RNN(4, hidden=3, layers=2, cell=GRUCell, bidirectional=True, rngs=rngs)

    rnn = build(nnx.Rngs(0))
    params = jax.tree.map(np.float64, nnx.to_pure_dict(nnx.state(rnn)))["layers"]
    inputs = np.random.default_rng(0).normal(size=(B, T, 4)).astype(np.float32)
    lengths = np.array([6, 2, 4])
    states = jax.jit(rnn.__call__)(inputs, lengths)
    for row, length in enumerate(lengths):
        hidden = inputs[row : row + 1, :length]
        for layer in (params[0], params[1]):
            forward = gru(layer["forward"], hidden)
            backward = gru(layer["backward"], hidden[:, ::-1])[:, ::-1]
            hidden = np.concatenate([forward, backward], 2)
        close = functools.partial(np.testing.assert_allclose, rtol=1e-4, atol=1e-5)
        close(states["outputs"][row, :length], hidden[0])
        np.testing.assert_array_equal(states["outputs"][row, length:], 0)
        close(states["last"][row], np.concatenate([hidden[0, -1, :3], hidden[0, 0, 3:]]))


def test_dropout_is_between_layers_too():
    rnn = RNN(4, hidden=3, layers=2, dropout=0.5, rngs=nnx.Rngs(0))
    inputs, lengths = jnp.ones((B, T, 4)), jnp.full(B, T)

    @jax.jit
    def run(keys):
        dropped = rnn(inputs, lengths, train=True, rngs=ExampleRngs(keys))["last"]
        return dropped, rnn(inputs, lengths)["last"]

    dropped, kept = run(jax.random.split(jax.random.key(0), B))
    assert not np.allclose(dropped, kept)
    assert not np.allclose(dropped[0], dropped[1])
