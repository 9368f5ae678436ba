import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from research.models import MLP, Network
from research.models.random import example_keys
from research.tasks import Classification
from research.training import adamw


def task(**options):
    network = Network.from_nnx(lambda rngs: MLP(3, hidden=(8,), outputs=2, dropout=0.1, rngs=rngs))
    return Classification(network=network, optimizer=optax.sgd(0.1), **options)


BATCH = {
    "inputs": np.random.default_rng(0).normal(size=(16, 3)).astype(np.float32),
    "labels": np.arange(16, dtype=np.int32) % 2,
}


KEYS = example_keys(jnp.uint32(0), jnp.int32(0), jnp.arange(16))


def objective(trained, variables, batch=BATCH, keys=KEYS):
    (update,) = trained.updates
    return update.loss(variables, batch, keys)


def test_the_objective_is_a_sum_over_examples():
    trained = task()
    variables = trained.init(jax.random.key(0))
    whole = objective(trained, variables)
    halves = [
        objective(trained, variables, jax.tree.map(lambda a, p=p: a[p], BATCH), KEYS[p])
        for p in (slice(0, 5), slice(5, 16))
    ]
    assert float(whole.weight) == 16 == sum(float(half.weight) for half in halves)
    assert float(whole.loss) == pytest.approx(sum(float(half.loss) for half in halves), rel=1e-5)
    assert float(whole.metrics["accuracy"]) == sum(float(h.metrics["accuracy"]) for h in halves)
    assert set(whole.metrics) == {"loss", "accuracy"}


def test_the_gradient_is_that_of_softmax_regression():
    network = Network.from_nnx(lambda rngs: MLP(3, hidden=(), outputs=2, rngs=rngs))
    trained = Classification(network=network, optimizer=optax.sgd(1.0))
    variables = trained.init(jax.random.key(0))
    kernel, bias = (
        np.asarray(variables.params["readout"][name], np.float64) for name in ("kernel", "bias")
    )
    logits = BATCH["inputs"] @ kernel + bias
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    residual = probabilities - np.eye(2)[BATCH["labels"]]
    gradient = jax.grad(lambda v: objective(trained, v).loss)(variables).params["readout"]
    np.testing.assert_allclose(
        gradient["kernel"], BATCH["inputs"].T @ residual, rtol=1e-4, atol=1e-5
    )
    expected = -np.log(probabilities[np.arange(16), BATCH["labels"]]).sum()
    assert float(objective(trained, variables).loss) == pytest.approx(expected, rel=1e-5)


def test_evaluation_ignores_padding():
    trained = task()
    variables = trained.init(jax.random.key(0))
    whole = trained.evaluate(variables, BATCH | {"weight": np.ones(16, np.float32)})
    padded = {name: np.concatenate([array, array[:4]]) for name, array in BATCH.items()}
    weight = np.append(np.ones(16), np.zeros(4)).astype(np.float32)
    for name, value in trained.evaluate(variables, padded | {"weight": weight}).items():
        np.testing.assert_allclose(value, whole[name], rtol=1e-6)


def test_augmentation_runs_in_training_only():
    trained = task(augment=lambda keys, inputs: inputs * jnp.nan)
    variables = trained.init(jax.random.key(0))
    assert np.isnan(objective(trained, variables).loss)
    assert np.isfinite(trained.predict(variables, BATCH["inputs"])["logits"]).all()


def test_label_smoothing_raises_the_loss_of_certainty():
    variables = task().init(jax.random.key(0))
    plain, smooth = (objective(task(label_smoothing=s), variables).loss for s in (0.0, 0.2))
    assert float(plain) != float(smooth)


def test_adamw_decays_matrices_only():
    params = {"kernel": jnp.ones((2, 2)), "bias": jnp.ones(2)}
    optimizer = adamw(learning_rate=0.1, steps=10, weight_decay=0.5)
    zero = jax.tree.map(jnp.zeros_like, params)
    updates, _ = optimizer.update(zero, optimizer.init(params), params)
    assert (np.asarray(updates["kernel"]) < 0).all()
    assert (np.asarray(updates["bias"]) == 0).all()


def test_adamw_warms_up_and_ends_at_zero():
    params = {"bias": jnp.ones(2)}
    optimizer = adamw(learning_rate=0.1, steps=20, warmup=5)
    state, sizes = optimizer.init(params), []
    for _ in range(21):
        updates, state = optimizer.update({"bias": jnp.ones(2)}, state, params)
        sizes.append(float(jnp.abs(updates["bias"]).max()))
    assert sizes[0] == 0.0
    assert np.argmax(sizes) == 5
    assert sizes[20] == pytest.approx(0.0, abs=1e-8)
