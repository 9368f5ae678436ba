import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from research.models import Network
from research.models.blocks import ConvNorm, max_pool, spatial_mean
from tests.research.models.arrays import filled


class Layer(nnx.Module):
    def __init__(self, rngs, **options):
        self.layer = ConvNorm(4, 4, rngs=rngs, **options)

    def __call__(self, inputs, *, train=False, rngs=None):
        return {"images": self.layer(inputs, train=train)}


def in_numpy(images, kernel, stride, groups):
    """A convolution with half the kernel as border, one product per tap and group."""
    side, width = kernel.shape[0], images.shape[-1] // groups
    padded = np.pad(images, ((0, 0), (side // 2,) * 2, (side // 2,) * 2, (0, 0)))
    height, length = -(-images.shape[1] // stride), -(-images.shape[2] // stride)
    result = np.zeros((len(images), height, length, kernel.shape[-1]), np.float64)
    for group in range(groups):
        outputs = slice(
            group * kernel.shape[-1] // groups, (group + 1) * kernel.shape[-1] // groups
        )
        for row in range(side):
            for column in range(side):
                seen = padded[:, row:, column:, group * width : (group + 1) * width]
                seen = seen[:, ::stride, ::stride][:, :height, :length]
                result[..., outputs] += seen @ kernel[row, column][:, outputs]
    return result


@pytest.mark.parametrize(
    ("options", "activate"),
    [
        ({}, lambda x: np.maximum(x, 0)),
        ({"stride": 2, "kernel": 7}, lambda x: np.maximum(x, 0)),
        ({"groups": 4, "stride": 2, "activation": "relu6"}, lambda x: np.clip(x, 0, 6)),
        ({"kernel": 1, "activation": None}, lambda x: x),
    ],
)
def test_convolution_norm_and_activation(options, activate):
    network = Network.from_nnx(lambda rngs: Layer(rngs, **options))
    variables = filled(network, scale=2.0)
    images = np.random.default_rng(1).normal(size=(2, 5, 6, 4)).astype(np.float32)
    params, moments = variables.params["layer"], variables.statistics["layer"]["norm"]
    hidden = in_numpy(
        images,
        np.asarray(params["convolution"]["kernel"]),
        options.get("stride", 1),
        options.get("groups", 1),
    )
    norm = (hidden - moments["mean"]) / np.sqrt(np.asarray(moments["var"]) + 1e-5)
    expected = activate(norm * params["norm"]["scale"] + params["norm"]["bias"])
    outputs = jax.jit(lambda v: network.apply(v, images, False, None)[0])(variables)
    np.testing.assert_allclose(outputs["images"], expected, rtol=2e-4, atol=2e-4)


def test_the_mean_over_space_is_summed_in_float32():
    images = jnp.ones((2, 3, 64, 64, 5), jnp.bfloat16)
    mean = spatial_mean(images)
    assert (mean.shape, mean.dtype) == ((2, 3, 5), jnp.bfloat16)
    np.testing.assert_array_equal(mean.astype(np.float32), 1)


@pytest.mark.parametrize(("window", "stride", "padding"), [(2, 2, 0), (3, 2, 1)])
def test_max_pool_with_any_leading_axes(window, stride, padding):
    images = jax.random.normal(jax.random.key(0), (2, 3, 6, 8, 2)) - 5
    expected = nnx.max_pool(
        images.reshape(6, 6, 8, 2), (window, window), (stride, stride), [(padding, padding)] * 2
    )
    pooled = max_pool(images, window, stride=stride, padding=padding)
    np.testing.assert_array_equal(pooled, expected.reshape(2, 3, *expected.shape[1:]))
