import re
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from research.arguments import ArgumentError
from research.models.network import Variables
from research.training.checkpoints import Checkpoints
from research.training.partial import _planned, load_into
from research.workdir import Workdir, WorkdirError


def variables(value, *, hidden=4, classes=2, name="mlp"):
    kernel = jnp.full((3, hidden), value)
    return Variables(
        {
            name: {"layers": {"0": {"kernel": kernel, "bias": jnp.full(hidden, value)}}},
            "readout": {"kernel": jnp.full((hidden, classes), value)},
        },
        {"norm": {"mean": jnp.full(hidden, value)}},
    )


@pytest.fixture
def source(tmp_path):
    workdir = Workdir(tmp_path)
    with Checkpoints(workdir.model) as model:
        model.save(40, variables(7.0), {})
    return workdir


def values(tree):
    return {
        jax.tree_util.keystr(path, simple=True, separator="/"): set(
            np.asarray(leaf).ravel().tolist()
        )
        for path, leaf in jax.tree_util.tree_leaves_with_path(tree)
    }


def test_the_same_model_is_taken_whole(source):
    for given_as in (source, source.path, source.model):
        loaded, report = load_into(variables(0.0), given_as)
        assert set().union(*values(loaded).values()) == {7.0}
        assert jax.tree.structure(loaded) == jax.tree.structure(variables(0.0))
        assert (report.source, report.step) == (source.model, 40)
        assert (report.initial, report.unused) == ((), ())
    assert str(report) == f"4 arrays from step 40 of {source.model}"


def test_another_head_under_another_name(source):
    new = variables(0.0, classes=5, name="trunk")
    loaded, report = load_into(
        new, source, rename=[("^params/mlp/", "params/trunk/")], skip=["readout"]
    )
    assert values(loaded) == {
        "params/readout/kernel": {0.0},
        "params/trunk/layers/0/bias": {7.0},
        "params/trunk/layers/0/kernel": {7.0},
        "statistics/norm/mean": {7.0},
    }
    assert report.initial == report.unused == ("params/readout/kernel",)
    assert report.taken["params/trunk/layers/0/bias"] == "params/mlp/layers/0/bias"
    assert str(report).splitlines()[1:] == [
        "renamed: params/mlp/layers/0/bias -> params/trunk/layers/0/bias, "
        "params/mlp/layers/0/kernel -> params/trunk/layers/0/kernel",
        "left at the initial value: params/readout/kernel",
        "not used: params/readout/kernel",
    ]


def test_what_the_source_has_more_or_less_is_told(source):
    small = Variables({"readout": variables(0.0).params["readout"], "new": jnp.ones(1)}, {})
    loaded, report = load_into(small, source)
    assert values(loaded) == {"params/new": {1.0}, "params/readout/kernel": {7.0}}
    assert report.initial == ("params/new",)
    assert len(report.unused) == 3


def test_renames_follow_one_another(source):
    new = Variables({"c": jnp.zeros((4, 2))}, {})
    rename = [("readout/kernel", "b"), (r"^params/(b)$", r"params/\1\1"), ("bb", "c")]
    loaded, _ = load_into(new, source, rename=rename)
    assert values(loaded) == {"params/c": {7.0}}


def test_an_unfinished_run_gives_what_it_trains(tmp_path):
    state = {
        "carry": {"state": {"variables": variables(3.0), "optimizer": variables(9.0)}},
        "best": variables(5.0),
    }
    workdir = Workdir(tmp_path)
    with Checkpoints(workdir.checkpoints) as checkpoints:
        checkpoints.save(20, state, {})
    loaded, report = load_into(variables(0.0), workdir)
    assert set().union(*values(loaded).values()) == {3.0}
    assert report.unused == ()
    assert report.taken["params/readout/kernel"] == "params/readout/kernel"


def test_arrays_keep_their_dtype_and_sharding(source):
    mesh = jax.make_mesh((4,), ("data",), (AxisType.Auto,))
    by_row = NamedSharding(mesh, PartitionSpec("data"))
    new = variables(0.0)
    new.params["readout"]["kernel"] = jax.device_put(jnp.zeros((4, 2), jnp.bfloat16), by_row)
    loaded, _ = load_into(new, source)
    kernel = loaded.params["readout"]["kernel"]
    assert kernel.dtype == jnp.bfloat16
    assert kernel.sharding.is_equivalent_to(by_row, 2)
    assert set(np.asarray(kernel, np.float32).ravel().tolist()) == {7.0}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {},
            r"shapes in .*model differ: params/readout/kernel is \(4, 5\) here, \(4, 2\) there: "
            "skip these paths, or change the model",
        ),
        (
            {"skip": ["reedout"]},
            "skip has 'reedout', which matches none of params/mlp/layers/0/bias",
        ),
        ({"rename": [("^mlp", "x")]}, r"rename has '\^mlp', which matches none of params/mlp"),
        ({"skip": ["("]}, r"skip has '\(', which is no regular expression: missing \)"),
        ({"rename": [("mlp", r"\1")]}, r"rename has the replacement '\\\\1': invalid group"),
        (
            {"rename": [("params/.*", "params/readout/kernel")]},
            "params/mlp/layers/0/bias and params/mlp/layers/0/kernel of .*model are both renamed "
            "to params/readout/kernel: make one of the expressions narrower",
        ),
        ({"skip": ["."]}, "nothing in .*model fits: there it has .*; here it has .*: rename"),
        (
            {"rename": [("^", "x/")]},
            "nothing in .*model fits: there it has params/mlp/.*; here it has params/",
        ),
    ],
)
def test_what_cannot_be_done(source, options, message):
    with pytest.raises(ArgumentError, match=message):
        load_into(variables(0.0, classes=5), source, **options)


def test_many_paths_are_not_all_told(tmp_path):
    with Checkpoints(tmp_path / "model") as model:
        model.save(1, {f"a{i}": jnp.zeros(1) for i in range(9)}, {})
    with pytest.raises(ArgumentError, match="a0, a1, a2, a3, a4, a5 and 3 more; here it has b:"):
        load_into({"b": jnp.zeros(1)}, tmp_path)


def test_where_there_is_nothing(tmp_path):
    message = re.escape(f"{tmp_path} holds no model and no checkpoint: train there first")
    with pytest.raises(WorkdirError, match=message):
        load_into(variables(0.0), tmp_path)
    with pytest.raises(WorkdirError, match="holds no model and no checkpoint"):
        load_into(variables(0.0), tmp_path / "missing")


def test_a_run_that_is_going_on_is_left_alone(tmp_path):
    checkpoints = Workdir(tmp_path).checkpoints
    with Checkpoints(checkpoints) as writer:
        writer.save(1, variables(1.0), {})
    saving = checkpoints / "2.orbax-checkpoint-tmp"
    saving.mkdir()
    load_into(variables(0.0), tmp_path)
    assert saving.exists()
    assert not (tmp_path / "model").exists()


PATHS = st.dictionaries(
    st.sampled_from([f"params/{c}" for c in "abcdef"]), st.just((2,)), min_size=1
)


@given(PATHS, PATHS)
def test_every_path_is_taken_or_initial_and_used_or_not(here, there):
    def plan():
        return _planned(here, there, rename=(), skip=(), source=Path("runs/a"))

    if not set(here) & set(there):
        with pytest.raises(ArgumentError, match="nothing in runs/a fits"):
            plan()
        return
    taken, initial, unused = plan()
    assert set(taken) == set(here) & set(there)
    assert sorted([*taken, *initial]) == sorted(here)
    assert sorted([*taken.values(), *unused]) == sorted(there)
