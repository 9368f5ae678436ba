import json
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import pytest
from jax.sharding import AxisType, PartitionSpec

from research.training import flops
from research.training.flops import executable_flops, model_flops, peak, utilisation

X = jnp.ones((8, 16))
W = jnp.ones((16, 16))
PRODUCT = 2 * 8 * 16 * 16


def counted(function, *arguments):
    return model_flops(jax.jit(function).trace(*arguments).jaxpr)


def test_a_product_and_its_gradient():
    assert counted(jnp.dot, X, W) == PRODUCT

    def loss(w, x):
        return jnp.dot(jnp.tanh(jnp.dot(x, w)), w).sum()

    # Forward twice; backward once for x and twice for w.
    assert counted(jax.grad(loss), W, X) == pytest.approx(5 * PRODUCT, rel=0.01)


def test_it_agrees_with_xla_where_xla_can_count():
    function = jax.jit(lambda x, w: jnp.einsum("bij,bjk->bik", x, w))
    trace = function.trace(jnp.ones((3, 4, 5)), jnp.ones((3, 5, 6)))
    assert model_flops(trace.jaxpr) == 2 * 3 * 4 * 5 * 6
    assert executable_flops(trace.lower().compile()) == 2 * 3 * 4 * 5 * 6


def test_a_scan_counts_as_often_as_it_runs():
    def repeated(x, w):
        return jax.lax.scan(lambda carry, _: (carry @ w, None), x, None, length=7)[0]

    trace = jax.jit(repeated).trace(X, W)
    assert model_flops(trace.jaxpr) == 7 * PRODUCT
    assert executable_flops(trace.lower().compile()) < 2 * PRODUCT  # why there is our own


def test_rematerialisation_and_own_gradients_are_looked_into():
    @jax.custom_vjp
    def own(x, w):
        return x @ w

    own.defvjp(lambda x, w: (own(x, w), (x, w)), lambda kept, g: (g @ kept[1].T, kept[0].T @ g))
    assert counted(own, X, W) == PRODUCT
    assert counted(jax.grad(lambda w, x: own(x, w).sum()), W, X) >= 2 * PRODUCT
    assert counted(jax.checkpoint(jnp.dot), X, W) == PRODUCT


def test_the_most_expensive_branch_counts_and_a_while_loop_once():
    def either(x, w):
        return jax.lax.cond(x[0, 0] > 0, lambda x: x @ w @ w, lambda x: x @ w, x)

    assert counted(either, X, W) == 2 * PRODUCT

    def loop(x, w):
        return jax.lax.while_loop(lambda x: x[0, 0] < 9, lambda x: x @ w, x)

    assert counted(loop, X, W) == PRODUCT


@pytest.mark.parametrize("groups", [1, 2])
def test_a_convolution(groups):
    images, kernel = jnp.ones((2, 8, 8, 4)), jnp.ones((3, 3, 4 // groups, 6))

    def convolve(images, kernel):
        return jax.lax.conv_general_dilated(
            images,
            kernel,
            (2, 2),
            "SAME",
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
            feature_group_count=groups,
        )

    once = 2 * (2 * 4 * 4 * 6) * (3 * 3 * 4 // groups)
    assert counted(convolve, images, kernel) == once
    if groups == 1:
        both = jax.grad(lambda i, k: (convolve(i, k) ** 2).sum(), (0, 1))
        # Zeros that the gradient puts between pixels are not counted; its padding is.
        assert 3 * once <= counted(both, images, kernel) <= 4.5 * once


@pytest.mark.parametrize("mapped", ["shard_map", "pmap"])
def test_a_share_counts_for_every_device(mapped):
    if mapped == "pmap":
        function = jax.pmap(jnp.dot, in_axes=(0, None))
        assert model_flops(jax.make_jaxpr(function)(X[:, None], W)) == PRODUCT
        return
    mesh = jax.make_mesh((8,), ("data",), (AxisType.Auto,))
    share = PartitionSpec("data")
    function = jax.shard_map(jnp.dot, mesh=mesh, in_specs=(share, PartitionSpec()), out_specs=share)
    assert counted(function, X, W) == PRODUCT


def test_a_program_that_does_not_tell_its_costs():
    def refuse():
        raise NotImplementedError

    assert executable_flops(SimpleNamespace(cost_analysis=refuse)) is None
    assert executable_flops(SimpleNamespace(cost_analysis=lambda: None)) is None
    assert executable_flops(SimpleNamespace(cost_analysis=lambda: {"flops": -1.0})) is None


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("TPU v4", 275e12),
        ("TPU v5 lite", 197e12),
        ("TPU v5e", 197e12),
        ("TPU v5", 459e12),
        ("TPU v5p", 459e12),
        ("TPU v6 lite", 918e12),
        ("NVIDIA A100-SXM4-40GB", 312e12),
        ("NVIDIA H100 80GB HBM3", 989e12),
        ("NVIDIA H100 PCIe", 756e12),
        ("NVIDIA L40S", 362e12),
        ("NVIDIA L4", 121e12),
        ("NVIDIA A10G", 70e12),
        ("Tesla T4", 65e12),
        ("NVIDIA T400", None),
        ("TPU v99", None),
    ],
)
def test_known_accelerators(kind, expected):
    assert peak(SimpleNamespace(platform="tpu", device_kind=kind)) == expected


def test_a_cpu_is_measured_once(monkeypatch, tmp_path):
    monkeypatch.setenv("RULAX_CACHE", str(tmp_path))
    monkeypatch.setattr(flops, "_CPU_SIZE", 64)
    flops._cpu_peak.cache_clear()
    try:
        first = peak(jax.devices()[0])
        (kept,) = json.loads((tmp_path / "cpu-peak.json").read_text()).values()
        assert first == kept / jax.local_device_count() > 0
        flops._cpu_peak.cache_clear()
        monkeypatch.setattr(flops, "_measured", lambda: pytest.fail("measured again"))
        assert peak(jax.devices()[0]) == first
        (tmp_path / "cpu-peak.json").write_text("{")
        flops._cpu_peak.cache_clear()
        monkeypatch.setattr(flops, "_measured", lambda: 8.0)
        assert peak(jax.devices()[0]) == 8.0 / jax.local_device_count()
    finally:
        flops._cpu_peak.cache_clear()


def test_utilisation_is_known_when_all_of_it_is():
    chips = [SimpleNamespace(platform="tpu", device_kind="TPU v4")] * 4
    assert utilisation(11e12, 50.0, chips) == 0.5
    assert utilisation(None, 50.0, chips) is None
    assert utilisation(11e12, None, chips) is None
    assert utilisation(11e12, 50.0, []) is None
    unknown = SimpleNamespace(platform="tpu", device_kind="other")
    assert utilisation(11e12, 50.0, [*chips, unknown]) is None
