import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from research.arguments import ArgumentError
from research.models import Network, SeparableCNN
from tests.research.models.arrays import filled
from tests.research.models.test_blocks import in_numpy

KEY = jax.random.key(0)


def test_the_network_equals_numpy():
    network = Network.from_nnx(
        lambda rngs: SeparableCNN(
            1, stem=3, widths=(4, 5), strides=(1, 2), outputs=2, dropout=0.5, rngs=rngs
        )
    )
    variables = filled(network, scale=1.0)
    params, moments = jax.tree.map(np.asarray, tuple(variables))
    images = np.random.default_rng(1).normal(size=(2, 7, 6, 1)).astype(np.float32)

    def layer(x, params, moments, *, stride=1, groups=1):
        hidden = in_numpy(x, params["convolution"]["kernel"], stride, groups)
        hidden = (hidden - moments["norm"]["mean"]) / np.sqrt(moments["norm"]["var"] + 1e-5)
        return np.clip(hidden * params["norm"]["scale"] + params["norm"]["bias"], 0, 6)

    hidden = layer(images, params["stem"], moments["stem"])
    outputs = jax.jit(lambda v: network.apply(v, images, False, None)[0])(variables)
    for index, stride in enumerate((1, 2)):
        p, m = params["blocks"][str(index)], moments["blocks"][str(index)]
        hidden = layer(
            hidden, p["depthwise"], m["depthwise"], stride=stride, groups=hidden.shape[-1]
        )
        hidden = layer(hidden, p["pointwise"], m["pointwise"])
        np.testing.assert_allclose(outputs[f"block_{index + 1}"], hidden, rtol=1e-3, atol=1e-3)
    features = hidden.mean((1, 2))
    np.testing.assert_allclose(outputs["features"], features, rtol=1e-3, atol=1e-3)
    logits = features @ params["readout"]["kernel"] + params["readout"]["bias"]
    np.testing.assert_allclose(outputs["logits"], logits, rtol=1e-3, atol=1e-3)


def test_published_size():
    network = Network.from_nnx(
        lambda rngs: SeparableCNN(
            3,
            widths=(64, 128, 128, 256, 256, *[512] * 6, 1024, 1024),
            strides=(1, 2, 1, 2, 1, 2, *[1] * 5, 2, 1),
            outputs=1000,
            stem_stride=2,
            rngs=rngs,
        )
    )
    variables = jax.eval_shape(network.init, KEY)
    # Keras' MobileNet has 4,253,864, of which 21,888 are moments.
    assert sum(leaf.size for leaf in jax.tree.leaves(variables.params)) == 4_231_976
    outputs, _ = jax.eval_shape(
        lambda v: network.apply(v, jnp.ones((1, 224, 224, 3)), False, None), variables
    )
    assert outputs["block_13"].shape == (1, 7, 7, 1024)


def test_errors():
    with pytest.raises(ArgumentError, match="found 2 widths and 1 strides"):
        SeparableCNN(1, widths=(2, 3), strides=(1,), outputs=2, rngs=nnx.Rngs(0))
