"""Spectral normalisation beside the definition in numpy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from jax.sharding import AxisType, PartitionSpec

from research.models import Network
from research.models.convolution import Conv
from research.models.parallel import DATA_AXIS
from research.models.spectral_norm import SpectralNorm, power_iteration

RANDOM = np.random.default_rng(0)
INPUTS = RANDOM.normal(size=(8, 4, 4, 2)).astype(np.float32)
KEYS = jax.random.split(jax.random.key(0), 8)


class Net(nnx.Module):
    """A convolution and a dense layer, both normalised."""

    def __init__(self, *, rngs):
        self.convolution = SpectralNorm(Conv(2, 3, (3, 3), use_bias=False, rngs=rngs), rngs=rngs)
        self.readout = SpectralNorm(nnx.Linear(3, 1, use_bias=False, rngs=rngs), rngs=rngs)

    def __call__(self, inputs, *, train=False, rngs=None):
        hidden = jnp.tanh(self.convolution(inputs, train=train)).mean((1, 2))
        return {"logits": self.readout(hidden, train=train)[:, 0]}


NETWORK = Network.from_nnx(lambda rngs: Net(rngs=rngs))


def started():
    return NETWORK.init(jax.random.key(3))


def dense(columns=3, **options):
    rngs = nnx.Rngs(1)
    return SpectralNorm(nnx.Linear(5, columns, use_bias=False, rngs=rngs), rngs=rngs, **options)


def test_one_step_of_the_power_iteration():
    matrix, right = RANDOM.normal(size=(5, 3)), RANDOM.normal(size=3)
    left = matrix @ right
    left /= np.linalg.norm(left)
    following = matrix.T @ left
    following /= np.linalg.norm(following)
    found = power_iteration(jnp.asarray(matrix), jnp.asarray(right))
    np.testing.assert_allclose(found[0], left, rtol=1e-5)
    np.testing.assert_allclose(found[1], following, rtol=1e-5)


def test_a_kernel_of_zeros_stays_finite():
    left, right = power_iteration(jnp.zeros((4, 3)), jnp.ones(3))
    assert not left.any() and not right.any()


def test_the_largest_singular_value_becomes_one():
    layer = dense()
    layer.bias[...] = jnp.asarray([0.5, -1.0, 2.0])
    inputs = jnp.asarray(RANDOM.normal(size=(4, 5)), jnp.float32)
    for _ in range(100):
        outputs = layer(inputs, train=True)
    kernel = np.float64(layer.layer.kernel[...])
    largest = np.linalg.svd(kernel, compute_uv=False)[0]
    expected = np.float64(inputs) @ (kernel / largest) + [0.5, -1, 2]
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(layer(inputs, train=False), expected, rtol=1e-4, atol=1e-5)


def test_only_training_moves_the_directions():
    variables = started()
    _, same = NETWORK.apply(variables, INPUTS, False, None)
    _, moved = NETWORK.apply(variables, INPUTS, True, KEYS)
    before = variables.statistics["convolution"]
    assert np.array_equal(same["convolution"]["right"], before["right"])
    assert not np.array_equal(moved["convolution"]["right"], before["right"])
    assert set(before) == {"left", "right"}


def test_the_gradient_goes_through_sigma_and_not_through_the_directions():
    layer, inputs = dense(), jnp.asarray(RANDOM.normal(size=(4, 5)), jnp.float32)
    weights = jnp.asarray(RANDOM.normal(size=(4, 3)), jnp.float32)
    structure, state = nnx.split(layer)
    kernel = layer.layer.kernel[...]
    left, right = power_iteration(kernel, layer.right[...])

    def ours(kernel):
        again = nnx.merge(structure, state, copy=True)
        again.layer.kernel[...] = kernel
        return (again(inputs, train=True) * weights).sum()

    def by_definition(kernel):
        sigma = jax.lax.stop_gradient(left) @ kernel @ jax.lax.stop_gradient(right)
        return ((inputs @ (kernel / sigma)) * weights).sum()

    np.testing.assert_allclose(
        jax.grad(ours)(kernel), jax.grad(by_definition)(kernel), rtol=1e-4, atol=1e-5
    )


def test_a_convolution_is_divided_as_its_kernel_would_be():
    module = nnx.merge(*nnx.split(Net(rngs=nnx.Rngs(2))))
    layer = module.convolution
    kernel = layer.layer.kernel[...]
    sigma = layer.left[...] @ kernel.reshape(-1, 3) @ layer.right[...]
    plain = Conv(2, 3, (3, 3), use_bias=False, rngs=nnx.Rngs(0))
    plain.kernel[...] = kernel / sigma
    np.testing.assert_allclose(
        layer(jnp.asarray(INPUTS), train=False), plain(jnp.asarray(INPUTS)), rtol=1e-4, atol=1e-5
    )


def test_shares_of_a_batch_have_the_same_directions():
    variables = started()
    mesh = jax.make_mesh((4,), (DATA_AXIS,), (AxisType.Auto,), devices=jax.devices()[:4])
    split = PartitionSpec(DATA_AXIS)

    def forward(inputs, keys):
        return NETWORK.apply(variables, inputs, True, keys)

    whole, statistics = forward(INPUTS, KEYS)
    shares, moved = jax.jit(
        jax.shard_map(
            forward,
            mesh=mesh,
            in_specs=(split, split),
            out_specs=({"logits": split}, PartitionSpec()),
            check_vma=False,
        )
    )(INPUTS, KEYS)
    np.testing.assert_allclose(shares["logits"], whole["logits"], rtol=1e-5)
    for found, expected in zip(jax.tree.leaves(moved), jax.tree.leaves(statistics), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_rematerialised_it_is_the_same():
    variables, again = (
        started(),
        Network.from_nnx(lambda rngs: Net(rngs=rngs), remat="convolution|readout"),
    )

    def loss(params, network):
        outputs, moved = network.apply(variables._replace(params=params), INPUTS, True, KEYS)
        return outputs["logits"].sum(), moved

    found, expected = (
        jax.jit(jax.grad(lambda p, n=n: loss(p, n), has_aux=True))(variables.params)
        for n in (again, NETWORK)
    )
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_a_layer_with_a_bias_is_refused():
    with pytest.raises(ValueError, match="a layer with a bias, expected use_bias=False"):
        SpectralNorm(nnx.Linear(2, 2, rngs=nnx.Rngs(0)), rngs=nnx.Rngs(0))
    assert dense(use_bias=False).bias is None
