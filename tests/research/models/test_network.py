import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen, nnx

from research.models import CNN, MLP, Network
from tests.research.models.arrays import filled


def keys(seed, count=8):
    return jax.random.split(jax.random.key(seed), count)


class Noisy(nnx.Module):
    """Has everything that is hard for a functional view: a list, BatchNorm, Dropout."""

    def __init__(self, rngs):
        self.layers = nnx.List([nnx.Linear(4, 4, rngs=rngs) for _ in range(11)])
        self.norm = nnx.BatchNorm(4, rngs=rngs)
        self.dropout = nnx.Dropout(0.5)

    def __call__(self, inputs, *, train, rngs=None):
        for index, layer in enumerate(self.layers):
            inputs = inputs + (index + 1) * layer(inputs)
        inputs = self.norm(inputs, use_running_average=not train)
        return {"logits": self.dropout(inputs, deterministic=not train, rngs=rngs)}


@pytest.fixture(scope="module")
def network():
    return Network.from_nnx(Noisy)


def test_variables_are_plain_dicts_with_readable_names(network):
    variables = network.init(jax.random.key(0))
    assert sorted(variables.params) == ["layers", "norm"]
    assert sorted(variables.params["layers"], key=int) == [str(i) for i in range(11)]
    assert variables.params["layers"]["10"]["kernel"].shape == (4, 4)
    assert sorted(variables.statistics["norm"]) == ["mean", "var"]


def test_apply_equals_the_module_itself(network):
    variables = network.init(jax.random.key(3))
    inputs = jax.random.normal(jax.random.key(1), (8, 4))
    module = Noisy(nnx.Rngs(jax.random.key(3)))
    expected = module(inputs, train=False)["logits"]
    outputs, _ = network.apply(variables, inputs, False, None)
    np.testing.assert_allclose(outputs["logits"], expected, rtol=1e-6)


def test_training_moves_statistics_and_drops_by_key(network):
    variables = network.init(jax.random.key(0))
    inputs = jax.random.normal(jax.random.key(1), (8, 4))
    first, statistics = network.apply(variables, inputs, True, keys(5))
    again, _ = network.apply(variables, inputs, True, keys(5))
    other, _ = network.apply(variables, inputs, True, keys(6))
    np.testing.assert_array_equal(first["logits"], again["logits"])
    assert (first["logits"] == 0).any()
    assert not np.array_equal(first["logits"], other["logits"])
    assert not np.array_equal(statistics["norm"]["mean"], variables.statistics["norm"]["mean"])


def test_gradient_through_batchnorm_and_dropout(network):
    # A plain nnx.merge inside grad fails here; see Network.from_nnx.
    variables = network.init(jax.random.key(0))

    @jax.jit
    @jax.grad
    def gradient(params):
        outputs, _ = network.apply(
            variables._replace(params=params), jnp.ones((2, 4)), True, keys(0, 2)
        )
        return (outputs["logits"] ** 2).sum()

    leaves = jax.tree.leaves(gradient(variables.params))
    assert all(np.isfinite(leaf).all() for leaf in leaves)


def test_a_linen_module_serves_as_well():
    class Small(linen.Module):
        @linen.compact
        def __call__(self, inputs, train):
            hidden = linen.BatchNorm(use_running_average=not train)(linen.Dense(3)(inputs))
            return {"logits": linen.Dropout(0.5, deterministic=not train)(hidden)}

    network = Network.from_linen(Small(), jax.ShapeDtypeStruct((2, 5), jnp.float32))
    variables = network.init(jax.random.key(0))
    assert variables.params["Dense_0"]["kernel"].shape == (5, 3)
    inputs = jax.random.normal(jax.random.key(1), (4, 5))
    outputs, statistics = network.apply(variables, inputs, True, keys(1, 4))
    assert outputs["logits"].shape == (4, 3)
    assert not np.array_equal(
        statistics["batch_stats"]["BatchNorm_0"]["mean"],
        variables.statistics["batch_stats"]["BatchNorm_0"]["mean"],
    )
    still, _ = network.apply(variables, inputs, False, None)
    assert np.isfinite(still["logits"]).all()


