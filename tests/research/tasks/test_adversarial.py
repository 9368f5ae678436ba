import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from research.models import Discriminator, Generator, Network, Variables
from research.models.random import fold_in
from research.tasks import Adversarial
from research.tasks.adversarial import _noise, _pixel_keys
from research.tasks.sample_quality import kernel_distance

B, Z = 6, 3
IMAGE = (2, 2, 1)
REAL = np.random.default_rng(0).uniform(-1, 1, size=(B, *IMAGE)).astype(np.float32)
KEYS = jax.random.split(jax.random.key(1), B)


def linear():
    """Networks that numpy can follow: images = tanh(z A), logits = images . w."""

    def generate(variables, noise, train, keys):
        images = jnp.tanh(noise @ variables.params["a"]).reshape(-1, *IMAGE)
        return {"images": images}, {"calls": variables.statistics["calls"] + train}

    def discriminate(variables, images, train, keys):
        logits = images.reshape(len(images), -1) @ variables.params["w"]
        return {"logits": logits}, {"calls": variables.statistics["calls"] + train}

    zero = {"calls": jnp.zeros(())}
    return (
        Network(
            init=lambda k: Variables({"a": jax.random.normal(k, (Z, 4))}, zero), apply=generate
        ),
        Network(
            init=lambda k: Variables({"w": jax.random.normal(k, (4,))}, zero), apply=discriminate
        ),
    )


def task(networks=None, **options):
    generator, discriminator = networks or linear()
    sgd = optax.sgd(0.1)
    return Adversarial(
        generator=generator,
        discriminator=discriminator,
        latent=Z,
        generator_optimizer=sgd,
        discriminator_optimizer=sgd,
        **options,
    )


@functools.cache
def dcgan(norm="batch"):
    return (
        Network.from_nnx(lambda r: Generator(Z, image=(4, 4, 1), channels=(4, 3), rngs=r)),
        Network.from_nnx(lambda r: Discriminator((4, 4, 1), channels=(3, 4), norm=norm, rngs=r)),
    )


def softplus(x):
    return np.log1p(np.exp(x))


FORMULAS = {
    "non-saturating": (lambda x: softplus(-x), softplus, lambda x: softplus(-x)),
    "hinge": (lambda x: np.maximum(0, 1 - x), lambda x: np.maximum(0, 1 + x), lambda x: -x),
    "wasserstein": (lambda x: -x, lambda x: x, lambda x: -x),
}


def follow(params, noise):
    """Logits of the real and of the generated images, in numpy."""
    w, a = np.float64(params["discriminator"]["w"]), np.float64(params["generator"]["a"])
    return REAL.reshape(B, -1) @ w, np.tanh(noise @ a) @ w


@pytest.mark.parametrize("loss", FORMULAS)
def test_losses_equal_numpy(loss):
    trained = task(loss=loss)
    variables = trained.init(jax.random.key(0))
    noise = np.stack([jax.random.normal(key, (Z,)) for key in fold_in(KEYS, 0)])
    real, generated = follow(variables.params, noise)
    on_real, on_generated, fooling = FORMULAS[loss]
    first, second = (u.loss(variables, {"inputs": REAL}, KEYS) for u in trained.updates)
    np.testing.assert_allclose(
        first.loss, (on_real(real) + on_generated(generated)).sum(), rtol=1e-4
    )
    np.testing.assert_allclose(second.loss, fooling(generated).sum(), rtol=1e-4)
    assert first.metrics["discriminator_loss"] == first.loss
    assert second.metrics["generator_loss"] == second.loss
    assert first.weight == second.weight == B


def test_smoothed_labels_are_less_than_certain_of_real_images_only():
    trained = task(label_smoothing=0.1)
    variables = trained.init(jax.random.key(0))
    noise = np.stack([jax.random.normal(key, (Z,)) for key in fold_in(KEYS, 0)])
    real, generated = follow(variables.params, noise)
    loss = trained.updates[0].loss(variables, {"inputs": REAL}, KEYS).loss
    # The cross-entropy with the label 0.9 instead of 1, by its definition.
    probability = 1 / (1 + np.exp(-real))
    expected = -(0.9 * np.log(probability) + 0.1 * np.log(1 - probability)) + softplus(generated)
    np.testing.assert_allclose(loss, expected.sum(), rtol=1e-4)


def test_with_features_evaluation_tells_the_kernel_distance():
    trained = task(features=lambda images: images.reshape(len(images), -1))
    variables = trained.init(jax.random.key(0))
    weight = np.float32([2, 1, 1, 1, 1, 0])
    found = trained.evaluate(variables, {"inputs": REAL, "weight": weight})
    generated = trained.predict(variables, _noise(_pixel_keys(jnp.asarray(REAL)), Z))["images"]
    expected = kernel_distance(
        generated.reshape(B, -1), jnp.asarray(REAL).reshape(B, -1), jnp.asarray(weight)
    )
    np.testing.assert_allclose(found["kernel_distance"] / found["weight"], expected, rtol=1e-4)


