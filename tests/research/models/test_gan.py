import jax
import numpy as np
import pytest

from research.models import Discriminator, Generator, Network
from tests.research.models.arrays import filled

IMAGE = (8, 12, 3)


def generator(**options):
    options = {"image": IMAGE, "channels": (6, 5, 4)} | options
    return Network.from_nnx(lambda rngs: Generator(7, rngs=rngs, **options))


def discriminator(image=IMAGE, **options):
    options = {"channels": (4, 5)} | options
    return Network.from_nnx(lambda rngs: Discriminator(image, rngs=rngs, **options))


def shapes(tree):
    return {
        jax.tree_util.keystr(path, simple=True, separator="/"): leaf.shape
        for path, leaf in jax.tree_util.tree_leaves_with_path(tree)
    }


def test_the_generator_doubles_the_image_until_it_fits():
    network = generator()
    variables = filled(network)
    assert shapes(variables.params) == {
        "project/kernel": (7, 2 * 3 * 6),
        "norm/scale": (6,),
        "norm/bias": (6,),
        "blocks/0/upsample/kernel": (4, 4, 6, 5),
        "blocks/0/norm/scale": (5,),
        "blocks/0/norm/bias": (5,),
        "blocks/1/upsample/kernel": (4, 4, 5, 4),
        "blocks/1/norm/scale": (4,),
        "blocks/1/norm/bias": (4,),
        "readout/kernel": (3, 3, 4, 3),
        "readout/bias": (3,),
    }
    noise = jax.random.normal(jax.random.key(1), (5, 7))
    keys = jax.random.split(jax.random.key(2), 5)
    outputs, statistics = jax.jit(lambda z: network.apply(variables, z, True, keys))(100 * noise)
    assert outputs["images"].shape == (5, *IMAGE)
    stages = {name: array.shape[1:] for name, array in outputs.items() if name != "images"}
    assert stages == {"stage_1": (2, 3, 6), "stage_2": (4, 6, 5), "stage_3": (8, 12, 4)}
    assert np.abs(outputs["images"]).max() <= 1
    assert not np.array_equal(statistics["norm"]["mean"], variables.statistics["norm"]["mean"])


def test_dcgan_for_28_pixels():
    network = Network.from_nnx(lambda rngs: Generator(100, image=(28, 28, 1), rngs=rngs))
    params = jax.eval_shape(network.init, jax.random.key(0)).params
    assert params["project"]["kernel"].shape == (100, 7 * 7 * 256)


def test_the_discriminator_halves_the_image():
    network = discriminator()
    variables = filled(network)
    assert shapes(variables.params) == {
        "blocks/0/convolution/kernel": (4, 4, 3, 4),
        "blocks/0/convolution/bias": (4,),
        "blocks/1/convolution/kernel": (4, 4, 4, 5),
        "blocks/1/norm/scale": (5,),
        "blocks/1/norm/bias": (5,),
        "readout/kernel": (2 * 3 * 5, 1),
        "readout/bias": (1,),
    }
    images = jax.random.normal(jax.random.key(1), (5, *IMAGE))
    outputs, _ = network.apply(variables, images, False, None)
    assert outputs["logits"].shape == (5,)
    assert outputs["features"].shape == (5, 30)
    assert outputs["stage_1"].shape == (5, 4, 6, 4)
    assert outputs["stage_2"].shape == (5, 2, 3, 5)


def test_a_spectrally_normalised_discriminator_stretches_nothing():
    network = discriminator(norm="spectral")
    variables = network.init(jax.random.key(0))
    assert shapes(variables.params) == {
        "blocks/0/convolution/layer/kernel": (4, 4, 3, 4),
        "blocks/0/convolution/bias": (4,),
        "blocks/1/convolution/layer/kernel": (4, 4, 4, 5),
        "blocks/1/convolution/bias": (5,),
        "readout/layer/kernel": (2 * 3 * 5, 1),
        "readout/bias": (1,),
    }
    assert set(variables.statistics) == {"blocks", "readout"}
    one, other = jax.random.normal(jax.random.key(1), (2, 1, *IMAGE))
    logits = [float(network.apply(variables, x, False, None)[0]["logits"][0]) for x in (one, other)]
    # A 4x4 convolution of stride 2 sees each pixel four times: its norm is at most twice 1.
    assert abs(logits[0] - logits[1]) <= 2 * 2 * float(np.linalg.norm(one - other))
    louder = jax.tree.map(lambda leaf: 10 * leaf, variables.params)
    again = network.apply(variables._replace(params=louder), one, False, None)[0]["logits"][0]
    assert float(again) == pytest.approx(logits[0], rel=1e-4)


def test_without_batch_norm_an_example_is_judged_alone():
    network = discriminator(norm="none")
    variables = filled(network)
    assert variables.statistics == {}
    images = jax.random.normal(jax.random.key(1), (5, *IMAGE))
    keys = jax.random.split(jax.random.key(2), 5)
    together, _ = network.apply(variables, images, True, keys)
    alone, _ = network.apply(variables, images[:1], True, keys[:1])
    np.testing.assert_allclose(alone["logits"][0], together["logits"][0], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (
            lambda: generator(image=(6, 8, 1)),
            "halve the image 2 times .* divisible by 4, found 6x8",
        ),
        (lambda: generator(channels=()), "channels is empty"),
        (lambda: discriminator((8, 6, 1)), "halve the image 2 times .* divisible by 4, found 8x6"),
        (lambda: discriminator(channels=()), "channels is empty"),
        (lambda: discriminator(norm="layer"), "norm is 'layer', expected one of batch, spectral"),
    ],
)
def test_sizes_that_do_not_fit(network, message):
    with pytest.raises(ValueError, match=message):
        network()
