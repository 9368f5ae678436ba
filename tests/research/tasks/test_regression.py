import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from research.arguments import ArgumentError
from research.models import MLP, Mean, Network
from research.models.classical import LinearRegression
from research.models.random import example_keys
from research.tasks import Regression
from research.training import fit

RANDOM = np.random.default_rng(0)
INPUTS = RANDOM.normal(size=(32, 3)).astype(np.float32)
TARGETS = (INPUTS @ [1.0, -2.0, 0.5] + 3 + RANDOM.normal(size=32) / 4).astype(np.float32)
BATCH = {"inputs": INPUTS, "targets": TARGETS}
KEYS = example_keys(jnp.uint32(0), jnp.int32(0), jnp.arange(32))


def network(hidden=()):
    return Network.from_nnx(lambda rngs: Mean(MLP(3, hidden=hidden, outputs=1, rngs=rngs)))


def task(hidden=(), **options):
    return Regression(network=network(hidden), optimizer=optax.sgd(0.1), **options)


def test_by_optimisation_as_in_closed_form():
    fitted = fit(task(), BATCH, BATCH, steps=300, batch_size=32, evaluate_every=150)
    closed = LinearRegression().fit(INPUTS, TARGETS, 0).params
    readout = fitted.variables.params["module"]["readout"]
    np.testing.assert_allclose(readout["kernel"][:, 0], closed["kernel"], atol=1e-4)
    np.testing.assert_allclose(readout["bias"][0], closed["bias"], atol=1e-4)


@pytest.mark.parametrize("huber", [None, 0.7])
def test_the_objective_equals_numpy(huber):
    trained = task(hidden=(4,), huber=huber)
    variables = trained.init(jax.random.key(0))
    (update,) = trained.updates
    objective = update.loss(variables, BATCH, KEYS)
    errors = np.abs(np.asarray(trained.predict(variables, INPUTS)["mean"]) - TARGETS)
    squares = errors**2 / 2
    losses = squares
    if huber:
        losses = np.where(errors <= huber, squares, huber * (errors - huber / 2))
    np.testing.assert_allclose(objective.loss, losses.sum(), rtol=1e-5)
    np.testing.assert_allclose(objective.metrics["squared_error"], (errors**2).sum(), rtol=1e-5)
    assert objective.weight == 32
    weight = np.float32(np.arange(32) % 2)
    sums = trained.evaluate(variables, {**BATCH, "weight": weight})
    np.testing.assert_allclose(sums["loss"], (losses * weight).sum(), rtol=1e-5)
    np.testing.assert_allclose(sums["absolute_error"], (errors * weight).sum(), rtol=1e-5)
    np.testing.assert_allclose(sums["squared_error"], (errors**2 * weight).sum(), rtol=1e-5)
    assert sums["weight"] == 16


def test_the_mean_takes_the_place_of_the_logits():
    outputs = task(hidden=(4,)).predict(task(hidden=(4,)).init(jax.random.key(0)), INPUTS)
    assert outputs["mean"].shape == (32,) and "logits" not in outputs
    two = Network.from_nnx(lambda rngs: Mean(MLP(3, hidden=(), outputs=2, rngs=rngs)))
    with pytest.raises(ArgumentError, match=r"logits are \(32, 2\), expected one output"):
        two.apply(two.init(jax.random.key(0)), INPUTS, False, None)


@pytest.mark.parametrize(
    ("examples", "message"),
    [
        ({"inputs": INPUTS}, "found the names inputs, expected inputs and targets"),
        ({**BATCH, "targets": TARGETS.astype(int)}, r"targets are int64 \(32,\), expected floats"),
        ({**BATCH, "targets": TARGETS * np.float32(np.inf)}, "targets hold NaN or infinity"),
    ],
)
def test_bad_examples(examples, message):
    with pytest.raises(ArgumentError, match=message):
        task().check(examples)


def test_bad_options():
    with pytest.raises(ArgumentError, match=r"huber is 0.0, expected more than 0"):
        task(huber=0.0)
