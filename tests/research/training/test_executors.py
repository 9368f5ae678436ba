"""One device, eight devices, any executor: the same training."""

import functools
import itertools

import jax
import numpy as np
import pytest

from research.arguments import ArgumentError
from research.data.feeds import Resident, Streamed
from research.training import Parallel, Stepping
from research.training.executors import executor
from research.training.sharding import EXECUTORS
from research.training.step import Step
from tests.effort import at_length_on_hosts
from tests.research.training.families import BATCH_SIZE, FAMILIES, SEED, STEPS, mlp


def trained(task, examples, parallel, *, devices=8, stepping=None, steps=STEPS, per_call=5):
    """Losses of each dispatch, and the variables after the last."""
    feed = Resident(examples=examples, batch_size=BATCH_SIZE, seed=0)
    machine = executor(
        Step(task, stepping or Stepping()), feed, parallel, devices=jax.devices()[:devices]
    )
    carry, metrics = machine.start(SEED), []
    for first in range(0, steps, per_call):
        carry, flags = machine(carry, machine.load(first, per_call))
        assert list(np.asarray(flags)) == [-1, 0]
        sums, count = jax.device_get((carry.sums, carry.steps))
        assert count == per_call
        metrics.append({name: value / count for name, value in sums.items()})
        carry = machine.cleared(carry)
    return metrics, jax.device_get(carry.state)


@functools.cache
def on_one_device(family):
    return trained(*FAMILIES[family](), Parallel(), devices=1)


def assert_alike(found, expected):
    for ours, theirs in zip(found[0], expected[0], strict=True):
        assert ours == pytest.approx(theirs, rel=2e-4, abs=1e-5)
    close = functools.partial(np.testing.assert_allclose, rtol=1e-3, atol=3e-5)
    jax.tree.map(close, found[1].variables, expected[1].variables)


# Each family under one, and one family under all of them; the others in `make test-hosts`.
SOME = {("mlp", kind) for kind in EXECUTORS}
SOME |= set(zip(sorted(set(FAMILIES) - {"mlp"}), itertools.cycle(EXECUTORS), strict=False))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("family", "kind"),
    [
        pytest.param(*pair, marks=() if pair in SOME else at_length_on_hosts)
        for pair in itertools.product(sorted(FAMILIES), EXECUTORS)
    ],
)
def test_eight_devices_train_like_one(family, kind):
    found = trained(*FAMILIES[family](), Parallel(executor=kind))
    assert_alike(found, on_one_device(family))


@pytest.mark.parametrize(
    ("mesh", "sharding"),
    [
        ("data=8", ((".", "fsdp(data)"),)),
        ("data=4, model=2", (("layers/0/kernel", "tensor(model)|fsdp(data)"),)),
        ("data=2, fsdp=4", (("kernel", "fsdp(fsdp)"),)),
    ],
)
def test_sharded_parameters_train_like_replicated_ones(mesh, sharding):
    found = trained(*mlp(), Parallel(mesh=mesh, sharding=sharding))
    assert_alike(found, on_one_device("mlp"))


def test_arrays_live_where_the_rules_say():
    task, examples = mlp()
    feed = Resident(examples=examples, batch_size=BATCH_SIZE, seed=0)
    machine = executor(Step(task), feed, Parallel(sharding=(("layers/0/kernel", "data"),)))
    carry, _ = machine(machine.start(0), machine.load(0, 1))
    for state in (machine.abstract.state, carry.state):
        kernels = [
            leaf
            for path, leaf in jax.tree_util.tree_leaves_with_path(state)
            if "layers" in str(path) and leaf.ndim == 2
        ]
        assert len(kernels) == 3  # the parameter and Adam's two moments
        assert all(k.sharding.shard_shape(k.shape) == (6, 1) for k in kernels)


@pytest.mark.parametrize("kind", EXECUTORS)
def test_accumulation_under_every_executor(kind):
    parallel = Parallel(executor=kind)
    found = trained(*mlp(), parallel, stepping=Stepping(accumulate=2))
    assert_alike(found, on_one_device("mlp"))


