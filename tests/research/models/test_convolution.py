"""The layers beside flax's own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from research.models.convolution import Conv, ConvTranspose

OPTIONS = [
    {},
    {"strides": 2, "use_bias": False},
    {"strides": (2, 1), "padding": 1},
    {"padding": ((1, 2), (0, 1)), "kernel_dilation": 2},
    {"padding": "CIRCULAR"},
    {"mask": np.arange(72).reshape(2, 3, 4, 3) % 2},
    {"dtype": jnp.bfloat16},
]


def assert_same(ours, theirs, images):
    assert nnx.to_pure_dict(nnx.state(ours)).keys() == nnx.to_pure_dict(nnx.state(theirs)).keys()
    for layer in (ours, theirs):
        if layer.bias is not None:
            layer.bias[...] = jnp.arange(3.0)
    actual, expected = (jax.jit(layer.__call__)(images) for layer in (ours, theirs))
    assert (actual.shape, actual.dtype) == (expected.shape, expected.dtype)
    tolerance = 0.05 if actual.dtype == jnp.bfloat16 else 1e-5
    np.testing.assert_allclose(
        np.float32(actual), np.float32(expected), rtol=tolerance, atol=tolerance
    )


def images(*batch):
    return jax.random.normal(jax.random.key(0), (*batch, 6, 5, 4))


@pytest.mark.parametrize(
    "options",
    [
        *OPTIONS,
        {"input_dilation": 2, "padding": 1},
        {"padding": "REFLECT"},
        {"preferred_element_type": float},
    ],
)
def test_convolution(options):
    layers = [kind(4, 3, (2, 3), rngs=nnx.Rngs(0), **options) for kind in (Conv, nnx.Conv)]
    assert_same(*layers, images(2))


@pytest.mark.parametrize(
    "options", [*OPTIONS, {"strides": 3, "padding": "VALID"}, {"strides": 2, "padding": "CIRCULAR"}]
)
def test_transposed_convolution(options):
    kinds = (ConvTranspose, nnx.ConvTranspose)
    assert_same(*(kind(4, 3, (2, 3), rngs=nnx.Rngs(0), **options) for kind in kinds), images(2))


def test_a_mirrored_kernel():
    kinds = (ConvTranspose, nnx.ConvTranspose)
    layers = [
        kind(4, 3, (2, 3), strides=2, transpose_kernel=True, rngs=nnx.Rngs(0)) for kind in kinds
    ]
    assert layers[0].kernel.shape == (2, 3, 3, 4)
    assert_same(*layers, images(2))


@pytest.mark.parametrize("kind", [Conv, ConvTranspose])
@pytest.mark.parametrize("batch", [(), (2, 3)])
def test_any_number_of_leading_axes(kind, batch):
    layer = kind(4, 3, (3, 3), rngs=nnx.Rngs(0))
    flat = layer(images(*batch).reshape(-1, 6, 5, 4))
    np.testing.assert_array_equal(layer(images(*batch)), flat.reshape(*batch, 6, 5, 3))
