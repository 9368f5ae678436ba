import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from research.models import Sequences
from research.models.pooling import AttentionPool, mean_pool
from research.models.sequences import reverse

TOKENS = np.array([[3, 0, 5, 0], [1, 2, 3, 4], [0, 0, 0, 0]], np.int32)


def test_a_sequence_ends_after_its_last_token_that_is_no_padding():
    sequences = Sequences.of(TOKENS, padding=0)
    assert sequences.lengths.tolist() == [3, 4, 0]
    assert sequences.valid.sum(1).tolist() == [3, 4, 0]
    assert sequences.valid[0].tolist() == [True, True, True, False]


def test_without_padding_all_are_as_long_as_the_array():
    assert Sequences.of(TOKENS, padding=None).lengths.tolist() == [4, 4, 4]
    assert Sequences.of(np.zeros((2, 5, 3), np.float32), padding=0).lengths.tolist() == [5, 5]


def test_lengths_that_are_told_hold():
    lengths = np.array([1, 2, 3])
    assert Sequences.of({"tokens": TOKENS, "lengths": lengths}, padding=0).lengths.tolist() == [
        1,
        2,
        3,
    ]
    features = {"features": np.zeros((3, 4, 2), np.float32), "lengths": lengths}
    assert Sequences.of(features, padding=0).lengths.dtype == jnp.int32


def test_no_positions_at_all():
    assert Sequences.of(np.zeros((2, 0), np.int32), padding=0).lengths.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"tokens": TOKENS}, r"found the inputs tokens, expected tokens and lengths"),
        ({}, r"found the inputs \(none\)"),
        (TOKENS[0], r"inputs are int32 \(4,\), expected tokens int \[B, T\]"),
        (TOKENS.astype(np.float32), r"inputs are float32 \(3, 4\), expected"),
    ],
)
def test_other_inputs_are_told(inputs, message):
    with pytest.raises(ValueError, match=message):
        Sequences.of(inputs, padding=0)


def test_reversal_leaves_the_padding_at_the_end():
    values = TOKENS[..., None].astype(np.float32)
    turned = reverse(jnp.asarray(values), jnp.array([3, 4, 0]))
    assert turned[..., 0].tolist() == [[5, 0, 3, 0], [4, 3, 2, 1], [0, 0, 0, 0]]


def test_mean_is_over_the_valid_states():
    states = np.random.default_rng(0).normal(size=(3, 4, 2)).astype(np.float32)
    valid = Sequences.of(TOKENS, padding=0).valid
    pooled = mean_pool(jnp.asarray(states), valid)
    np.testing.assert_allclose(pooled[0], states[0, :3].mean(0), rtol=1e-6)
    np.testing.assert_allclose(pooled[1], states[1].mean(0), rtol=1e-6)
    np.testing.assert_array_equal(pooled[2], 0)


def test_attention_pooling_equals_numpy():
    states = np.random.default_rng(0).normal(size=(3, 4, 2)).astype(np.float32)
    pool = AttentionPool(2, rngs=nnx.Rngs(0))
    pool.hidden.bias[...] = jnp.array([0.5, -0.5])
    pooled, weights = pool(jnp.asarray(states), Sequences.of(TOKENS, padding=0).valid)
    w, b, v = (
        np.asarray(p[...]) for p in (pool.hidden.kernel, pool.hidden.bias, pool.score.kernel)
    )
    for row, length in ((0, 3), (1, 4)):
        scores = np.tanh(states[row, :length] @ w + b) @ v[:, 0]
        expected = np.exp(scores) / np.exp(scores).sum()
        np.testing.assert_allclose(weights[row, :length], expected, rtol=1e-5)
        np.testing.assert_allclose(pooled[row], expected @ states[row, :length], rtol=1e-4)
    assert weights[0, 3] == 0
    np.testing.assert_array_equal(pooled[2], 0)
    gradient = jax.grad(lambda s: pool(s, Sequences.of(TOKENS, padding=0).valid)[0].sum())(states)
    assert np.isfinite(gradient).all()
