from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from research.arguments import ArgumentError
from research.data import augmentation as aug

mask_tokens = jax.jit(aug.mask_tokens, static_argnames=("mask", "vocabulary", "rate", "protected"))
drop_tokens = jax.jit(aug.drop_tokens, static_argnames=("rate", "replacement", "protected"))

COUNT, LENGTH, VOCABULARY, MASK, PADDING = 500, 80, 1000, 4, 0
KEYS = jax.random.split(jax.random.key(0), COUNT)
TOKENS = (
    jax.random.randint(jax.random.key(1), (COUNT, LENGTH), 5, VOCABULARY).at[:, 60:].set(PADDING)
)


def test_the_shares_of_bert():
    masked = mask_tokens(KEYS, TOKENS, mask=MASK, vocabulary=VOCABULARY, protected=(PADDING,))
    inputs, targets, chosen = map(np.asarray, masked)
    np.testing.assert_array_equal(targets, TOKENS)
    np.testing.assert_array_equal(inputs[~chosen], targets[~chosen])
    assert not chosen[:, 60:].any()
    assert abs(chosen[:, :60].mean() - 0.15) < 0.01
    became, was = inputs[chosen], targets[chosen]
    assert abs((became == MASK).mean() - 0.8) < 0.03
    assert abs((became == was).mean() - 0.1) < 0.03
    other = became[(became != MASK) & (became != was)]
    assert abs(len(other) / len(became) - 0.1) < 0.03
    assert other.min() < 50 and other.max() > 950
    assert inputs.dtype == TOKENS.dtype


def test_positions_are_chosen_evenly():
    chosen = mask_tokens(KEYS, TOKENS, mask=4, vocabulary=VOCABULARY, rate=0.5).chosen
    np.testing.assert_allclose(np.mean(chosen, axis=0), 0.5, atol=0.12)


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_none_and_all(rate):
    chosen = mask_tokens(KEYS, TOKENS, mask=4, vocabulary=VOCABULARY, rate=rate).chosen
    assert (chosen == bool(rate)).all()
    dropped = drop_tokens(KEYS, TOKENS, rate=rate, replacement=3)
    assert (dropped == (3 if rate else TOKENS)).all()


def test_dropped_tokens_become_the_replacement():
    dropped = np.asarray(drop_tokens(KEYS, TOKENS, rate=0.2, replacement=3, protected=(PADDING,)))
    changed = dropped != np.asarray(TOKENS)
    assert (dropped[changed] == 3).all()
    assert not changed[:, 60:].any()
    assert abs(changed[:, :60].mean() - 0.2) < 0.01


def test_small_integers_stay_small():
    tokens = np.ones((COUNT, 3), np.uint8)
    for change in (
        partial(aug.drop_tokens, rate=0.5, replacement=3),
        partial(aug.mask_tokens, mask=4, vocabulary=99),
    ):
        assert jax.tree.leaves(jax.eval_shape(change, KEYS, tokens))[0].dtype == jnp.uint8


def test_errors():
    with pytest.raises(ArgumentError, match="rate is 1.5, expected 0 to 1"):
        drop_tokens(KEYS, TOKENS, rate=1.5, replacement=3)
    with pytest.raises(ArgumentError, match="rate is -1, expected 0 to 1"):
        mask_tokens(KEYS, TOKENS, mask=0, vocabulary=9, rate=-1)
    with pytest.raises(ArgumentError, match="mask is 9, expected 0 to 8"):
        mask_tokens(KEYS, TOKENS, mask=9, vocabulary=9)
