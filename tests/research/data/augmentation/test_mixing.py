from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from research.arguments import ArgumentError
from research.data import augmentation as aug

mixup = jax.jit(aug.mixup, static_argnames="alpha")
KEYS = jax.random.split(jax.random.key(0), 6)


def test_mixes_with_the_neighbour_inputs_and_targets_alike():
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(6, 4, 3)).astype(np.float32)
    targets = np.eye(6, dtype=np.float32)
    mixed, shares = mixup(KEYS, inputs, targets, alpha=1.0)
    for example, partner in enumerate([1, 0, 3, 2, 5, 4]):
        share = float(shares[example, example])
        assert 0 < share < 1
        expected = np.zeros(6)
        expected[[example, partner]] = share, 1 - share
        np.testing.assert_allclose(shares[example], expected, atol=1e-6)
        np.testing.assert_allclose(
            mixed[example], share * inputs[example] + (1 - share) * inputs[partner], atol=1e-6
        )
    assert len(np.unique(np.diag(shares))) == 6


@pytest.mark.parametrize("alpha", [0.2, 2.0])
def test_shares_are_beta_distributed(alpha):
    keys = jax.random.split(jax.random.key(1), 4000)
    targets = np.eye(2, dtype=np.float32)[np.arange(4000) % 2]
    _, mixed = mixup(keys, targets, targets, alpha=alpha)
    shares = (mixed * targets).sum(axis=1)
    assert stats.kstest(shares, stats.beta(alpha, alpha).cdf).pvalue > 1e-3
    np.testing.assert_allclose(mixed.sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize(
    ("inputs", "targets", "alpha", "message"),
    [
        (jnp.zeros((3, 2)), jnp.zeros((3, 2)), 1.0, "found 3 examples, expected an even number"),
        (jnp.zeros((4, 2)), jnp.zeros((4, 2)), 0.0, "alpha is 0.0, expected more than 0"),
        (jnp.zeros((4, 2)), jnp.zeros(4, int), 1.0, "targets are int32 .*use jax.nn.one_hot"),
        (jnp.zeros((4, 2), jnp.uint8), jnp.zeros((4, 2)), 1.0, "inputs are uint8"),
    ],
)
def test_what_cannot_be_mixed(inputs, targets, alpha, message):
    with pytest.raises(ArgumentError, match=message):
        aug.mixup(KEYS[: len(inputs)], inputs, targets, alpha=alpha)
