import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from research.models.upsampling import Upsample

INIT = nnx.initializers.normal(1.0)


@pytest.mark.parametrize(("height", "width", "cin", "cout"), [(3, 5, 2, 3), (1, 1, 1, 1)])
def test_it_is_the_transposed_convolution(height, width, cin, cout):
    reference = nnx.ConvTranspose(cin, cout, (4, 4), strides=(2, 2), rngs=nnx.Rngs(0))
    upsample = Upsample(cin, cout, kernel_init=INIT, rngs=nnx.Rngs(0))
    bias = jax.random.normal(jax.random.key(1), (cout,))
    for module in (reference, upsample):
        module.kernel[...] = jax.random.normal(jax.random.key(0), (4, 4, cin, cout))
        module.bias[...] = bias
    images = jax.random.normal(jax.random.key(2), (2, height, width, cin))
    assert upsample(images).shape == (2, 2 * height, 2 * width, cout)
    np.testing.assert_allclose(upsample(images), reference(images), rtol=1e-4, atol=1e-5)


def test_types_are_promoted_as_in_any_layer():
    upsample = Upsample(1, 1, use_bias=False, kernel_init=INIT, rngs=nnx.Rngs(0))
    assert upsample.bias is None
    assert upsample(jnp.ones((1, 2, 2, 1), jnp.bfloat16)).dtype == jnp.float32
