"""Layer normalisation as products beside numpy's and beside jax's gradients."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from research.models import ops
from research.models.norm import LayerNorm
from research.models.ops.normalisation import plain, products
from tests.research.models.ops.test_attention import once, twice
from tests.research.models.ops.test_convolution import assert_equal

EPSILON = 1e-5


def arguments(shape, *, mean=0.0):
    random = np.random.default_rng(0)
    return tuple(
        jnp.asarray(random.normal(size=size) + offset, jnp.float32)
        for size, offset in ((shape, mean), (shape[-1:], 1), (shape[-1:], 0))
    )


@pytest.mark.parametrize("shape", [(6,), (5, 7), (2, 3, 16), (4, 1), (0, 8)])
def test_values_and_gradients(shape):
    arrays = arguments(shape)
    ours, theirs = (functools.partial(form, EPSILON) for form in (products, plain))
    assert_equal(once(ours, arrays), once(theirs, arrays))
    assert_equal(twice(ours, arrays), twice(theirs, arrays))


def test_a_large_mean_loses_no_digits():
    inputs, scale, bias = arguments((8, 64), mean=1000)
    wide = np.float64(inputs)
    centred = wide - wide.mean(-1, keepdims=True)
    expected = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + EPSILON) * scale + bias
    actual = jax.jit(functools.partial(ops.layer_norm, epsilon=EPSILON))(inputs, scale, bias)
    np.testing.assert_allclose(actual, expected, atol=1e-3)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_halves_are_normalised_in_float32(dtype):
    arrays = [part.astype(dtype) for part in arguments((4, 64), mean=3)]
    actual = ops.layer_norm(*arrays, epsilon=EPSILON)
    exact = ops.layer_norm(*(part.astype("float32") for part in arrays), epsilon=EPSILON)
    assert actual.dtype == dtype
    np.testing.assert_array_equal(actual, exact.astype(dtype))


def test_the_layer_has_flax_parameters_and_values():
    layers = [kind(6, epsilon=1e-3, rngs=nnx.Rngs(0)) for kind in (LayerNorm, nnx.LayerNorm)]
    states = [jax.tree.map(np.asarray, nnx.to_pure_dict(nnx.state(layer))) for layer in layers]
    assert_equal(*states)
    inputs, mask = arguments((3, 6))[0], jnp.arange(6) < 4
    np.testing.assert_allclose(layers[0](inputs), layers[1](inputs), atol=1e-5)
    np.testing.assert_allclose(
        layers[0](inputs, mask=mask), layers[1](inputs, mask=mask), atol=1e-5
    )
