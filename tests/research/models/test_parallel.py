"""What a module sees of the batch, and what crosses the devices."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen, nnx
from jax.sharding import AxisType, PartitionSpec

from research.models import Network
from research.models.parallel import DATA_AXIS, across_devices, manual
from research.models.random import Dropout

MESH = jax.make_mesh((4,), (DATA_AXIS,), (AxisType.Auto,), devices=jax.devices()[:4])
KEYS = jax.random.split(jax.random.key(7), 8)
INPUTS = jax.random.normal(jax.random.key(1), (8, 3)) * 3 + 1


def on_shares(function, in_specs, out_specs):
    return jax.jit(
        jax.shard_map(function, mesh=MESH, in_specs=in_specs, out_specs=out_specs, check_vma=False)
    )


def pmapped(function, *arguments):
    split = [array.reshape(4, -1, *array.shape[1:]) for array in arguments]
    return jax.pmap(function, axis_name=DATA_AXIS, devices=jax.devices()[:4])(*split)


def test_where_a_share_is_seen():
    seen = {}

    def look(name, x):
        seen[name] = manual()
        return x

    jax.jit(functools.partial(look, "jit"))(INPUTS)
    on_shares(
        functools.partial(look, "shard_map"), PartitionSpec(DATA_AXIS), PartitionSpec(DATA_AXIS)
    )(INPUTS)
    pmapped(functools.partial(look, "pmap"), INPUTS)
    look("outside", INPUTS)
    assert seen == {"jit": False, "shard_map": True, "pmap": True, "outside": False}


def test_another_axis_is_not_ours():
    mesh = jax.make_mesh((4,), ("model",), (AxisType.Auto,), devices=jax.devices()[:4])
    seen = []

    def look(x):
        seen.append(manual())
        return across_devices(x)

    split = PartitionSpec("model")
    jax.shard_map(look, mesh=mesh, in_specs=split, out_specs=split)(INPUTS)
    assert set(seen) == {False}


def test_sums_across_devices():
    split, everywhere = PartitionSpec(DATA_AXIS), PartitionSpec()
    total = {"a": INPUTS.sum(), "b": (jnp.float32(8),)}

    def summed(x):
        return across_devices({"a": x.sum(), "b": (jnp.float32(len(x)),)})

    close = functools.partial(np.testing.assert_allclose, rtol=1e-5)
    jax.tree.map(close, on_shares(summed, split, everywhere)(INPUTS), total)
    jax.tree.map(close, summed(INPUTS), total)
    jax.tree.map(close, jax.tree.map(lambda leaf: leaf[0], pmapped(summed, INPUTS)), total)


class Normalised(nnx.Module):
    """BatchNorm between two layers, so that its gradient matters."""

    def __init__(self, rngs, **options):
        self.first = nnx.Linear(3, 5, rngs=rngs)
        self.norm = nnx.BatchNorm(5, momentum=0.9, rngs=rngs, **options)
        self.dropout = Dropout(0.4)
        self.last = nnx.Linear(5, 2, rngs=rngs)

    def __call__(self, inputs, *, train, rngs=None):
        hidden = self.norm(self.first(inputs), use_running_average=not train)
        hidden = self.dropout(jnp.tanh(hidden), deterministic=not train, rngs=rngs)
        return {"logits": self.last(hidden)}


def loss_of(network):
    """Sums, as a task has them: the loss over the examples, gradient and statistics."""

    def loss(params, statistics, inputs, keys):
        variables = network.init(jax.random.key(0))._replace(params=params, statistics=statistics)
        outputs, moved = network.apply(variables, inputs, True, keys)
        return (outputs["logits"] ** 3).sum(), moved

    def gradient(params, statistics, inputs, keys):
        (value, moved), slope = jax.value_and_grad(loss, has_aux=True)(
            params, statistics, inputs, keys
        )
        return across_devices((value, slope)), moved

    return gradient


@pytest.mark.parametrize("options", [{}, {"use_fast_variance": False}])
def test_batch_norm_is_of_the_whole_batch(options):
    network = Network.from_nnx(lambda rngs: Normalised(rngs, **options))
    variables = network.init(jax.random.key(0))
    gradient = loss_of(network)
    whole = jax.jit(gradient)(*variables, INPUTS, KEYS)
    everywhere, split = PartitionSpec(), PartitionSpec(DATA_AXIS)
    shares = on_shares(gradient, (everywhere, everywhere, split, split), everywhere)(
        *variables, INPUTS, KEYS
    )
    close = functools.partial(np.testing.assert_allclose, rtol=2e-4, atol=1e-4)
    jax.tree.map(close, shares, whole)
    # Not because there is nothing to it: a share by itself has other moments.
    (_, alone), _ = jax.jit(gradient)(*variables, INPUTS[:2], KEYS[:2]), None
    assert not np.allclose(alone["norm"]["var"], whole[1]["norm"]["var"], rtol=1e-2)
    mean = (INPUTS @ variables.params["first"]["kernel"] + variables.params["first"]["bias"]).mean(
        0
    )
    np.testing.assert_allclose(shares[1]["norm"]["mean"], 0.1 * mean, rtol=1e-4, atol=1e-6)


def test_a_module_keeps_no_axis_of_a_share():
    """The same network serves `jit` after it served `shard_map`."""
    network = Network.from_nnx(Normalised)
    variables = network.init(jax.random.key(0))
    everywhere, split = PartitionSpec(), PartitionSpec(DATA_AXIS)
    gradient = loss_of(network)
    on_shares(gradient, (everywhere, everywhere, split, split), everywhere)(
        *variables, INPUTS, KEYS
    )
    outputs, _ = jax.jit(network.apply, static_argnums=2)(variables, INPUTS, True, KEYS)
    assert np.isfinite(outputs["logits"]).all()


def test_statistics_of_linen_are_the_mean_over_the_shares():
    class Small(linen.Module):
        @linen.compact
        def __call__(self, inputs, train):
            return {"logits": linen.BatchNorm(use_running_average=not train)(inputs)}

    network = Network.from_linen(Small(), jax.ShapeDtypeStruct((2, 3), jnp.float32))
    variables = network.init(jax.random.key(0))

    def moved(variables, inputs):
        return network.apply(variables, inputs, True, None)[1]

    found = on_shares(moved, (PartitionSpec(), PartitionSpec(DATA_AXIS)), PartitionSpec())(
        variables, INPUTS
    )["batch_stats"]["BatchNorm_0"]
    np.testing.assert_allclose(found["mean"], 0.01 * INPUTS.mean(0), rtol=1e-3)
    variance = INPUTS.reshape(4, 2, 3).var(1).mean(0)
    np.testing.assert_allclose(found["var"], 0.99 + 0.01 * variance, rtol=1e-4)