def test_each_update_moves_its_own_part():
    trained = task(discriminator_steps=3)
    variables = trained.init(jax.random.key(0))
    first, second = trained.updates
    assert (first.part, first.repeat) == ("discriminator", 3)
    assert (second.part, second.repeat) == ("generator", 1)
    statistics = [u.loss(variables, {"inputs": REAL}, KEYS).statistics for u in (first, second)]
    calls = [{part: float(s[part]["calls"]) for part in s} for s in statistics]
    assert calls == [
        {"discriminator": 2, "generator": 0},
        {"discriminator": 0, "generator": 1},
    ]


def test_the_gradient_penalty_of_a_linear_discriminator():
    trained = task(loss="wasserstein", gradient_penalty=10.0)
    variables = trained.init(jax.random.key(0))
    plain = task(loss="wasserstein").updates[0].loss(variables, {"inputs": REAL}, KEYS)
    objective = trained.updates[0].loss(variables, {"inputs": REAL}, KEYS)
    norm = np.linalg.norm(variables.params["discriminator"]["w"])
    np.testing.assert_allclose(
        objective.metrics["gradient_penalty"], B * (norm - 1) ** 2, rtol=1e-4
    )
    np.testing.assert_allclose(objective.loss - plain.loss, 10 * B * (norm - 1) ** 2, rtol=1e-4)


def test_a_penalised_dcgan_has_finite_gradients():
    trained = task(dcgan("none"), loss="wasserstein", gradient_penalty=10.0)
    variables = trained.init(jax.random.key(0))
    images = np.zeros((B, 4, 4, 1), np.float32)

    @jax.jit
    @jax.grad
    def gradient(params):
        own = variables._replace(params=params)
        return trained.updates[0].loss(own, {"inputs": images}, KEYS).loss

    moved = gradient(jax.tree.map(jnp.zeros_like, variables.params))
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(moved))


def test_evaluation_does_not_depend_on_the_company():
    trained = task()
    variables = trained.init(jax.random.key(0))
    images = np.random.default_rng(2).uniform(-1, 1, size=(B, *IMAGE)).astype(np.float32)

    def evaluated(images, weight):
        return trained.evaluate(variables, {"inputs": images, "weight": np.float32(weight)})

    whole = evaluated(images, np.ones(B))
    assert set(whole) == {"weight", "loss", "real_loss", "generated_loss"}
    parts = [evaluated(images[:2], [1, 1]), evaluated(images[:1:-1], np.ones(4))]
    weighted = evaluated(np.concatenate([images, images]), [1] * B + [0] * B)
    for name, value in whole.items():
        np.testing.assert_allclose(value, parts[0][name] + parts[1][name], rtol=1e-4)
        np.testing.assert_allclose(value, weighted[name], rtol=1e-4)
    other = evaluated(0.5 * images, np.ones(B))
    assert float(other["generated_loss"]) != float(whole["generated_loss"])


def test_prediction_gives_images_and_how_real_they_look():
    trained = task()
    variables = trained.init(jax.random.key(0))
    noise = np.random.default_rng(0).normal(size=(5, Z)).astype(np.float32)
    outputs = trained.predict(variables, noise)
    assert outputs["images"].shape == (5, *IMAGE)
    np.testing.assert_allclose(outputs["logits"], follow(variables.params, noise)[1], rtol=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss": "saturating"}, "loss is 'saturating', expected one of non-saturating, hinge"),
        ({"gradient_penalty": -1.0}, "gradient_penalty is -1.0, expected 0 or more"),
        ({"discriminator_steps": 0}, "discriminator_steps is 0, expected 1 or more"),
        ({"label_smoothing": 0.5}, "label_smoothing is 0.5, expected 0 or more and less than 0.5"),
        (
            {"label_smoothing": 0.1, "loss": "hinge"},
            "label_smoothing is 0.1, but the loss 'hinge' has no labels",
        ),
    ],
)
def test_options_that_cannot_be_used(options, message):
    with pytest.raises(ValueError, match=message):
        task(**options)


@pytest.mark.parametrize(
    ("examples", "message"),
    [
        ({"images": REAL}, "found the names images, expected inputs"),
        (
            {"inputs": REAL[:, :1]},
            r"inputs are float32 \(6, 1, 2, 1\), expected floats \[N, 2, 2, 1",
        ),
        ({"inputs": 255 * REAL}, "inputs run from .* expected -1 to 1: rescale them"),
        ({"inputs": np.full_like(REAL, np.nan)}, "inputs run from nan to nan"),
    ],
)
def test_examples_that_cannot_be_used(examples, message):
    task().check({"inputs": REAL})
    with pytest.raises(ValueError, match=message):
        task().check(examples)


def test_a_penalty_needs_a_discriminator_without_batch_norm():
    images = {"inputs": np.zeros((B, 4, 4, 1), np.float32)}
    task(dcgan("none"), gradient_penalty=10.0).check(images)
    task(dcgan("spectral"), gradient_penalty=10.0).check(images)
    with pytest.raises(ValueError, match='build it with norm="none"'):
        task(dcgan(), gradient_penalty=10.0).check(images)
