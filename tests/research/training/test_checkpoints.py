import os
import shutil
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from research.arguments import ArgumentError
from research.training.checkpoints import CheckpointError, Checkpoints, Saving

# Orbax leaves coroutines behind where a read fails, as it must of damaged files.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited"),
]


def tree(value=0.0):
    return {
        "params": {"kernel": jnp.full((8, 4), value), "layers": [jnp.arange(3.0) + value]},
        "key": jax.random.key(int(value)),
        "step": jnp.int32(value),
        "half": jnp.full(5, value, jnp.bfloat16),
        "nothing": None,
    }


def like(example, sharding=None):
    return jax.tree.map(
        lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding), example
    )


def assert_same(left, right):
    assert jax.tree.structure(left) == jax.tree.structure(right)
    for a, b in zip(jax.tree.leaves(left), jax.tree.leaves(right), strict=True):
        assert a.dtype == b.dtype
        if jnp.issubdtype(a.dtype, jax.dtypes.prng_key):
            a, b = jax.random.key_data(a), jax.random.key_data(b)
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b))


def damage(checkpoint: Path) -> None:
    files = [path for path in checkpoint.rglob("*") if path.is_file() and "d" in path.parts]
    assert files
    for path in files:
        path.write_bytes(b"")


def test_what_was_saved_comes_back(tmp_path):
    notes = {"seed": 7, "config": {"rate": 0.1, "names": ["a", None]}, "rules": "ab12"}
    with Checkpoints(tmp_path) as checkpoints:
        assert checkpoints.restore(tree()) is None
        checkpoints.save(3, tree(3.0), notes, metric=0.5)
        assert checkpoints.steps == [3]
    with Checkpoints(tmp_path) as checkpoints:
        restored = checkpoints.restore(like(tree()))
    assert (restored.step, restored.notes) == (3, notes)
    assert_same(restored.tree, tree(3.0))


def test_a_step_that_was_saved_is_not_saved_again(tmp_path):
    with Checkpoints(tmp_path) as checkpoints:
        checkpoints.save(3, tree(3.0), {})
        checkpoints.save(3, tree(4.0), {})
        assert_same(checkpoints.restore(tree()).tree, tree(3.0))


def test_notes_that_a_checkpoint_uses_itself(tmp_path):
    with Checkpoints(tmp_path) as checkpoints, pytest.raises(ArgumentError, match="notes has tier"):
        checkpoints.save(1, tree(), {"tier": 1})


def test_an_earlier_step_may_be_saved_after_a_later_one(tmp_path):
    with Checkpoints(tmp_path) as checkpoints:
        checkpoints.save(9, tree(9.0), {})
        checkpoints.save(3, tree(3.0), {})
    with Checkpoints(tmp_path) as checkpoints:
        assert checkpoints.steps == [3, 9]
        checkpoints.drop_after(3)
        assert checkpoints.steps == [3]
    assert not (tmp_path / "9").exists()


def test_arrays_donated_after_the_call_are_saved_as_they_were(tmp_path):
    consume = jax.jit(lambda x: x * 0 - 1, donate_argnums=0)
    array = jnp.arange(100_000.0)
    with Checkpoints(tmp_path) as checkpoints:
        checkpoints.save(1, {"w": array}, {})
        array = consume(array)
        checkpoints.wait()
        restored = checkpoints.restore({"w": array})
    np.testing.assert_array_equal(restored.tree["w"], np.arange(100_000.0))


@pytest.mark.parametrize(
    ("saving", "stay"),
    [
        (Saving(), [7, 8]),
        (Saving(keep_last=1), [8]),
        (Saving(keep_last=1, keep_every=3), [3, 6, 8]),
        (Saving(keep_last=1, keep_best=2), [2, 4, 8]),
    ],
)
def test_what_stays_also_over_a_restart(tmp_path, saving, stay):
    values = {1: 0.9, 2: 0.1, 3: 0.8, 4: 0.2, 5: 0.7, 6: None, 7: 0.6, 8: 0.5}
    for steps in (range(1, 5), range(5, 9)):
        with Checkpoints(tmp_path, saving=saving) as checkpoints:
            for step in steps:
                checkpoints.save(step, {"w": jnp.float32(step)}, {}, metric=values[step])
    assert checkpoints.steps == stay
    assert sorted(int(path.name) for path in tmp_path.iterdir()) == stay


