import jax
import jax.numpy as jnp
import numpy as np
import pytest

from research.models.ops.gates import activated, of_gates, plain_activated

KINDS = [
    ("tanh",),
    ("sigmoid", "sigmoid", "tanh", "sigmoid"),
    ("sigmoid", "sigmoid", "none", "none"),
    ("none",),
]


def numpy_activated(kinds, gates):
    functions = {"sigmoid": lambda x: 1 / (1 + np.exp(-x)), "tanh": np.tanh, "none": np.copy}
    blocks = np.split(np.float64(gates), len(kinds), axis=-1)
    return np.concatenate([functions[k](b) for k, b in zip(kinds, blocks, strict=True)], -1)


@pytest.mark.parametrize("kinds", KINDS)
def test_values_and_gradients(kinds):
    random = np.random.default_rng(0)
    gates, g = random.normal(size=(2, 5, 3, 2 * len(kinds))).astype(np.float32) * 4
    expected = numpy_activated(kinds, gates)
    for function in (activated, plain_activated):
        np.testing.assert_allclose(function(kinds, jnp.asarray(gates)), expected, atol=2e-7)
    _, pull = jax.vjp(lambda x: plain_activated(kinds, x), jnp.asarray(gates))
    found = of_gates(kinds, activated(kinds, jnp.asarray(gates)), jnp.asarray(g))
    np.testing.assert_allclose(found, pull(jnp.asarray(g))[0], atol=2e-6)


@pytest.mark.parametrize("function", [activated, plain_activated])
def test_the_type_and_the_ends(function):
    gates = jnp.asarray([-100, 100, -100, 100], jnp.bfloat16)
    shaped = function(("sigmoid", "tanh"), gates)
    assert shaped.dtype == jnp.bfloat16
    assert shaped.tolist() == [0, 1, -1, 1]
