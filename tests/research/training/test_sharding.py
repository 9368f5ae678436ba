import jax
import jax.numpy as jnp
import optax
import pytest
from jax.sharding import PartitionSpec as P

from research.arguments import ArgumentError
from research.training import Parallel
from research.training.sharding import bytes_per_device

PARAMS = {
    "embed": {"table": jnp.zeros((64, 12))},
    "layers": {"0": {"kernel": jnp.zeros((12, 32)), "bias": jnp.zeros(32)}},
    "readout": {"kernel": jnp.zeros((32, 7)), "bias": jnp.zeros(7)},
}


def specs(parallel, tree=PARAMS, devices=None):
    mesh = parallel.build_mesh(devices)
    return jax.tree.map(lambda sharding: sharding.spec, parallel.shardings(tree, PARAMS, mesh))


def test_without_rules_everything_is_everywhere():
    assert set(jax.tree.leaves(specs(Parallel()), is_leaf=lambda x: isinstance(x, P))) <= {
        P(None, None),
        P(None),
    }


def test_the_first_rule_that_is_found_counts():
    found = specs(
        Parallel(
            mesh="data=4, model=2",
            sharding=(
                ("readout", "replicate"),
                ("layers/.*/kernel", "tensor(model)|fsdp(data)"),
                ("bias", "tensor(model, 0)"),
                ("embed", "data"),
            ),
        )
    )
    assert found["readout"]["kernel"] == P(None, None)
    assert found["layers"]["0"]["kernel"] == P("data", "model")
    assert found["layers"]["0"]["bias"] == P("model")
    assert found["embed"]["table"] == P("data", None)


def test_fsdp_takes_the_largest_dimension_that_divides():
    found = specs(Parallel(sharding=((".", "fsdp(data)"),)))
    assert found["layers"]["0"]["kernel"] == P(None, "data")  # 12 does not divide by 8
    assert found["readout"]["kernel"] == P("data", None)
    assert found["readout"]["bias"] == P(None)  # nothing divides


@pytest.mark.parametrize("optimizer", [optax.adam(0.1), optax.sgd(0.1, momentum=0.9)])
def test_moments_live_where_their_parameters_live(optimizer):
    parallel = Parallel(sharding=(("kernel", "fsdp(data)"),))
    tree = {"optimizer": (optimizer.init(PARAMS),), "average": PARAMS, "step": jnp.zeros(())}
    found = specs(parallel, tree)
    params = jax.tree.leaves(specs(parallel), is_leaf=lambda x: isinstance(x, P))
    shapes = [leaf.shape for leaf in jax.tree.leaves(PARAMS)]
    leaves = jax.tree.leaves(found, is_leaf=lambda x: isinstance(x, P))
    assert leaves[: len(params)] == params  # the average
    for leaf, spec in zip(jax.tree.leaves(tree), leaves, strict=True):
        if leaf.ndim == 2:
            assert spec == params[shapes.index(leaf.shape)]


def test_bytes_on_one_device():
    parallel = Parallel(sharding=(("embed", "data"),))
    mesh = parallel.build_mesh()
    placed = jax.device_put(PARAMS, parallel.shardings(PARAMS, PARAMS, mesh))
    whole = sum(leaf.nbytes for leaf in jax.tree.leaves(PARAMS))
    assert bytes_per_device(placed) == whole - 64 * 12 * 4 * 7 // 8
    shards = [leaf.addressable_shards[0].data.nbytes for leaf in jax.tree.leaves(placed)]
    assert bytes_per_device(placed) == sum(shards)


def test_dimensions_may_be_counted_from_the_end():
    for dimension, expected in ((-1, P(None, "data")), (-2, P("data", None)), (0, P("data", None))):
        rules = (("embed", "replicate"), ("layers/.*kernel", f"tensor(data, {dimension})"))
        found = specs(Parallel(mesh="data=4", sharding=rules), devices=jax.devices()[:4])
        assert found["layers"]["0"]["kernel"] == expected
    with pytest.raises(ArgumentError, match=r"can't be split by tensor\(data\) along dimension 2"):
        specs(Parallel(sharding=(("layers/.*kernel", "tensor(data, 2)"),)))


def test_the_batch_is_split_over_all_axes_but_those_of_tensor():
    assert Parallel(mesh="data=-1").batch_axes == ("data",)
    assert Parallel(mesh="data=2, fsdp=4").batch_axes == ("data", "fsdp")
    tensor = Parallel(mesh="data=4, model=2", sharding=((".", "tensor(model)"),))
    assert tensor.batch_axes == ("data",)


def test_meshes():
    assert dict(Parallel(mesh="data=-1, model=2").build_mesh().shape) == {"data": 4, "model": 2}
    assert dict(Parallel().build_mesh(jax.devices()[:3]).shape) == {"data": 3}
    mesh = Parallel().build_mesh()
    assert all(kind == jax.sharding.AxisType.Auto for kind in mesh.axis_types)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"executor": "vmap"}, "executor is 'vmap', expected jit, shard_map, pmap"),
        ({"mesh": "data"}, "mesh is 'data', expected axes such as data=-1"),
        ({"mesh": "model=2"}, "mesh is 'model=2', expected an axis data"),
        ({"mesh": "data=-1, model=-1"}, "at most one is -1"),
        ({"mesh": "data=0"}, "expected an axis data, and positive sizes"),
        ({"sharding": (("(", "data"),)}, r"sharding: '\(' is no regular expression"),
        ({"sharding": ((".", "split"),)}, "strategy 'split': expected replicate, data, fsdp"),
        ({"sharding": ((".", "fsdp"),)}, "strategy 'fsdp': expected"),
        ({"sharding": ((".", "tensor(data, x)"),)}, r"strategy 'tensor\(data, x\)': expected"),
        ({"sharding": ((".", "fsdp(model)"),)}, "names the axis model, the mesh has data"),
        ({"executor": "pmap", "mesh": "data=4, model=2"}, "pmap replicates all parameters"),
        ({"executor": "shard_map", "sharding": ((".", "data"),)}, "use executor jit"),
    ],
)
def test_what_cannot_be_used(options, message):
    with pytest.raises(ArgumentError, match=message):
        Parallel(**options)


def test_a_mesh_that_does_not_fit():
    with pytest.raises(ArgumentError, match="mesh 'data=3' does not fit 8 devices"):
        Parallel(mesh="data=3").build_mesh()
    with pytest.raises(ArgumentError, match="mesh 'data=-1, model=16' does not fit 8 devices"):
        Parallel(mesh="data=-1, model=16").build_mesh()


def test_a_rule_that_is_found_nowhere():
    with pytest.raises(ArgumentError, match="sharding: 'kernle' is found in no parameter"):
        specs(Parallel(sharding=(("kernle", "data"),)))


def test_a_dimension_that_does_not_divide():
    parallel = Parallel(mesh="data=4, model=2", sharding=(("readout", "tensor(model)"),))
    with pytest.raises(
        ArgumentError, match=r"readout/bias \[7\] can't be split by tensor\(model\)"
    ):
        specs(parallel)


def test_a_dimension_that_is_split_already():
    parallel = Parallel(
        mesh="data=4, model=2", sharding=(("embed", "fsdp(data)|tensor(model, 0)"),)
    )
    with pytest.raises(ArgumentError, match=r"over data already, put tensor\(model\) before"):
        specs(parallel)


@pytest.mark.parametrize("rules", ["kernel", ("kernel", "data"), (("kernel",),)])
def test_rules_that_are_no_pairs(rules):
    with pytest.raises(ArgumentError, match="expected pairs"):
        Parallel(sharding=rules)
