import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from research.arguments import ArgumentError
from research.models import MLP, Network
from research.models.autoencoder import Autoencoder
from research.models.random import example_keys
from research.tasks.reconstruction import Reconstruction
from tests.research.models.arrays import filled

INPUTS = np.random.default_rng(0).random((10, 4)).astype(np.float32)
KEYS = example_keys(jnp.uint32(0), jnp.int32(0), jnp.arange(10))


def task(**options):
    network = Network.from_nnx(
        lambda rngs: Autoencoder((4,), hidden=(), code=2, bounded=False, rngs=rngs)
    )
    return Reconstruction(network=network, optimizer=optax.adam(0.02), **options)


def loss(trained, variables, inputs=INPUTS, keys=KEYS):
    return trained.updates[0].loss(variables, {"inputs": inputs}, keys)


def test_the_loss_is_the_sum_of_the_scores():
    trained = task()
    variables = filled(trained.network)
    outputs = trained.predict(variables, INPUTS)
    by_hand = np.square(INPUTS - outputs["reconstruction"]).mean(1)
    np.testing.assert_allclose(outputs["score"], by_hand, rtol=1e-5)
    whole = loss(trained, variables)
    assert float(whole.loss) == pytest.approx(by_hand.sum(), rel=1e-5)
    assert float(whole.weight) == 10
    halves = [loss(trained, variables, INPUTS[p], KEYS[p]) for p in (slice(3), slice(3, 10))]
    assert sum(float(half.loss) for half in halves) == pytest.approx(float(whole.loss), rel=1e-5)
    weight = jnp.arange(10, dtype=jnp.float32)
    sums = trained.evaluate(variables, {"inputs": INPUTS, "weight": weight})
    assert float(sums["loss"]) == pytest.approx(by_hand @ np.arange(10), rel=1e-5)
    assert float(sums["weight"]) == 45


def test_a_corrupted_input_is_measured_against_the_clean_one():
    trained = task(corrupt=lambda keys, inputs: inputs + 1)
    variables = filled(trained.network)
    made = trained.predict(variables, INPUTS + 1)["reconstruction"]
    expected = np.square(INPUTS - made).mean(1).sum()
    assert float(loss(trained, variables).loss) == pytest.approx(expected, rel=1e-5)


def test_a_linear_autoencoder_comes_to_what_pca_reaches():
    from research.models.unsupervised import PCA

    trained = task()
    pca = PCA(components=2)
    best = float(pca.predict(pca.fit({"inputs": INPUTS}, {}, 0), INPUTS)["score"].mean())

    @jax.jit
    def step(variables, state):
        gradient = jax.grad(lambda p: loss(trained, variables._replace(params=p)).loss)(
            variables.params
        )
        change, state = trained.optimizer.update(gradient, state)
        return variables._replace(params=optax.apply_updates(variables.params, change)), state

    variables = filled(trained.network)
    state = trained.optimizer.init(variables.params)
    for _ in range(1500):
        variables, state = step(variables, state)
    reached = float(loss(trained, variables).loss) / 10
    assert best * 0.999 <= reached <= best * 1.05


def test_what_it_cannot_be_trained_on():
    task().check({"inputs": INPUTS})
    for examples, message in (
        ({"x": INPUTS}, "found the names x, expected inputs"),
        ({"inputs": INPUTS.astype(int)}, "expected floats"),
        (
            {"inputs": INPUTS.reshape(10, 2, 2)},
            r"inputs have the shape \[2, 2\], the network makes \[4\]",
        ),
    ):
        with pytest.raises(ArgumentError, match=message):
            task().check(examples)
    network = Network.from_nnx(lambda rngs: MLP(4, hidden=(), outputs=2, rngs=rngs))
    with pytest.raises(ArgumentError, match="has no reconstruction"):
        Reconstruction(network=network, optimizer=optax.sgd(0.1)).check({"inputs": INPUTS})
