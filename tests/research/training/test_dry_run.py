"""What a plan says is what a run does."""

import importlib
import os
import subprocess
import sys

import jax
import numpy as np
import optax
import pytest

from research.arguments import ArgumentError
from research.data.feeds import InMemory, Resident, Streamed
from research.training import Parallel, Stepping, plan
from research.training.executors import executor
from research.training.memory import DoesNotFit
from research.training.step import Step
from tests.research.training import problems
from tests.research.training.processes import ROOT

EXECUTOR = importlib.import_module("research.training.executors.executor")
EXAMPLES = problems.examples(0)
SHARDED = Parallel(sharding=(("kernel", "fsdp(data)"),))


def feed(batch_size=16, examples=EXAMPLES):
    return Resident(examples=examples, batch_size=batch_size, seed=0)


def planned(**options):
    return plan(problems.task(dropout=0.0), feed(), **options)


@pytest.mark.parametrize(
    ("parallel", "stepping"),
    [
        (Parallel(), Stepping()),
        (Parallel(executor="pmap"), Stepping(ema=0.9)),
        (SHARDED, Stepping()),
    ],
)
def test_bytes_are_those_of_a_run(parallel, stepping):
    found = planned(parallel=parallel, stepping=stepping).memory
    machine = executor(Step(problems.task(dropout=0.0), stepping), feed(), parallel)
    carry, _ = machine(machine.start(0), machine.load(0, 1))
    first = jax.devices()[0]

    def on_first(tree):
        return sum(
            shard.data.nbytes
            for leaf in jax.tree.leaves(tree)
            for shard in leaf.addressable_shards
            if shard.device == first
        )

    assert found.state == on_first(carry) + on_first(carry.state.variables)
    assert found.examples == sum(array.nbytes for array in EXAMPLES.values())
    assert found.temporary is not None and found.temporary > 0


def test_flops_by_hand():
    # Forward 4x16 and 16x2, twice that backward, without the gradient of the inputs.
    by_hand = 2 * 16 * (3 * (4 * 16 + 16 * 2) - 4 * 16)
    assert planned().flops_per_step == by_hand
    assert planned(steps_per_call=5).flops_per_step == by_hand
    assert planned(devices=jax.devices()[:1]).flops_per_step == by_hand


def test_what_it_looks_like():
    found = planned(parallel=SHARDED, steps_per_call=3)
    assert found.mesh == {"data": 8}
    assert found.batch == {"inputs": "float32[16, 4]", "labels": "int32[16]"}
    assert found.parameters.size == 4 * 16 + 16 + 16 * 2 + 2
    text = str(found)
    for line in (
        "layers/0/kernel  4 x 16  float32  -, data",
        "executor   jit, mesh data=8, cpu",
        "batch      inputs float32[16, 4]",
        "FLOPs, 3 a dispatch, compiled in",
    ):
        assert line in text, text


def test_nothing_is_left_on_the_devices():
    task, stream = problems.task(), Streamed(InMemory(EXAMPLES), batch_size=16, seed=0)
    before = {id(array) for array in jax.live_arrays()}
    for source in (feed(), stream):
        found = plan(task, source, parallel=SHARDED)
        assert found.memory.state > 0
    stream.close()
    left = [array for array in jax.live_arrays() if id(array) not in before]
    assert sum(array.nbytes for array in left) < 100, left  # no state, no examples


def test_a_stream_keeps_no_examples():
    found = plan(problems.task(), Streamed(InMemory(EXAMPLES), batch_size=16, seed=0))
    assert found.memory.examples == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"parallel": Parallel(mesh="data=3")}, "mesh 'data=3' does not fit 8 devices"),
        ({"parallel": Parallel(sharding=(("kernle", "data"),))}, "'kernle' is found in no param"),
        ({"stepping": Stepping(accumulate=3)}, "16 does not divide over 8 devices times 3 parts"),
    ],
)
def test_what_a_run_would_refuse(options, message):
    with pytest.raises(ArgumentError, match=message):
        planned(**options)


@pytest.mark.parametrize(
    ("make", "advice"),
    [
        (lambda: planned(), "stream the examples"),
        (
            lambda: plan(
                problems.task(hidden=(256, 256), dropout=0.0),
                Streamed(InMemory(EXAMPLES), batch_size=8, seed=0),
                stepping=Stepping(ema=0.9),
            ),
            r"shard the parameters, training.parallel.sharding=\(\('.', 'fsdp\(data\)'\),\)",
        ),
        (
            lambda: plan(
                problems.task(hidden=(4,) * 2, dropout=0.0),
                Streamed(InMemory(EXAMPLES), batch_size=2048, seed=0),
                devices=jax.devices()[:1],
            ),
            "use a smaller batch_size, more training.stepping.accumulate",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_advice(monkeypatch, make, advice):
    monkeypatch.setattr(EXECUTOR, "device_limit", lambda device: 100)
    with pytest.raises(DoesNotFit, match=f"needs .* on each device .*, which has 100 B: {advice}"):
        make()


def test_a_limit_that_suffices(monkeypatch):
    need = planned().memory.total
    for limit, fits in ((need, True), (need - 1, False)):
        monkeypatch.setattr(EXECUTOR, "device_limit", lambda device, limit=limit: limit)
        if fits:
            assert "of " in str(planned())
        else:
            with pytest.raises(DoesNotFit):
                planned()


SIXTY_FOUR = """
import jax
jax.config.update("jax_num_cpu_devices", 64)
from research.training import Parallel, plan
from tests.research.training.test_dry_run import feed
from tests.research.training import problems
found = plan(
    problems.task(),
    feed(128),
    parallel=Parallel(mesh="data=16, fsdp=4", sharding=(("kernel", "fsdp(fsdp)"),)),
)
print(found.mesh, found.memory.limit is not None)
"""


@pytest.mark.slow
def test_a_mesh_of_sixty_four_devices():
    environment = os.environ | {"PYTHONPATH": str(ROOT), "XLA_FLAGS": ""}
    done = subprocess.run(
        [sys.executable, "-c", SIXTY_FOUR],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("{'data': 16, 'fsdp': 4}")


def test_moments_of_one_network_of_two_are_split_like_it():
    from research.models import Discriminator, Generator, Network
    from research.tasks import Adversarial

    task = Adversarial(
        generator=Network.from_nnx(
            lambda rngs: Generator(4, image=(4, 4, 1), channels=(8, 4), rngs=rngs)
        ),
        discriminator=Network.from_nnx(
            lambda rngs: Discriminator((4, 4, 1), channels=(4, 8), rngs=rngs)
        ),
        latent=4,
        generator_optimizer=optax.adam(0.01),
        discriminator_optimizer=optax.adam(0.01),
    )
    images = {"inputs": np.zeros((16, 4, 4, 1), np.float32)}
    rules = Parallel(sharding=(("^generator/.*kernel", "fsdp(data)"),))
    machine = executor(Step(task), feed(16, images), rules)
    split = [
        jax.tree_util.keystr(path, simple=True, separator="/")
        for path, leaf in jax.tree_util.tree_leaves_with_path(machine.abstract.state)
        if any(leaf.sharding.spec)
    ]
    params = [name for name in split if name.startswith("variables/params/generator")]
    assert params and len(split) == 3 * len(params)  # with both moments of Adam
    assert not any("discriminator" in name for name in split)
