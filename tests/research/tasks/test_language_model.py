from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from research.models import Network, Transformer, Variables
from research.tasks import LanguageModel
from tests.research.models.arrays import filled

V = 5
TOKENS = np.array([[1, 2, 3, 0, 0], [4, 1, 2, 3, 4], [2, 0, 0, 0, 0]], np.int32)
KEYS = jax.random.split(jax.random.key(0), 3)


def bigram():
    """Logits of the next token are a row of a table."""

    def apply(variables, inputs, train, keys):
        return {"logits": variables.params["table"][inputs]}, variables.statistics

    def init(key):
        return Variables({"table": jax.random.normal(key, (V, V))}, {})

    return Network(init=init, apply=apply)


def task(padding=0, network=None):
    return LanguageModel(network=network or bigram(), optimizer=optax.sgd(1.0), padding=padding)


def by_hand(table, tokens, weights, padding):
    """Loss, hits and weight, token by token."""
    sums = np.zeros(3)
    for row, weight in zip(tokens, weights, strict=True):
        for this, following in pairwise(row):
            if following == padding:
                continue
            probabilities = np.exp(table[this]) / np.exp(table[this]).sum()
            hit = table[this].argmax() == following
            sums += weight * np.array([-np.log(probabilities[following]), hit, 1])
    return dict(zip(("loss", "accuracy", "weight"), sums, strict=True))


@pytest.mark.parametrize("padding", [0, None])
def test_every_token_weighs_the_same_and_padding_nothing(padding):
    trained = task(padding)
    variables = trained.init(jax.random.key(0))
    table = np.float64(variables.params["table"])
    objective = trained.updates[0].loss(variables, {"inputs": TOKENS}, KEYS)
    expected = by_hand(table, TOKENS, np.ones(3), padding)
    assert float(objective.weight) == expected.pop("weight") == (6 if padding == 0 else 12)
    for name, value in expected.items():
        np.testing.assert_allclose(objective.metrics[name], value, rtol=1e-5)
    assert objective.loss.dtype == jnp.float32
    np.testing.assert_allclose(objective.loss, expected["loss"], rtol=1e-5)

    weights = np.array([0.5, 2, 0], np.float32)
    sums = trained.evaluate(variables, {"inputs": TOKENS, "weight": weights})
    expected = by_hand(table, TOKENS, weights, padding)
    assert sums.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(sums[name], value, rtol=1e-5)


def test_what_is_asked_for_is_not_shown():
    network = Network.from_nnx(lambda rngs: Transformer(V, width=8, layers=1, heads=2, rngs=rngs))
    trained, variables = task(None, network), filled(network)
    tokens = np.array([[1, 2, 3, 4]], np.int32)
    changed = np.array([[1, 2, 3, 1]], np.int32)
    predict = jax.jit(lambda tokens: trained.predict(variables, tokens)["logits"])
    logits, other = predict(tokens), predict(changed)
    np.testing.assert_array_equal(logits[:, :3], other[:, :3])
    assert logits.shape == (1, 4, V)


def test_it_learns_a_cycle():
    network = Network.from_nnx(lambda rngs: Transformer(V, width=8, layers=1, heads=2, rngs=rngs))
    trained = task(None, network)
    variables = trained.init(jax.random.key(0))
    tokens = (np.arange(8) + np.arange(4)[:, None]).astype(np.int32) % V
    optimizer = optax.adam(0.03)
    state = optimizer.init(variables.params)

    @jax.jit
    def step(params, state):
        def loss(params):
            own = variables._replace(params=params)
            sums = trained.updates[0].loss(own, {"inputs": tokens}, KEYS)
            return sums.loss / sums.weight

        updates, state = optimizer.update(jax.grad(loss)(params), state)
        return optax.apply_updates(params, updates), state

    params = variables.params
    for _ in range(60):
        params, state = step(params, state)
    sums = trained.evaluate(
        variables._replace(params=params), {"inputs": tokens, "weight": np.ones(4)}
    )
    assert sums["accuracy"] == sums["weight"] == 28


@pytest.mark.parametrize(
    ("examples", "message"),
    [
        ({"tokens": TOKENS}, "found the names tokens, expected inputs"),
        ({"inputs": TOKENS[:, :1]}, r"inputs are int32 \(3, 1\), expected integers \[N, T\]"),
        ({"inputs": TOKENS.astype(float)}, "inputs are float64"),
        ({"inputs": TOKENS + 1}, "tokens run from 1 to 5, the network knows 5: expected 0 to 4"),
        ({"inputs": 0 * TOKENS}, "all tokens are the padding id 0: nothing to learn"),
    ],
)
def test_examples_that_cannot_be_used(examples, message):
    task().check({"inputs": TOKENS})
    with pytest.raises(ValueError, match=message):
        task().check(examples)


def test_nats_are_those_that_the_evaluation_sums():
    trained = task(padding=None)
    variables = trained.init(jax.random.key(0))
    nats = trained.nats(variables, TOKENS)
    assert nats.shape == (3, 4) and nats.dtype == jnp.float32
    sums = trained.evaluate(variables, {"inputs": TOKENS, "weight": np.ones(3, np.float32)})
    np.testing.assert_allclose(nats.sum(), sums["loss"], rtol=1e-6)
    table = np.float64(variables.params["table"])
    expected = np.log(np.exp(table[1]).sum()) - table[1, 2]
    np.testing.assert_allclose(nats[0, 0], expected, rtol=1e-6)
