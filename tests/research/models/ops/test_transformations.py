"""The operations within everything that a training wraps around them."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.sharding import PartitionSpec

from research.models import ops
from tests.research.models.ops.test_convolution import assert_equal

LAYOUT = ("NHWC", "HWIO", "NHWC")
IMAGES = np.random.default_rng(0).normal(size=(8, 6, 6, 3)).astype(np.float32)
PARAMS = {
    name: np.random.default_rng(1).normal(size=shape).astype(np.float32) / 4
    for name, shape in {
        "first": (3, 3, 3, 16),
        "depthwise": (3, 3, 1, 16),
        "point": (1, 1, 16, 8),
        "down": (4, 4, 8, 12),
        "up": (4, 4, 12, 2),
    }.items()
}


class Ours:
    conv = staticmethod(ops.conv)
    conv_transpose = staticmethod(ops.conv_transpose)
    max_pool = staticmethod(ops.max_pool)


class Plain:
    @staticmethod
    def conv(inputs, kernel, *, strides=1, padding="SAME", groups=1):
        padding = padding if isinstance(padding, str) else [(padding, padding)] * 2
        return jax.lax.conv_general_dilated(
            inputs,
            kernel,
            (strides, strides),
            padding,
            dimension_numbers=LAYOUT,
            feature_group_count=groups,
        )

    @staticmethod
    def conv_transpose(inputs, kernel, *, strides):
        return jax.lax.conv_transpose(inputs, kernel, (strides, strides), "SAME")

    @staticmethod
    def max_pool(inputs, window):
        tall = (1, window, window, 1)
        return jax.lax.reduce_window(inputs, -jnp.inf, jax.lax.max, tall, tall, "VALID")


def network(form, params, images):
    """Each operation once: images [B, 6, 6, 3] to images [B, 2, 2, 2]."""
    hidden = jax.nn.relu(form.conv(images, params["first"]))
    hidden = hidden + form.conv(hidden, params["depthwise"], groups=16)
    hidden = jax.nn.relu(form.conv(hidden, params["point"]))
    hidden = form.max_pool(hidden, 2)
    hidden = jax.nn.relu(form.conv(hidden, params["down"], strides=2, padding=1))
    return form.conv_transpose(hidden, params["up"], strides=2)


def loss(form, params, images):
    return (network(form, params, images) ** 2).mean()


def gradients(form, params, images):
    return jax.grad(lambda params: loss(form, params, images))(params)


def expected():
    return jax.jit(lambda params, images: gradients(Plain, params, images))(PARAMS, IMAGES)


def by_vmap(params, images):
    each = jax.vmap(lambda image: gradients(Ours, params, image[None]))(images)
    return jax.tree.map(lambda leaf: leaf.mean(0), each)


def by_vmap_over_params(params, images):
    both = jax.tree.map(lambda leaf: jnp.stack([leaf, 0 * leaf]), params)
    several = jax.vmap(lambda params: gradients(Ours, params, images))(both)
    return jax.tree.map(lambda leaf: leaf[0], several)


def by_scan(params, images):
    def add(total, part):
        return jax.tree.map(jnp.add, total, gradients(Ours, params, part)), None

    zeros = jax.tree.map(jnp.zeros_like, params)
    total, _ = jax.lax.scan(add, zeros, images.reshape(2, 4, *images.shape[1:]))
    return jax.tree.map(lambda leaf: leaf / 2, total)


def by_remat(params, images):
    again = jax.checkpoint(lambda params: loss(Ours, params, images))
    return jax.grad(again)(params)


def by_shard_map(params, images):
    def part(params, images):
        summed = jax.lax.psum(gradients(Ours, params, images), "data")
        return jax.tree.map(lambda leaf: leaf / 2, summed)

    mesh = jax.make_mesh((2,), ("data",), axis_types=(jax.sharding.AxisType.Auto,))
    return jax.shard_map(
        part,
        mesh=mesh,
        in_specs=(PartitionSpec(), PartitionSpec("data")),
        out_specs=PartitionSpec(),
        check_vma=False,
    )(params, images)


@pytest.mark.parametrize("run", [by_vmap, by_vmap_over_params, by_scan, by_remat, by_shard_map])
def test_the_same_gradients(run):
    assert_equal(jax.jit(run)(PARAMS, IMAGES), expected())


def test_the_same_gradients_under_pmap():
    run = jax.pmap(lambda params, images: gradients(Ours, params, images), in_axes=(None, 0))
    parts = run(PARAMS, IMAGES.reshape(2, 4, 6, 6, 3))
    assert_equal(jax.tree.map(lambda leaf: leaf.mean(0), parts), expected())


def test_the_same_training():
    """Loss by loss, Adam's division by small gradients included."""

    def curve(form):
        optimizer = optax.adam(1e-2)

        def step(carry, images):
            params, state = carry
            value, gradient = jax.value_and_grad(
                lambda params: (
                    (network(form, params, images) - images[:, ::3, ::3, :2]) ** 2
                ).mean()
            )(params)
            updates, state = optimizer.update(gradient, state)
            return (optax.apply_updates(params, updates), state), value

        batches = np.random.default_rng(2).normal(size=(20, *IMAGES.shape)).astype(np.float32)
        params = jax.tree.map(jnp.asarray, PARAMS)
        compiled = jax.jit(step)
        carry, losses = (params, optimizer.init(params)), []
        for images in batches:
            carry, value = compiled(carry, images)
            losses.append(value)
        return np.array(losses)

    ours, plain = curve(Ours), curve(Plain)
    assert plain[-1] < plain[0]
    np.testing.assert_allclose(ours, plain, rtol=1e-4)


def test_the_platform_is_chosen_when_it_is_known():
    """A depthwise convolution is one operation for a TPU, and a sum of products for a CPU."""

    def depthwise(images):
        return ops.conv(images, jnp.asarray(PARAMS["depthwise"]), groups=16)

    exported = {
        platforms: jax.export.export(
            jax.jit(depthwise),
            platforms=platforms,
        )(jax.ShapeDtypeStruct((2, 6, 6, 16), jnp.float32))
        for platforms in (("cpu",), ("tpu",), ("cpu", "tpu"))
    }
    convolutions = {
        platforms: "stablehlo.convolution" in exports.mlir_module()
        for platforms, exports in exported.items()
    }
    assert convolutions == {("cpu",): False, ("tpu",): True, ("cpu", "tpu"): True}
    images = np.ones((2, 6, 6, 16), np.float32)
    kept = jax.export.deserialize(exported["cpu", "tpu"].serialize())
    np.testing.assert_allclose(kept.call(images), depthwise(jnp.asarray(images)), rtol=1e-5)
