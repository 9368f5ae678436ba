import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from research.training.overview import overview


@pytest.fixture
def tree():
    mesh = jax.make_mesh((4, 2), ("data", "model"), (AxisType.Auto, AxisType.Auto))

    def place(*spec):
        return NamedSharding(mesh, PartitionSpec(*spec))

    return {
        "dense": {
            "kernel": jax.ShapeDtypeStruct(
                (1024, 64), jnp.float32, sharding=place("data", "model")
            ),
            "bias": jax.ShapeDtypeStruct((64,), jnp.bfloat16, sharding=place()),
        },
        "embedding": jax.ShapeDtypeStruct((64, 3), jnp.float32, sharding=place(("data", "model"))),
        "later": [jax.ShapeDtypeStruct((), jnp.int32)],
    }


def test_the_table(tree):
    assert overview(tree).text() == "\n".join(
        [
            "parameter     shape      dtype     sharding         size  bytes/device",
            "dense/bias    64         bfloat16  replicated         64         128 B",
            "dense/kernel  1024 x 64  float32   data, model    65,536        32 KiB",
            "embedding     64 x 3     float32   data+model, -     192          96 B",
            "later/0       scalar     int32     -                   1           4 B",
            "total                                             65,793     32.22 KiB",
        ]
    )


def test_small_ones_are_summed_up(tree):
    lines = overview(tree).text(max_rows=2).splitlines()
    assert [line.split()[0] for line in lines] == [
        "parameter",
        "dense/kernel",
        "embedding",
        "...",
        "total",
    ]
    assert lines[3].split() == ["...", "2", "smaller", "65"]
    assert overview(tree).text(max_rows=4) == overview(tree).text()


def test_arrays_tell_the_same_as_their_descriptions():
    arrays = {"a": jnp.ones((3, 5)), "key": jax.random.key(0), "host": np.ones(3)}
    table = overview(arrays)
    assert [(row.path, row.bytes_per_device) for row in table.rows] == [
        ("a", 60),
        ("host", 24),
        ("key", 8),
    ]


def test_bytes_are_those_that_a_device_really_holds(tree):
    placed = jax.device_put(np.zeros((1024, 64), np.float32), tree["dense"]["kernel"].sharding)
    (row,) = overview({"kernel": placed}).rows
    assert row.bytes_per_device == placed.addressable_shards[0].data.nbytes


def test_json(tree):
    data = json.loads(json.dumps(overview(tree).to_json()))
    assert data["size"] == sum(row["size"] for row in data["parameters"])
    assert data["parameters"][0]["shape"] == [64]


def test_nothing_is_a_table_too():
    assert overview({}).text().splitlines()[-1].split() == ["total", "0", "0", "B"]


def test_large_arrays_have_a_readable_size():
    huge = jax.ShapeDtypeStruct((2**20, 2**21), jnp.float32)
    assert "8.0 TiB" in overview([huge]).text()
