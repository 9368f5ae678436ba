import jax
import jax.numpy as jnp
import numpy as np
import pytest

from research.models.ops import forms, plain, residues
from research.models.ops.window import Window


def window(strides, padding):
    return Window(strides=strides, padding=padding, dilation=(1,) * len(strides))


@pytest.mark.parametrize(
    ("strides", "padding", "taps", "size"),
    [
        ((2, 2), ((1, 1), (1, 1)), (4, 4), (8, 6)),
        ((2, 2), ((2, 2), (2, 1)), (5, 4), (7, 9)),
        ((2, 3), ((0, 0), (4, 0)), (4, 7), (9, 10)),
        ((1, 2), ((1, 1), (5, -1)), (3, 4), (4, 9)),
        ((2,), ((0, 3),), (4,), (11,)),
    ],
)
def test_the_transpose_of_a_strided_convolution(strides, padding, taps, size):
    random, own = np.random.default_rng(0), window(strides, padding)
    kernel = jnp.asarray(random.normal(size=(*taps, 2, 3)), jnp.float32)
    shape = jax.eval_shape(
        lambda images: plain.convolve(images, kernel, own), jnp.zeros((2, *size, 2))
    ).shape
    outputs = jnp.asarray(random.normal(size=shape), jnp.float32)
    found = residues.spread(outputs, kernel, own, size)
    expected = plain.spread(outputs, kernel, own, size)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_which_are_covered():
    sides = ((1, 1), (1, 1))
    assert residues.covers(window((2, 2), sides), (4, 5))
    assert not residues.covers(window((2, 2), sides), (4, 3))
    assert not residues.covers(window((1, 1), sides), (4, 4))


def test_no_zeros_are_multiplied():
    kernel, outputs = jnp.ones((4, 4, 32, 16)), jnp.ones((1, 4, 4, 16))
    form = jax.jit(lambda g: forms.spread(g, kernel, window((2, 2), ((1, 1), (1, 1))), (8, 8)))
    text = form.lower(outputs).as_text()
    assert text.count("stablehlo.convolution") == 4 and "stablehlo.pad" not in text
