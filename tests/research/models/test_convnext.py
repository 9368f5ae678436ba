import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from research.arguments import ArgumentError
from research.models import ConvNeXt, Network
from research.models.convnext import ConvNeXtBlock
from tests.research.models.arrays import filled
from tests.research.models.test_blocks import in_numpy

KEY = jax.random.key(0)
ERF = np.vectorize(math.erf)


class Block(nnx.Module):
    def __init__(self, rngs):
        self.block = ConvNeXtBlock(3, rngs=rngs)

    def __call__(self, inputs, *, train=False, rngs=None):
        return {"images": self.block(inputs, train=train, rngs=rngs)}


def small(**options):
    return Network.from_nnx(
        lambda rngs: ConvNeXt(
            1, blocks=(1, 2), widths=(4, 6), outputs=3, patch=2, rngs=rngs, **options
        )
    )


def test_a_block_equals_numpy():
    network = Network.from_nnx(Block)
    variables = filled(network, scale=0.5)
    params = jax.tree.map(np.asarray, variables.params["block"])
    images = np.random.default_rng(1).normal(size=(2, 5, 9, 3)).astype(np.float32)
    hidden = in_numpy(images, params["depthwise"]["kernel"], 1, 3) + params["depthwise"]["bias"]
    centred = hidden - hidden.mean(-1, keepdims=True)
    normed = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-6)
    normed = normed * params["norm"]["scale"] + params["norm"]["bias"]
    wide = normed @ params["expand"]["kernel"] + params["expand"]["bias"]
    wide = wide * 0.5 * (1 + ERF(wide / math.sqrt(2)))
    branch = wide @ params["contract"]["kernel"] + params["contract"]["bias"]
    branch = branch * params["layer_scale"]
    outputs = jax.jit(lambda v: network.apply(v, images, False, None)[0])(variables)
    np.testing.assert_allclose(outputs["images"], images + branch, rtol=1e-3, atol=1e-3)


def test_a_block_begins_as_nearly_nothing():
    initial = ConvNeXtBlock(3, layer_scale=1e-6, rngs=nnx.Rngs(0)).layer_scale[...]
    np.testing.assert_allclose(initial, np.full(3, 1e-6))
    assert not hasattr(ConvNeXtBlock(3, layer_scale=None, rngs=nnx.Rngs(0)), "layer_scale")


def test_published_size():
    network = Network.from_nnx(
        lambda rngs: ConvNeXt(
            3, blocks=(3, 3, 9, 3), widths=(96, 192, 384, 768), outputs=1000, rngs=rngs
        )
    )
    params = jax.eval_shape(network.init, KEY).params
    assert sum(leaf.size for leaf in jax.tree.leaves(params)) == 28_589_128  # torchvision's


def test_outputs():
    network = small()
    variables = jax.eval_shape(network.init, KEY)
    images = jnp.ones((5, 28, 20, 1))
    outputs, statistics = jax.eval_shape(lambda v: network.apply(v, images, False, None), variables)
    assert {name: leaf.shape for name, leaf in outputs.items()} == {
        "stage_1": (5, 14, 10, 4),
        "stage_2": (5, 7, 5, 6),
        "features": (5, 6),
        "logits": (5, 3),
    }
    assert statistics == {}


def test_an_example_is_the_same_alone_and_in_company():
    network = small(depth_rate=0.5, layer_scale=1.0)
    variables = filled(network)
    images, keys = jax.random.normal(KEY, (4, 12, 12, 1)), jax.random.split(KEY, 4)

    @jax.jit
    def run(images, keys):
        return network.apply(variables, images, True, keys)[0]["logits"]

    whole = run(images, keys)
    # The same shape, so the same program: the last two have become other examples.
    others = run(images.at[2:].set(1), keys.at[2:].set(jax.random.split(jax.random.key(3), 2)))
    np.testing.assert_allclose(others[:2], whole[:2], rtol=1e-4, atol=1e-5)
    assert not np.allclose(others[2:], whole[2:])


def test_errors():
    with pytest.raises(ArgumentError, match="found 2 numbers of blocks and 1 widths"):
        ConvNeXt(1, blocks=(1, 1), widths=(2,), outputs=2, rngs=nnx.Rngs(0))