def test_the_best_may_be_the_largest(tmp_path):
    saving = Saving(keep_last=1, keep_best=1)
    with Checkpoints(tmp_path, saving=saving, maximise=True) as checkpoints:
        for step, value in ((1, 0.5), (2, 0.9), (3, 0.1)):
            checkpoints.save(step, {"w": jnp.float32(step)}, {}, metric=value)
    assert checkpoints.steps == [2, 3]


def test_of_the_temporary_ones_only_the_newest_stays_until_a_permanent_one_comes(tmp_path):
    seen = []
    for step, temporary in ((1, False), (2, True), (3, True), (4, False), (5, True)):
        # Opened anew each time: which ones are temporary is known from the files.
        with Checkpoints(tmp_path) as checkpoints:
            checkpoints.save(step, {"w": jnp.float32(step)}, {}, temporary=temporary)
        seen.append(checkpoints.steps)
    assert seen == [[1], [1, 2], [1, 3], [1, 4], [1, 4, 5]]


def test_a_damaged_checkpoint_is_passed_over_and_then_dropped(tmp_path, caplog):
    with Checkpoints(tmp_path) as checkpoints:
        for step in (1, 2):
            checkpoints.save(step, tree(float(step)), {})
    damage(tmp_path / "2")
    with Checkpoints(tmp_path) as checkpoints:
        restored = checkpoints.restore(tree())
        assert restored.step == 1
        assert "the checkpoint of step 2 is damaged" in caplog.text
        assert "falling back to the checkpoint of step 1" in caplog.text
        checkpoints.drop_after(1)
        checkpoints.save(2, tree(2.0), {})
    with Checkpoints(tmp_path) as checkpoints:
        assert checkpoints.restore(tree()).step == 2


@pytest.mark.parametrize(
    "lost", ["_CHECKPOINT_METADATA", "state", "state/_METADATA", "state/manifest.ocdbt"]
)
def test_whatever_a_checkpoint_has_lost_it_is_passed_over(tmp_path, lost):
    with Checkpoints(tmp_path) as checkpoints:
        for step in (1, 2):
            checkpoints.save(step, tree(float(step)), {})
    path = tmp_path / "2" / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with Checkpoints(tmp_path) as checkpoints:
        assert checkpoints.restore(tree()).step == 1
        # Retention goes on beside it.
        checkpoints.save(3, tree(3.0), {})
        checkpoints.save(4, tree(4.0), {})
    assert checkpoints.steps == [3, 4]


def test_when_none_can_be_read_it_says_so(tmp_path):
    with Checkpoints(tmp_path) as checkpoints:
        for step in (1, 2):
            checkpoints.save(step, tree(), {})
    damage(tmp_path / "1")
    damage(tmp_path / "2")
    with (
        Checkpoints(tmp_path) as checkpoints,
        pytest.raises(CheckpointError, match=r"(?s)step 2:.*step 1:.*--overwrite to start again"),
    ):
        checkpoints.restore(tree())


def test_another_structure_is_no_damage(tmp_path):
    with Checkpoints(tmp_path) as checkpoints:
        checkpoints.save(1, tree(), {})
        for other in (tree() | {"more": jnp.zeros(1)}, tree() | {"half": jnp.zeros(5)}):
            with pytest.raises(CheckpointError, match="state of another model or optimizer"):
                checkpoints.restore(other)


def test_only_reading_leaves_a_save_in_progress_alone(tmp_path):
    unfinished = tmp_path / "4.orbax-checkpoint-tmp"
    unfinished.mkdir(parents=True)
    with Checkpoints(tmp_path, only_read=True) as checkpoints:
        assert checkpoints.steps == []
    assert unfinished.exists()
    with Checkpoints(tmp_path) as checkpoints:
        checkpoints.save(5, tree(), {})
    assert not unfinished.exists()


def test_checkpoints_of_before_there_were_tiers(tmp_path, monkeypatch):
    from research.training import checkpoints as module

    with Checkpoints(tmp_path) as checkpoints:
        save = checkpoints._orbax.save_async

        def as_before(step, state, *, custom_metadata, **options):
            for name in ("tier", "metric"):
                del custom_metadata[name]
            return save(step, state, custom_metadata=custom_metadata, **options)

        monkeypatch.setattr(checkpoints._orbax, "save_async", as_before)
        checkpoints.save(1, tree(1.0), {"run": 1})
    with Checkpoints(tmp_path, saving=module.Saving(keep_best=1)) as checkpoints:
        restored = checkpoints.restore(tree())
        assert (restored.step, restored.notes) == (1, {"run": 1})
        checkpoints.save(2, tree(2.0), {})
        checkpoints.save(3, tree(3.0), {})
    assert checkpoints.steps == [2, 3]


