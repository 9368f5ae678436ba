"""BatchNorm with a gradient of its own beside flax's layer, whose gradients are jax's."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from jax.sharding import AxisType, PartitionSpec

from research.models import BatchNorm, ops
from research.models.parallel import DATA_AXIS
from tests.research.models.ops.test_convolution import assert_equal

EPSILON = 1e-3


def arguments(shape):
    random = np.random.default_rng(0)
    sizes = ((shape, 2), (shape[-1:], 1), (shape[-1:], 0))
    return tuple(jnp.asarray(random.normal(size=size) + mean, jnp.float32) for size, mean in sizes)


def stock(inputs, scale, bias):
    layer = nnx.BatchNorm(inputs.shape[-1], epsilon=EPSILON, rngs=nnx.Rngs(0))
    layer.scale[...], layer.bias[...] = scale, bias
    axes = range(inputs.ndim - 1)
    return layer(inputs), inputs.mean(axes), inputs.var(axes)


def ours(*arrays, axis_name=None):
    return ops.batch_norm(*arrays, epsilon=EPSILON, axis_name=axis_name)


def loss(form, arrays):
    """Of the moments, too; no symmetry makes a gradient zero."""
    outputs, mean, variance = form(*arrays)
    return jnp.sin(outputs + jnp.arange(outputs.shape[-1])).sum() + (mean * variance**2).sum()


def derived(form, arrays):
    """Values, gradients, and the gradients of their squares."""

    def square(arrays):
        gradients = jax.grad(functools.partial(loss, form))(arrays)
        return sum((gradient**2).sum() for gradient in gradients)

    return form(*arrays), jax.grad(functools.partial(loss, form))(arrays), jax.grad(square)(arrays)


@pytest.mark.parametrize("shape", [(5, 7), (4, 3, 2, 6)])
def test_values_and_both_gradients(shape):
    arrays = arguments(shape)
    found, expected = (jax.jit(functools.partial(derived, form))(arrays) for form in (ours, stock))
    assert_equal(found, expected, tolerance=1e-4)


def test_the_sum_over_devices():
    """What a device's loss owes to the others' images comes from them, twice differentiated."""
    arrays = arguments((8, 3))
    mesh = jax.make_mesh((4,), (DATA_AXIS,), (AxisType.Auto,), devices=jax.devices()[:4])
    split, everywhere = PartitionSpec(DATA_AXIS), PartitionSpec()

    def outputs_only(form, arrays):
        return jnp.sin(form(*arrays)[0] + jnp.arange(3)).sum()

    def gradients(form, summed, arrays):
        of = jax.grad(functools.partial(outputs_only, form))

        def square(inputs):
            return (of((inputs, *arrays[1:]))[0] ** 2).sum()

        of_inputs, *others = of(arrays)
        return (of_inputs, jax.grad(square)(arrays[0])), summed((form(*arrays)[1:], others))

    def share(arrays):
        form = functools.partial(ours, axis_name=DATA_AXIS)
        owned, (moments, others) = gradients(form, lambda tree: tree, arrays)
        return owned, (moments, jax.lax.psum(others, DATA_AXIS))

    shares = jax.shard_map(
        share,
        mesh=mesh,
        in_specs=((split, everywhere, everywhere),),
        out_specs=(split, everywhere),
        check_vma=False,
    )
    expected = jax.jit(functools.partial(gradients, stock, lambda tree: tree))(arrays)
    assert_equal(jax.jit(shares)(arrays), expected, tolerance=1e-4)


def test_one_forward_pass_serves_a_value_and_a_gradient():
    def both(arrays):
        return ours(*arrays)[0], jax.grad(functools.partial(loss, ours))(arrays)

    text = jax.jit(both).lower(arguments((4, 2, 2, 6))).compile().as_text()
    assert text.count(" rsqrt(") == 1


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_halves_are_normalised_in_float32(dtype):
    arrays = [part.astype(dtype) for part in arguments((64, 3))]
    outputs, *moments = ours(*arrays)
    exact, *expected = ours(*(part.astype("float32") for part in arrays))
    assert outputs.dtype == dtype and {moment.dtype for moment in moments} == {jnp.dtype("float32")}
    np.testing.assert_array_equal(outputs, exact.astype(dtype))
    assert_equal(moments, expected)
    gradients = jax.grad(functools.partial(loss, ours))(tuple(arrays))
    assert {gradient.dtype for gradient in gradients} == {jnp.dtype(dtype)}


@pytest.mark.parametrize(
    ("options", "masked", "average"),
    [
        ({}, False, False),
        ({}, False, True),
        ({}, True, False),
        ({"use_scale": False}, False, False),
        ({"axis": 0}, False, False),
        ({"use_fast_variance": False}, False, False),
    ],
)
def test_the_layer_does_what_flax_does(options, masked, average):
    inputs = arguments((6, 6))[0]
    mask = jnp.arange(6)[:, None] < 4 if masked else None
    found = []
    for kind in (BatchNorm, nnx.BatchNorm):
        layer = kind(6, momentum=0.9, **options, rngs=nnx.Rngs(0))
        outputs = layer(inputs, use_running_average=average, mask=mask)
        found.append((outputs, nnx.to_pure_dict(nnx.state(layer))))
    assert_equal(*found)


def test_the_layer_asks_for_its_mode():
    layer = BatchNorm(3, use_running_average=None, rngs=nnx.Rngs(0))
    with pytest.raises(ValueError, match="use_running_average"):
        layer(jnp.ones((2, 3)))
