import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from research.models import MLP, Network
from research.tasks import Classification
from research.training import adamw


def task(**options):
    network = Network.from_nnx(lambda rngs: MLP(3, hidden=(8,), outputs=2, dropout=0.1, rngs=rngs))
    return Classification(network=network, optimizer=optax.sgd(0.1), **options)


BATCH = {
    "inputs": np.random.default_rng(0).normal(size=(16, 3)).astype(np.float32),
    "labels": np.arange(16, dtype=np.int32) % 2,
}


def test_a_step_is_pure_and_counts():
    trained = task()
    state = trained.init(0)
    first, metrics = jax.jit(trained.step)(state, BATCH)
    again, _ = jax.jit(trained.step)(state, BATCH)
    jax.tree.map(np.testing.assert_array_equal, first, again)
    assert int(first.step) == 1
    assert set(metrics) == {"loss", "accuracy", "gradient_norm"}
    second, _ = jax.jit(trained.step)(first, BATCH)
    assert int(second.step) == 2


def test_seeds_give_different_networks_and_noise():
    trained = task()
    a, b = trained.init(0), trained.init(1)
    assert not np.array_equal(
        a.variables.params["readout"]["kernel"], b.variables.params["readout"]["kernel"]
    )
    keys = {
        tuple(np.asarray(jax.random.key_data(state.key(stream))))
        for state in (a, b)
        for stream in (0, 1)
    }
    keys |= {tuple(np.asarray(jax.random.key_data(a._replace(step=jnp.int32(7)).key(0))))}
    assert len(keys) == 5


def test_step_follows_the_gradient_of_the_loss():
    network = Network.from_nnx(lambda rngs: MLP(3, hidden=(), outputs=2, rngs=rngs))
    trained = Classification(network=network, optimizer=optax.sgd(1.0))
    state = trained.init(0)
    kernel, bias = (
        np.asarray(state.variables.params["readout"][k], np.float64) for k in ("kernel", "bias")
    )
    logits = BATCH["inputs"] @ kernel + bias
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    residual = (probabilities - np.eye(2)[BATCH["labels"]]) / 16
    stepped, metrics = trained.step(state, BATCH)
    np.testing.assert_allclose(
        stepped.variables.params["readout"]["kernel"],
        kernel - BATCH["inputs"].T @ residual,
        rtol=1e-4,
        atol=1e-6,
    )
    expected = -np.log(probabilities[np.arange(16), BATCH["labels"]]).mean()
    assert float(metrics["loss"]) == pytest.approx(expected, rel=1e-5)


def test_evaluation_ignores_padding():
    trained = task()
    variables = trained.init(0).variables
    whole = trained.evaluate(variables, BATCH | {"weight": np.ones(16, np.float32)})
    padded = {name: np.concatenate([array, array[:4]]) for name, array in BATCH.items()}
    weight = np.append(np.ones(16), np.zeros(4)).astype(np.float32)
    for name, value in trained.evaluate(variables, padded | {"weight": weight}).items():
        np.testing.assert_allclose(value, whole[name], rtol=1e-6)


def test_augmentation_runs_in_training_only():
    trained = task(augment=lambda key, inputs: inputs * jnp.nan)
    state = trained.init(0)
    _, metrics = trained.step(state, BATCH)
    assert np.isnan(metrics["loss"])
    assert np.isfinite(trained.predict(state.variables, BATCH["inputs"])["logits"]).all()


def test_label_smoothing_raises_the_loss_of_certainty():
    state = task().init(0)
    _, plain = task().step(state, BATCH)
    _, smooth = task(label_smoothing=0.2).step(state, BATCH)
    assert float(plain["loss"]) != float(smooth["loss"])


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