def test_dispatches_of_one_step_train_like_scanned_ones():
    metrics, state = trained(*mlp(), Parallel(), devices=1, per_call=1)
    scanned, expected = on_one_device("mlp")
    means = [np.mean([m["loss"] for m in metrics[at : at + 5]]) for at in range(0, STEPS, 5)]
    assert means == pytest.approx([m["loss"] for m in scanned], rel=1e-5)
    close = functools.partial(np.testing.assert_allclose, rtol=1e-4, atol=1e-6)
    jax.tree.map(close, state.variables, expected.variables)


def test_a_stream_trains_like_resident_examples():
    task, examples = mlp()

    class Source:
        def __len__(self):
            return len(examples["labels"])

        def take(self, indices):
            return {name: array[indices] for name, array in examples.items()}

    states = []
    for feed in (
        Resident(examples=examples, batch_size=BATCH_SIZE, seed=0),
        Streamed(Source(), batch_size=BATCH_SIZE, seed=0),
    ):
        machine = executor(Step(task), feed, Parallel())
        carry, _ = machine(machine.start(0), machine.load(0, 4))
        states.append(jax.device_get(carry.state))
        feed.close()
    jax.tree.map(np.testing.assert_array_equal, *states)


def test_the_sums_of_a_cleared_carry_stay_readable():
    task, examples = mlp()
    feed = Resident(examples=examples, batch_size=BATCH_SIZE, seed=0)
    machine = executor(Step(task), feed, Parallel(), devices=jax.devices()[:1])
    carry, _ = machine(machine.start(0), machine.load(0, 2))
    sums = carry.sums
    carry, _ = machine(machine.cleared(carry), machine.load(2, 2))
    assert float(sums["loss"]) > 0 and float(carry.steps) == 2


def test_one_program_a_shape():
    task, examples = mlp()
    feed = Resident(examples=examples, batch_size=BATCH_SIZE, seed=0)
    machine = executor(Step(task), feed, Parallel(), devices=jax.devices()[:1])
    compiled = []

    def compiling(build):
        compiled.append(build)
        return build()

    for first, count in ((0, 2), (2, 2), (4, 1), (5, 1)):
        loaded = machine.load(first, count)
        before = len(compiled)
        machine.program(loaded, compiling=compiling)
        assert (len(compiled) == before) == (first in (2, 5))
    assert len(compiled) == 2


def test_votes_are_the_largest_of_all():
    task, examples = mlp()
    feed = Resident(examples=examples, batch_size=BATCH_SIZE, seed=0)
    for kind in ("jit", "shard_map"):
        machine = executor(Step(task), feed, Parallel(executor=kind))
        _, flags = machine(machine.start(0), machine.load(0, 1), vote=2)
        assert list(np.asarray(flags)) == [-1, 2]


@pytest.mark.parametrize(
    ("stepping", "message"),
    [
        ({}, "batch_size 12 does not divide over 8 devices: use 8"),
        ({"accumulate": 3}, "batch_size 12 does not divide over 8 devices times 3 parts: use 24"),
    ],
)
def test_a_batch_that_does_not_divide(stepping, message):
    task, examples = mlp()
    feed = Resident(examples=examples, batch_size=12, seed=0)
    with pytest.raises(ArgumentError, match=message):
        executor(Step(task, Stepping(**stepping)), feed, Parallel())


def test_flops_do_not_depend_on_the_devices():
    task, examples = mlp()
    feed = Resident(examples=examples, batch_size=BATCH_SIZE, seed=0)
    counts = {
        executor(Step(task), feed, Parallel(), devices=jax.devices()[:n]).flops_per_step
        for n in (1, 8)
    }
    # Forward 6x8 and 8x2; backward twice that, less the gradient of the inputs.
    assert counts == {2.0 * BATCH_SIZE * (3 * (6 * 8 + 8 * 2) - 6 * 8)}
