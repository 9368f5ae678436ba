import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from jax.sharding import AxisType, PartitionSpec

from research.arguments import ArgumentError
from research.models import Network, ResNet
from research.models.parallel import DATA_AXIS
from research.models.resnet import ResidualBlock
from tests.research.models.arrays import filled
from tests.research.models.test_blocks import in_numpy

KEY = jax.random.key(0)
PROJECTIONS = 16 * 32 + 2 * 32 + 32 * 64 + 2 * 64  # of the shortcuts


class Block(nnx.Module):
    def __init__(self, rngs, **options):
        self.block = ResidualBlock(4, rngs=rngs, **options)

    def __call__(self, inputs, *, train=False, rngs=None):
        return {"images": self.block(inputs, train=train, rngs=rngs)}


def size(network):
    return sum(leaf.size for leaf in jax.tree.leaves(jax.eval_shape(network.init, KEY).params))


@pytest.mark.parametrize(
    ("options", "strides", "projected"),
    [
        ({"width": 4}, (1, 1), False),
        ({"width": 6, "stride": 2}, (2, 1), True),
        ({"width": 2, "bottleneck": True, "stride": 2}, (1, 2, 1), True),
    ],
)
def test_a_block_equals_numpy(options, strides, projected):
    network = Network.from_nnx(lambda rngs: Block(rngs, **options))
    variables = filled(network, scale=1.0)
    images = np.random.default_rng(1).normal(size=(2, 5, 6, 4)).astype(np.float32)
    params, moments = variables.params["block"], variables.statistics["block"]

    def layer(x, params, moments, stride):
        hidden = in_numpy(x, np.asarray(params["convolution"]["kernel"]), stride, 1)
        mean, variance = (np.asarray(moments["norm"][name]) for name in ("mean", "var"))
        hidden = (hidden - mean) / np.sqrt(variance + 1e-5)
        return hidden * params["norm"]["scale"] + params["norm"]["bias"]

    hidden = images
    for index, stride in enumerate(strides):
        name = str(index)
        hidden = layer(hidden, params["branch"][name], moments["branch"][name], stride)
        hidden = np.maximum(hidden, 0) if index < len(strides) - 1 else hidden
    assert ("shortcut" in params) is projected
    shortcut = images
    if projected:
        shortcut = layer(images, params["shortcut"], moments["shortcut"], max(strides))
    outputs = jax.jit(lambda v: network.apply(v, images, False, None)[0])(variables)
    np.testing.assert_allclose(
        outputs["images"], np.maximum(hidden + shortcut, 0), rtol=1e-3, atol=1e-3
    )


def test_a_block_that_begins_as_nothing():
    for zero_init in (True, False):
        block = ResidualBlock(4, 4, zero_init=zero_init, rngs=nnx.Rngs(0))
        first, last = (layer.norm.scale[...] for layer in block.branch)
        np.testing.assert_array_equal(first, 1)
        np.testing.assert_array_equal(last, 0 if zero_init else 1)


@pytest.mark.parametrize(
    ("build", "parameters"),
    [
        # torchvision's figures.
        (functools.partial(ResNet.imagenet, 3, depth=18, outputs=1000), 11_689_512),
        (functools.partial(ResNet.imagenet, 3, depth=50, outputs=1000), 25_557_032),
        # 0.27 M in table 6 of the paper, whose shortcuts have no parameters there.
        (functools.partial(ResNet.cifar, 3, depth=20, outputs=10), 269_722 + PROJECTIONS),
    ],
)
def test_published_sizes(build, parameters):
    network = Network.from_nnx(lambda rngs: build(rngs=rngs))
    assert size(network) == parameters


def test_outputs_of_both_stems():
    images = jnp.ones((2, 32, 24, 1))
    for stem, side in (("3x3", (32, 24)), ("7x7", (8, 6))):
        network = Network.from_nnx(
            lambda rngs, stem=stem: ResNet(
                1, blocks=(1, 1), widths=(3, 5), outputs=7, stem=stem, rngs=rngs
            )
        )
        variables = jax.eval_shape(network.init, KEY)
        outputs, _ = jax.eval_shape(lambda v, n=network: n.apply(v, images, False, None), variables)
        assert {name: leaf.shape for name, leaf in outputs.items()} == {
            "stage_1": (2, *side, 3),
            "stage_2": (2, side[0] // 2, side[1] // 2, 5),
            "features": (2, 5),
            "logits": (2, 7),
        }


def test_statistics_and_gradients_in_training():
    network = Network.from_nnx(
        lambda rngs: ResNet(
            1, blocks=(1, 1), widths=(3, 5), outputs=2, depth_rate=0.5, zero_init=False, rngs=rngs
        ),
        outputs=("logits",),
    )
    variables = filled(network)
    images, keys = jax.random.normal(KEY, (8, 8, 8, 1)), jax.random.split(KEY, 8)

    @jax.jit
    def gradient(params, keys):
        def loss(params):
            outputs, statistics = network.apply(
                variables._replace(params=params), images, True, keys
            )
            return (outputs["logits"] ** 2).sum(), (outputs["logits"], statistics)

        return jax.value_and_grad(loss, has_aux=True)(params)

    (_, (logits, statistics)), gradients = gradient(variables.params, keys)
    (_, (other, _)), _ = gradient(variables.params, jax.random.split(jax.random.key(1), 8))
    assert not np.array_equal(logits, other)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(gradients))
    moved = jax.tree.map(lambda a, b: bool((a != b).any()), statistics, variables.statistics)
    assert all(jax.tree.leaves(moved))


def test_a_batch_shared_by_devices_is_normalised_as_a_whole():
    network = Network.from_nnx(
        lambda rngs: ResNet(1, blocks=(1,), widths=(2,), outputs=2, depth_rate=0.5, rngs=rngs)
    )
    variables = filled(network)
    images, keys = jax.random.normal(KEY, (8, 4, 4, 1)) * 3 + 1, jax.random.split(KEY, 8)

    def run(images, keys):
        outputs, statistics = network.apply(variables, images, True, keys)
        return outputs["logits"], statistics

    mesh = jax.make_mesh((4,), (DATA_AXIS,), (AxisType.Auto,), devices=jax.devices()[:4])
    share = PartitionSpec(DATA_AXIS)
    shared = jax.shard_map(
        run,
        mesh=mesh,
        in_specs=(share, share),
        out_specs=(share, PartitionSpec()),
        check_vma=False,
    )
    for found, expected in zip(
        jax.tree.leaves(jax.jit(shared)(images, keys)),
        jax.tree.leaves(jax.jit(run)(images, keys)),
        strict=True,
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_errors():
    rngs = nnx.Rngs(0)
    with pytest.raises(ArgumentError, match="depth is 21, expected 6n \\+ 2: 8, 14, 20"):
        ResNet.cifar(1, depth=21, outputs=2, rngs=rngs)
    with pytest.raises(ArgumentError, match="depth is 101, expected 18, 34, 50"):
        ResNet.imagenet(3, depth=101, rngs=rngs)
    with pytest.raises(ArgumentError, match="found 1 numbers of blocks and 2 widths"):
        ResNet(1, blocks=(1,), widths=(2, 3), outputs=2, rngs=rngs)