def test_mlp_equals_numpy():
    network = Network.from_nnx(lambda rngs: MLP(5, hidden=(7,), outputs=2, rngs=rngs))
    variables = filled(network)
    inputs = np.random.default_rng(0).normal(size=(6, 5)).astype(np.float32)
    first, readout = variables.params["layers"]["0"], variables.params["readout"]
    hidden = inputs @ np.asarray(first["kernel"]) + np.asarray(first["bias"])
    # GELU in the tanh approximation (Hendrycks and Gimpel, 2016)
    gelu = 0.5 * hidden * (1 + np.tanh(np.sqrt(2 / np.pi) * (hidden + 0.044715 * hidden**3)))
    expected = gelu @ np.asarray(readout["kernel"]) + np.asarray(readout["bias"])
    outputs, _ = network.apply(variables, inputs, False, None)
    np.testing.assert_allclose(outputs["logits"], expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(outputs["features"], gelu, rtol=1e-4, atol=1e-5)


def test_only_the_outputs_that_are_asked_for_are_handed_on():
    build = functools.partial(MLP, 5, hidden=(7,), outputs=2)
    network = Network.from_nnx(lambda rngs: build(rngs=rngs), outputs=("logits",))
    everything = Network.from_nnx(lambda rngs: build(rngs=rngs))
    variables, inputs = filled(network), jnp.ones((3, 5))
    logits, _ = network.apply(variables, inputs, False, None)
    assert list(logits) == ["logits"]
    np.testing.assert_array_equal(
        logits["logits"], everything.apply(variables, inputs, False, None)[0]["logits"]
    )


def test_mlp_without_hidden_layers_is_linear():
    network = Network.from_nnx(lambda rngs: MLP(5, hidden=(), outputs=2, rngs=rngs))
    assert sorted(network.init(jax.random.key(0)).params) == ["readout"]


def test_cnn_parameter_shapes():
    network = Network.from_nnx(lambda rngs: CNN((8, 8, 1), channels=(4, 6), outputs=10, rngs=rngs))
    variables = jax.eval_shape(network.init, jax.random.key(0))
    shapes = {
        jax.tree_util.keystr(path, simple=True, separator="."): leaf.shape
        for path, leaf in jax.tree_util.tree_leaves_with_path(variables.params)
    }
    assert shapes == {
        "readout.bias": (10,),
        "readout.kernel": (6, 10),
        **{
            f"stages.{stage}.{block}.{name}": shape
            for stage, block, cin, cout in [(0, 0, 1, 4), (0, 1, 4, 4), (1, 0, 4, 6), (1, 1, 6, 6)]
            for name, shape in [
                ("convolution.kernel", (3, 3, cin, cout)),
                ("norm.bias", (cout,)),
                ("norm.scale", (cout,)),
            ]
        },
    }


def test_cnn_takes_any_leading_axes():
    network = Network.from_nnx(lambda rngs: CNN((8, 8, 1), channels=(4, 6), outputs=10, rngs=rngs))
    variables = filled(network)
    images = jax.random.normal(jax.random.key(1), (2, 3, 8, 8, 1))
    nested, flat = jax.jit(
        lambda *inputs: [network.apply(variables, one, False, None)[0] for one in inputs]
    )(images, images.reshape(6, 8, 8, 1))
    assert nested["logits"].shape == (2, 3, 10)
    np.testing.assert_allclose(
        nested["logits"].reshape(6, 10), flat["logits"], rtol=1e-5, atol=1e-6
    )


def test_cnn_says_which_sizes_it_takes():
    with pytest.raises(ValueError, match="divisible by 4, found 8x6"):
        CNN((8, 6, 1), channels=(4, 4, 4), outputs=10, rngs=nnx.Rngs(0))


def test_cnn_with_fewer_convolutions():
    build = functools.partial(CNN, (8, 8, 1), channels=(4, 6), outputs=10)
    network = Network.from_nnx(lambda rngs: build(convolutions=(1, 3), rngs=rngs))
    params = jax.eval_shape(network.init, jax.random.key(0)).params["stages"]
    shapes = [
        [block["convolution"]["kernel"].shape for block in stage.values()]
        for stage in params.values()
    ]
    assert shapes == [[(3, 3, 1, 4)], [(3, 3, 4, 6), (3, 3, 6, 6), (3, 3, 6, 6)]]
    with pytest.raises(ValueError, match=r"convolutions are \(1,\), expected 2 numbers above 0"):
        build(convolutions=(1,), rngs=nnx.Rngs(0))


def test_arrays_of_the_caller_are_left_alone():
    network = Network.from_nnx(lambda rngs: CNN((4, 4, 1), channels=(2,), outputs=2, rngs=rngs))
    variables = jax.device_get(network.init(jax.random.key(0)))
    variables = jax.tree.map(np.array, variables)
    before = jax.tree.map(np.copy, variables)
    images = np.ones((3, 4, 4, 1), np.float32)
    network.apply(variables, images, True, jax.random.split(jax.random.key(1), 3))
    jax.tree.map(np.testing.assert_array_equal, before, variables)
