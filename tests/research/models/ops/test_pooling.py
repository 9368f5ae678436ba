import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from research.models import ops
from tests.research.models.ops.test_convolution import assert_equal

PAIRS = {"max": (ops.max_pool, nnx.max_pool), "avg": (ops.avg_pool, nnx.avg_pool)}


def once(pool, images):
    """The values, and the gradient of their weighted sum."""

    def loss(images):
        values = pool(images)
        return (values * jnp.arange(values.size).reshape(values.shape)).sum()

    return jax.jit(lambda images: (pool(images), jax.grad(loss)(images)))(images)


def twice(pool, images):
    """The gradient of the gradient's square."""

    def loss(images):
        return jnp.sin(pool(images)).sum()

    return jax.jit(jax.grad(lambda images: (jax.grad(loss)(images) ** 2).sum()))(images)


@pytest.mark.parametrize("kind", ["max", "avg"])
@settings(max_examples=4)
@given(
    window=st.tuples(*[st.integers(1, 4)] * 2),
    strides=st.tuples(*[st.integers(1, 3)] * 2),
    padding=st.sampled_from(["SAME", "VALID", ((1, 0), (1, 1))]),
)
def test_any_window(kind, window, strides, padding):
    assume(isinstance(padding, str) or min(window) > 1)  # no window of padding only
    random = np.random.default_rng(0)
    # Few different values, so that many are equal; and all different, for jax's second gradient
    # goes to others of equal values than its first.
    equal = random.integers(-2, 3, (2, 6, 7, 3)).astype(np.float32)
    different = random.permutation(equal.size).reshape(equal.shape).astype(np.float32) / 8
    ours, theirs = (
        lambda images, pool=pool: pool(images, window, strides, padding) for pool in PAIRS[kind]
    )
    assert_equal(once(ours, equal), once(theirs, equal))
    assert_equal(twice(ours, different), twice(theirs, different))


@pytest.mark.parametrize("window", [(2, 2), (3, 1), (2, 3), (6, 7)])
def test_windows_side_by_side(window):
    random = np.random.default_rng(0)
    equal = random.integers(-2, 3, (2, 6, 7, 3)).astype(np.float32)
    different = random.permutation(equal.size).reshape(equal.shape).astype(np.float32) / 8
    ours, theirs = (lambda images, pool=pool: pool(images, window, window) for pool in PAIRS["max"])
    assert_equal(once(ours, equal), once(theirs, equal))
    assert_equal(twice(ours, different), twice(theirs, different))


def test_more_taps_than_a_byte_counts():
    images = jnp.arange(256.0).reshape(1, 256, 1) % 200
    assert ops.max_pool(images, 128)[0, :, 0].tolist() == [127, 199]


def test_without_strides_windows_do_not_overlap():
    images = jnp.arange(16.0).reshape(1, 4, 4, 1)
    np.testing.assert_array_equal(ops.max_pool(images, 2)[0, ..., 0], [[5, 7], [13, 15]])
    np.testing.assert_array_equal(
        ops.avg_pool(images, (1, 4))[0, ..., 0].T, [[1.5, 5.5, 9.5, 13.5]]
    )


def test_sequences_and_half_precision():
    steps = jnp.arange(6, dtype=jnp.bfloat16).reshape(1, 6, 1)
    assert ops.max_pool(steps, 3).tolist() == [[[2], [5]]]
    assert ops.max_pool(steps, 3).dtype == ops.avg_pool(steps, 3).dtype == jnp.bfloat16


@pytest.mark.parametrize("place", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_what_is_no_number_is_not_lost(place):
    images = jnp.zeros((1, 2, 2, 1)).at[(0, *place, 0)].set(jnp.nan)
    assert np.isnan(ops.max_pool(images, 2)).all()


@pytest.mark.parametrize("pool", [ops.max_pool, ops.avg_pool])
@pytest.mark.parametrize(
    ("shape", "window", "message"),
    [
        ((4, 3), 2, r"inputs are \(4, 3\), expected \[B, \*S, C\]"),
        ((1, 4, 4, 3), (2, 2, 2), r"window is \(2, 2, 2\), expected a positive number, or 2"),
        ((1, 4, 4, 3), 5, r"smaller than the window \(5, 5\)"),
    ],
)
def test_windows_that_do_not_fit(pool, shape, window, message):
    with pytest.raises(ValueError, match=message):
        pool(jnp.ones(shape), window)
