import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from jax.sharding import PartitionSpec

from research.models import Dropout, ExampleRngs, Network
from research.models.parallel import DATA_AXIS
from research.models.remat import rematerialised
from tests.research.models.arrays import filled

B, D = 64, 8
VERSION = tuple(map(int, jax.__version__.split(".")[:2]))


class Block(nnx.Module):
    """Statistics, both kinds of dropout, a flag that Python branches on."""

    def __init__(self, stock, *, rngs):
        self.up = nnx.Linear(D, 8 * D, rngs=rngs)
        self.down = nnx.Linear(8 * D, D, rngs=rngs)
        self.norm = nnx.BatchNorm(D, rngs=rngs)
        self.dropout = Dropout(0.3)
        self.stock = nnx.Dropout(stock)

    def __call__(self, inputs, scale, *, train=False, rngs=None):
        hidden = nnx.gelu(self.up(self.norm(inputs, use_running_average=not train)))
        if train:
            hidden = self.dropout(hidden, deterministic=False, rngs=rngs)
        hidden = jnp.tanh(self.down(hidden))
        return inputs + scale * self.stock(hidden, deterministic=not train, rngs=rngs)


class Deep(nnx.Module):
    def __init__(self, stock, *, rngs):
        self.layers = nnx.List([Block(stock, rngs=rngs) for _ in range(3)])
        self.dropout = Dropout(0.3)

    def __call__(self, inputs, *, train=False, rngs=None):
        for layer in self.layers:
            inputs = layer(inputs, 0.5, train=train, rngs=rngs)
        # After the layers: it must not get the keys that they had.
        return {"logits": self.dropout(inputs, deterministic=not train, rngs=rngs)}


def build(rngs, stock=0.3):
    return Deep(stock, rngs=rngs)


PATTERNS = [r"layers/\d+", r"layers/[02](/up|/norm)?"]
INPUTS = np.random.default_rng(0).normal(size=(B, D)).astype(np.float32)


@functools.cache
def variables():
    return filled(Network.from_nnx(build))


def loss_of(network):
    def loss(params, statistics, inputs, keys):
        own = variables()._replace(params=params, statistics=statistics)
        outputs, moved = network.apply(own, inputs, True, keys)
        return (outputs["logits"] ** 2).sum(), moved

    return loss


@functools.cache
def compiled(pattern):
    network = Network.from_nnx(build, remat=pattern)
    lowered = jax.jit(jax.value_and_grad(loss_of(network), has_aux=True)).lower(*arguments())
    return lowered, lowered.compile()


def arguments():
    return *variables(), INPUTS, jax.random.split(jax.random.key(1), B)


def assert_close(left, right):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-4, atol=1e-4), left, right)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_values_gradients_and_statistics_are_the_same(pattern):
    plain, again = compiled(None)[1](*arguments()), compiled(pattern)[1](*arguments())
    assert_close(again, plain)
    (_, statistics), _ = plain
    before = variables().statistics["layers"]["2"]["norm"]["mean"]
    assert not np.array_equal(statistics["layers"]["2"]["norm"]["mean"], before)


def test_the_forward_pass_is_made_again():
    plain, again = (compiled(pattern)[0].as_text() for pattern in (None, PATTERNS[0]))
    assert plain.count("optimization_barrier") == 0
    assert again.count("optimization_barrier") == 3
    # `up` and `down` forward, once more for each of the three layers; XLA drops what it
    # does not need of these
    assert plain.count("dot_general") < again.count("dot_general")


@pytest.mark.skipif(VERSION < (0, 11), reason="XLA's CPU compiler merged both forward passes")
def test_it_takes_less_memory():
    plain, again = (
        compiled(pattern)[1].memory_analysis().temp_size_in_bytes for pattern in (None, PATTERNS[0])
    )
    assert again < 0.6 * plain


def test_evaluation_is_the_same():
    plain, again = (Network.from_nnx(build, remat=p) for p in (None, PATTERNS[0]))
    (expected, statistics), (actual, same) = jax.jit(
        lambda inputs: [n.apply(variables(), inputs, False, None) for n in (plain, again)]
    )(INPUTS)
    assert_close(actual, expected)
    assert jax.tree.structure(same) == jax.tree.structure(statistics)
    made = jax.eval_shape(again.init, jax.random.key(0))
    assert jax.tree.structure(made) == jax.tree.structure(variables())


def test_batch_norm_still_sees_all_devices():
    mesh = jax.make_mesh((4,), (DATA_AXIS,), axis_types=(jax.sharding.AxisType.Auto,))
    whole, shared = PartitionSpec(), PartitionSpec(DATA_AXIS)

    # A stock Dropout would draw another mask for each share of the batch.
    plain, again = (
        Network.from_nnx(functools.partial(build, stock=0.0), remat=pattern)
        for pattern in (None, PATTERNS[0])
    )

    def summed(params, statistics, inputs, keys):
        value_and_gradient = jax.value_and_grad(loss_of(again), has_aux=True)
        (loss, moved), gradient = value_and_gradient(params, statistics, inputs, keys)
        loss, gradient = jax.lax.psum((loss, gradient), DATA_AXIS)
        return (loss, moved), gradient

    sharded = jax.shard_map(
        summed,
        mesh=mesh,
        in_specs=(whole, whole, shared, shared),
        out_specs=whole,
        check_vma=False,
    )
    expected = jax.jit(jax.value_and_grad(loss_of(plain), has_aux=True))(*arguments())
    assert_close(jax.jit(sharded)(*arguments()), expected)


def test_the_module_is_as_before_after_the_block():
    module = build(nnx.Rngs(0))
    before = nnx.graphdef(module)
    with pytest.raises(RuntimeError), rematerialised(module, PATTERNS[0]):
        assert type(module.layers[0]) is not Block
        assert isinstance(module.layers[0], Block)
        assert [path for path, _ in nnx.iter_modules(module)] == [
            path for path, _ in nnx.iter_modules(build(nnx.Rngs(0)))
        ]
        raise RuntimeError
    assert type(module.layers[0]) is Block
    assert nnx.graphdef(module) == before


def test_keys_go_on_where_the_block_left_them():
    def drawn(pattern):
        def run(keys):
            module, rngs = build(nnx.Rngs(0)), ExampleRngs(keys)
            with rematerialised(module, pattern):
                module(INPUTS, train=True, rngs=rngs)
            counts.append(rngs.drawn)
            return rngs.default.count[...]

        counts = []
        made = jax.eval_shape(run, jax.random.split(jax.random.key(1), B))
        return counts, made.shape

    assert drawn(None) == drawn(PATTERNS[0]) == ([4], ())


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("layer", "remat 'layer' matches no module's path, .* one of: dropout, layers/0, "),
        ("layers", "matches no module's path"),
        ("layers/(", r"remat is 'layers/\(', expected a regular expression: "),
    ],
)
def test_patterns_that_cannot_be_used(pattern, message):
    network = Network.from_nnx(build, remat=pattern)
    with pytest.raises(ValueError, match=message):
        network.apply(variables(), INPUTS, False, None)