# On other devices


def sharded(mesh_shape, axes, specs, value):
    mesh = jax.make_mesh(mesh_shape, axes, (AxisType.Auto,) * len(axes))
    return {
        name: jax.device_put(array, NamedSharding(mesh, PartitionSpec(*specs[name])))
        for name, array in value.items()
    }


VALUES = {
    "kernel": np.arange(64, dtype=np.float32).reshape(8, 8),
    "bias": np.arange(8, dtype=np.float32),
    "scalar": np.array(3, np.float32),
}
BY_EIGHT = ((8,), ("data",), {"kernel": ("data",), "bias": ("data",), "scalar": ()})
BY_FOUR_AND_TWO = (
    (4, 2),
    ("data", "model"),
    {"kernel": ("model", "data"), "bias": (), "scalar": ()},
)


@pytest.mark.parametrize(
    ("saved", "wanted"), [(BY_EIGHT, BY_FOUR_AND_TWO), (BY_FOUR_AND_TWO, BY_EIGHT)]
)
def test_saved_on_one_mesh_restored_on_another(tmp_path, saved, wanted):
    target = sharded(*wanted, {name: np.zeros_like(value) for name, value in VALUES.items()})
    abstract = jax.tree.map(
        lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=leaf.sharding), target
    )
    with Checkpoints(tmp_path) as checkpoints:
        checkpoints.save(1, sharded(*saved, VALUES), {})
        for expected in (target, abstract):
            restored = checkpoints.restore(expected).tree
            assert_same(restored, VALUES)
            for name, leaf in restored.items():
                assert leaf.sharding.is_equivalent_to(target[name].sharding, leaf.ndim)
        one = checkpoints.restore(like(VALUES)).tree
        assert_same(one, VALUES)
        assert one["kernel"].devices() == {jax.devices()[0]}


def test_saved_on_eight_devices_restored_where_there_is_one(tmp_path):
    with Checkpoints(tmp_path) as checkpoints:
        checkpoints.save(1, sharded(*BY_EIGHT, VALUES), {})
    script = """
import sys, jax, numpy as np
from pathlib import Path
from research.training.checkpoints import Checkpoints
assert jax.device_count() == 1
like = {name: jax.ShapeDtypeStruct(shape, np.float32)
        for name, shape in {"kernel": (8, 8), "bias": (8,), "scalar": ()}.items()}
with Checkpoints(Path(sys.argv[1])) as checkpoints:
    tree = checkpoints.restore(like).tree
print(float(tree["kernel"].sum()), float(tree["bias"].sum()), float(tree["scalar"]))
"""
    environment = os.environ | {"XLA_FLAGS": "", "PYTHONPATH": str(Path(__file__).parents[3])}
    output = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    ).stdout
    assert output.split() == ["2016.0", "28.0", "3.0"]


# Parts


def test_some_arrays_by_name(tmp_path):
    with Checkpoints(tmp_path) as checkpoints:
        assert checkpoints.arrays(lambda shapes: {}) is None
        checkpoints.save(1, {"a": {"b": jnp.arange(4.0)}, "c": jnp.zeros(3)}, {})
        seen = {}

        def choose(shapes):
            seen.update({name: leaf.shape for name, leaf in shapes.items()})
            return {"a.b": jax.ShapeDtypeStruct((4,), jnp.bfloat16)}

        step, arrays = checkpoints.arrays(choose)
    assert seen == {"a.b": (4,), "c": (3,)}
    assert step == 1
    assert_same(arrays, {"a.b": jnp.arange(4.0, dtype=jnp.bfloat16)})


def test_what_the_chooser_refuses_is_no_damage(tmp_path):
    def choose(shapes):
        raise ArgumentError("nothing fits")

    with Checkpoints(tmp_path) as checkpoints:
        checkpoints.save(1, tree(), {})
        with pytest.raises(ArgumentError, match="nothing fits"):
            checkpoints.arrays(choose)


def test_what_is_wrong_with_the_tree_is_no_trouble_of_the_disk(tmp_path):
    with Checkpoints(tmp_path) as checkpoints, pytest.raises(AttributeError):
        checkpoints.save(1, {"w": object()}, {})
