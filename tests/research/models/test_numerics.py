"""Values and gradients beside PyTorch's, from golden arrays.

benchmarks/numerics/golden.py wrote tests/golden/numerics/*.npz with PyTorch 2.13.
"""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from research.models import RNN, GRUCell, LSTMCell, VanillaCell
from research.models.attention import Attention
from research.models.convnext import ConvNeXtBlock
from research.models.convolution import Conv, ConvTranspose
from research.models.gan import UpBlock
from research.models.norm import BatchNorm
from research.models.resnet import ResidualBlock
from research.models.spectral_norm import SpectralNorm

FOLDER = Path(__file__).parents[2] / "golden" / "numerics"
RNGS = nnx.Rngs(0)


def close(actual, expected, message=""):
    """To 1e-5 of the largest value, and of 1."""
    tolerance = 1e-5 * max(np.abs(expected).max(), 1)
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=tolerance, err_msg=message)


def golden(name):
    with np.load(FOLDER / f"{name}.npz") as arrays:
        return dict(arrays)


def loaded(module, params):
    """The module with the golden parameters, each of which it has, and no others."""
    state = nnx.state(module, nnx.Param)
    paths = {"/".join(map(str, path)): leaf for path, leaf in nnx.to_flat_state(state)}
    assert paths.keys() == params.keys()
    for path, leaf in paths.items():
        assert leaf.shape == params[path].shape, path
        leaf[...] = jnp.asarray(params[path])
    nnx.update(module, state)
    return module


def check(name, module, call, prefix=""):
    """Outputs, and gradients by inputs and parameters; `prefix` is where the params belong."""
    arrays = golden(name)
    params = {
        prefix + key.removeprefix("params/"): value
        for key, value in arrays.items()
        if key.startswith("params/")
    }
    structure, state, rest = nnx.split(loaded(module, params), nnx.Param, ...)

    def loss(state, inputs):
        outputs = call(nnx.merge(structure, state, rest, copy=True), inputs)
        return (outputs * arrays["weights"]).sum(), outputs

    run = jax.jit(jax.value_and_grad(loss, (0, 1), has_aux=True))
    (_, outputs), (of_state, of_inputs) = run(state, jnp.asarray(arrays["inputs"]))
    close(outputs, arrays["outputs"])
    close(of_inputs, arrays["gradient/inputs"])
    for path, leaf in nnx.to_flat_state(of_state):
        key = "/".join(map(str, path)).removeprefix(prefix)
        close(leaf[...], arrays[f"gradient/params/{key}"], key)
    return arrays


@pytest.mark.parametrize(
    ("name", "cell"), [("lstm", LSTMCell), ("gru", GRUCell), ("rnn", VanillaCell)]
)
def test_recurrent_networks_over_packed_sequences(name, cell):
    lengths = jnp.asarray(golden(name)["lengths"], jnp.int32)
    check(
        name,
        RNN(4, hidden=3, cell=cell, rngs=RNGS),
        lambda rnn, inputs: rnn(inputs, lengths)["outputs"],
        prefix="layers/0/forward/",
    )


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("conv_stride", lambda: Conv(4, 3, (4, 4), strides=2, padding=1, rngs=RNGS)),
        ("conv_dilation", lambda: Conv(4, 3, (3, 3), padding=2, kernel_dilation=2, rngs=RNGS)),
        ("conv_depthwise", lambda: Conv(4, 4, (3, 3), feature_group_count=4, rngs=RNGS)),
        # PyTorch's padding p is K - 1 - p of the stretched image, its output padding after it.
        (
            "conv_transpose_4",
            lambda: ConvTranspose(4, 3, (4, 4), strides=2, padding=2, rngs=RNGS),
        ),
        (
            "conv_transpose_3",
            lambda: ConvTranspose(4, 3, (3, 3), strides=2, padding=((1, 2), (1, 2)), rngs=RNGS),
        ),
    ],
)
def test_convolutions(name, layer):
    check(name, layer(), lambda layer, images: layer(images))


