"""Each form beside `jax.lax`: values, gradients, gradients of gradients."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from research.models import ops

pytestmark = pytest.mark.filterwarnings("error")


@dataclasses.dataclass(frozen=True)
class Case:
    size: tuple
    taps: tuple
    channels: tuple
    groups: int = 1
    strides: tuple = (1, 1)
    dilation: tuple = (1, 1)
    padding: object = "SAME"
    dtype: str = "float32"


@st.composite
def cases(draw, rank=2):
    def each(low, high):
        return draw(st.tuples(*[st.integers(low, high)] * rank))

    depthwise = draw(st.booleans())
    channels = draw(st.tuples(*[st.sampled_from([1, 2, 3, 5, 30])] * 2))
    taps, size = each(1, 4), each(7, 9)
    pads = st.tuples(st.integers(-1, 3), st.integers(-1, 3))
    return Case(
        size=size,
        taps=taps,
        channels=(channels[0],) * 2 if depthwise else channels,
        groups=channels[0] if depthwise else 1,
        strides=each(1, 3),
        dilation=each(1, 2),
        padding=draw(st.sampled_from(["SAME", "VALID"]) | st.tuples(*[pads] * rank)),
    )


def arguments(case):
    cin, cout = case.channels
    draw = np.random.default_rng(0).normal
    images = draw(size=(2, *case.size, cin))
    kernel = draw(size=(*case.taps, cin // case.groups, cout)) / np.sqrt(cin)
    return jnp.asarray(images, case.dtype), jnp.asarray(kernel, case.dtype)


def ours(case):
    return lambda images, kernel: ops.conv(
        images,
        kernel,
        strides=case.strides,
        padding=case.padding,
        dilation=case.dilation,
        groups=case.groups,
    )


def reference(case):
    layout = {1: ("NHC", "HIO", "NHC"), 2: ("NHWC", "HWIO", "NHWC")}[len(case.size)]
    return lambda images, kernel: jax.lax.conv_general_dilated(
        images,
        kernel,
        case.strides,
        case.padding,
        rhs_dilation=case.dilation,
        dimension_numbers=layout,
        feature_group_count=case.groups,
    )


def twice_differentiated(convolve):
    """Values, gradients, and the gradients of their squares."""

    def loss(images, kernel):
        return jnp.sin(convolve(images, kernel)).sum()

    def penalty(images, kernel):
        return sum((leaf**2).sum() for leaf in jax.grad(loss, (0, 1))(images, kernel))

    @jax.jit
    def everything(images, kernel):
        gradients = [jax.grad(function, (0, 1))(images, kernel) for function in (loss, penalty)]
        return convolve(images, kernel), gradients

    return everything


def assert_equal(actual, expected, tolerance=2e-5):
    for ours, theirs in zip(jax.tree.leaves(actual), jax.tree.leaves(expected), strict=True):
        assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
        ours, theirs = np.float64(ours), np.float64(theirs)
        scale = max(np.abs(theirs).max(initial=0), 1)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance * scale)


@settings(max_examples=8)
@given(cases())
def test_any_convolution(case):
    assume(0 not in jax.eval_shape(reference(case), *arguments(case)).shape)
    actual = twice_differentiated(ours(case))(*arguments(case))
    assert_equal(actual, twice_differentiated(reference(case))(*arguments(case)))


@pytest.mark.parametrize(
    "case",
    [
        Case((14, 14), (3, 3), (32, 64)),
        Case((14, 14), (4, 4), (24, 16), strides=(2, 2), padding=((1, 1), (1, 1))),
        Case((9, 9), (3, 3), (1, 8)),
        Case((9, 9), (3, 3), (40, 1)),
        Case((9, 9), (1, 1), (12, 8), strides=(2, 2)),
        Case((9, 9), (7, 7), (6, 6), groups=6),
        Case((9, 9), (3, 3), (6, 12), groups=6),
        Case((9, 9), (3, 3), (8, 4), groups=2, strides=(2, 1)),
        Case((12,), (5,), (20, 30), strides=(2,), dilation=(2,)),
        Case((5, 4), (5, 4), (20, 30), padding="VALID"),
    ],
    ids=str,
)
def test_the_layers_that_networks_have(case):
    actual = twice_differentiated(ours(case))(*arguments(case))
    assert_equal(actual, twice_differentiated(reference(case))(*arguments(case)))


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize(
    "case",
    [
        Case((8, 8), (3, 3), (30, 16)),
        Case((8, 8), (3, 3), (1, 8)),
        Case((8, 8), (3, 3), (8, 8), groups=8),
    ],
    ids=["convolution", "patches", "depthwise"],
)
def test_half_precision(case, dtype):
    case = dataclasses.replace(case, dtype=dtype)

    def gradients(convolve):
        return jax.jit(jax.grad(lambda x, k: convolve(x, k).sum().astype(jnp.float32), (0, 1)))

    actual = ours(case)(*arguments(case)), gradients(ours(case))(*arguments(case))
    exact = dataclasses.replace(case, dtype="float32")
    rounded = [leaf.astype(jnp.float32) for leaf in arguments(case)]
    expected = reference(exact)(*rounded), gradients(reference(exact))(*rounded)
    assert {leaf.dtype for leaf in jax.tree.leaves(actual)} == {jnp.dtype(dtype)}
    actual = jax.tree.map(lambda leaf: leaf.astype(jnp.float32), actual)
    assert_equal(actual, expected, 0.02)


@settings(max_examples=6)
@given(
    case=cases(),
    padding=st.sampled_from(["SAME", "VALID"])
    | st.tuples(*[st.tuples(st.integers(0, 3), st.integers(0, 3))] * 2),
)
def test_any_transposed_convolution(case, padding):
    case = dataclasses.replace(case, groups=1)

    def actual(images, kernel):
        return ops.conv_transpose(
            images, kernel, strides=case.strides, padding=padding, dilation=case.dilation
        )

    def expected(images, kernel):
        return jax.lax.conv_transpose(
            images, kernel, case.strides, padding, rhs_dilation=case.dilation
        )

    values = arguments(case)
    assert_equal(twice_differentiated(actual)(*values), twice_differentiated(expected)(*values))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: ops.conv(jnp.ones((1, 4, 4, 3)), jnp.ones((3, 3, 2, 4))),
            r"inputs \(1, 4, 4, 3\) and kernel \(3, 3, 2, 4\) don't fit with 1 groups",
        ),
        (lambda: ops.conv(jnp.ones((4, 3)), jnp.ones((3, 2))), r"expected \[B, \*S, Cin\]"),
        (
            lambda: ops.conv(jnp.ones((1, 4, 4, 3)), jnp.ones((3, 3, 3, 4)), strides=0),
            "strides is 0, expected a positive number, or 2",
        ),
        (
            lambda: ops.conv(jnp.ones((1, 4, 4, 3)), jnp.ones((3, 3, 3, 4)), padding="FULL"),
            "padding is 'FULL', expected 'SAME', 'VALID' or numbers",
        ),
        (
            lambda: ops.conv(jnp.ones((1, 4, 4, 3)), jnp.ones((3, 3, 3, 4)), padding=(1, 2, 3)),
            r"padding is \(1, 2, 3\), expected 2 numbers or pairs",
        ),
        (
            lambda: ops.conv(jnp.ones((1, 4, 4, 3)), jnp.ones((1, 3, 3, 4)), padding=(0, -1)),
            r"with the padding, \[4, 2\], expected at least the \[1, 3\] that the kernel spans",
        ),
        (
            lambda: ops.conv_transpose(jnp.ones((1, 4, 4, 3)), jnp.ones((3, 3, 4, 3))),
            r"kernel \(3, 3, 4, 3\) don't fit, expected",
        ),
        (
            lambda: ops.conv_transpose(
                jnp.ones((1, 4, 4, 3)), jnp.ones((3, 3, 3, 4)), padding="FULL"
            ),
            "padding is 'FULL'",
        ),
        (
            lambda: ops.conv_transpose(jnp.ones((1, 1, 1, 3)), jnp.ones((3, 3, 3, 4)), padding=0),
            r"padding is 0, which leaves nothing of inputs \(1, 1, 1, 3\)",
        ),
    ],
)
def test_arguments_that_do_not_fit(call, message):
    with pytest.raises(ValueError, match=message):
        call()