def test_batch_norm_in_training():
    norm = BatchNorm(4, momentum=0.9, rngs=RNGS)
    check("batch_norm_train", norm, lambda norm, x: norm(x, use_running_average=False))


def test_batch_norm_afterwards():
    arrays = golden("batch_norm_eval")
    norm = BatchNorm(4, rngs=RNGS)
    norm.mean[...], norm.var[...] = jnp.asarray(arrays["mean"]), jnp.asarray(arrays["var"])
    check("batch_norm_eval", norm, lambda norm, x: norm(x, use_running_average=True))


def test_layer_norm():
    check("layer_norm", nnx.LayerNorm(6, rngs=RNGS), lambda norm, x: norm(x))


@pytest.mark.parametrize(("name", "approximate"), [("gelu", False), ("gelu_tanh", True)])
def test_gelu(name, approximate):
    check(name, nnx.Module(), lambda _, x: nnx.gelu(x, approximate=approximate))


@pytest.mark.parametrize(("name", "causal"), [("attention", False), ("attention_causal", True)])
def test_multi_head_attention(name, causal):
    attention = Attention(
        8,
        heads=2,
        causal=causal,
        rotary=False,
        output_init=nnx.initializers.lecun_normal(),
        rngs=RNGS,
    )
    check(name, attention, lambda layer, x: layer(x, jnp.arange(5)).output)


@pytest.mark.parametrize(
    ("name", "width", "bottleneck"), [("residual_block", 6, False), ("bottleneck", 4, True)]
)
def test_blocks_of_resnet(name, width, bottleneck):
    block = ResidualBlock(4, width, stride=2, bottleneck=bottleneck, rngs=RNGS)
    check(name, block, lambda block, images: block(images, train=True))


def test_a_block_of_convnext():
    block = ConvNeXtBlock(4, layer_scale=0.3, rngs=RNGS)
    check("convnext_block", block, lambda block, images: block(images, train=False))


def test_a_block_of_the_generator():
    block = UpBlock(6, 4, rngs=RNGS)
    check("dcgan_block", block, lambda block, images: block(images, train=True))


def test_spectral_norm():
    arrays = golden("spectral_norm")
    norm = SpectralNorm(nnx.Linear(5, 4, use_bias=False, rngs=RNGS), use_bias=False, rngs=RNGS)
    norm.left[...], norm.right[...] = jnp.asarray(arrays["left"]), jnp.asarray(arrays["right"])
    check("spectral_norm", norm, lambda norm, x: norm(x, train=True))
    norm(jnp.asarray(arrays["inputs"]), train=True)
    close(norm.left[...], arrays["left_after"])
    close(norm.right[...], arrays["right_after"])


@pytest.mark.parametrize("shape", ["dense", "conv"])
@pytest.mark.parametrize(
    ("name", "initialiser"),
    [
        ("he_normal", nnx.initializers.he_normal()),
        ("he_normal_fan_out", nnx.initializers.variance_scaling(2.0, "fan_out", "normal")),
        ("he_uniform", nnx.initializers.he_uniform()),
        ("glorot_uniform", nnx.initializers.glorot_uniform()),
        ("glorot_normal", nnx.initializers.glorot_normal()),
    ],
)
def test_initialisers_have_pytorchs_scale(name, initialiser, shape):
    deviation, largest = golden("initialisers")[f"{name}/{shape}"]
    sizes = {"dense": (200, 300), "conv": (5, 5, 40, 60)}
    filled = np.asarray(initialiser(jax.random.key(0), sizes[shape], jnp.float32))
    np.testing.assert_allclose(filled.std(), deviation, rtol=0.02)
    if "uniform" in name:
        np.testing.assert_allclose(np.abs(filled).max(), largest, rtol=0.001)


def test_orthogonal_initialisers():
    square = nnx.initializers.orthogonal()(jax.random.key(0), (40, 40), jnp.float32)
    close(square @ square.T, golden("initialisers")["orthogonal"])
