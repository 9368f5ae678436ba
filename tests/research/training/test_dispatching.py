import functools
import types

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from research.data.feeds import InMemory, Resident, Streamed
from research.models import Network
from research.tasks import Classification
from research.training import Parallel, adamw
from research.training.dispatching import dispatch_length, quicker_in_a_loop
from research.training.executors import executor
from research.training.step import Step
from tests.research.training import families
from tests.research.training.families import BATCH_SIZE
from tests.research.training.loops import train
from tests.research.training.problems import assert_same

ONE_DEVICE = jax.sharding.SingleDeviceSharding(jax.devices()[0])


def machine(task, examples, *, streamed=False):
    setting = {"batch_size": BATCH_SIZE, "seed": 0}
    feed = (
        Streamed(InMemory(examples), **setting)
        if streamed
        else Resident(examples=examples, **setting)
    )
    return executor(Step(task), feed, Parallel(), devices=jax.devices()[:1])


def described(*, flops, devices=1, platform="cpu", resident=True, batch_bytes=1, parameters=1):
    """What the chooser asks of a machine, for a step of products only."""
    device = types.SimpleNamespace(platform=platform)
    return types.SimpleNamespace(
        mesh=types.SimpleNamespace(
            devices=types.SimpleNamespace(flat=[device] * devices, size=devices)
        ),
        flops_per_step=flops,
        abstract=jax.ShapeDtypeStruct((parameters,), "float32", sharding=ONE_DEVICE),
        jaxpr=jax.make_jaxpr(jnp.dot)(jnp.ones(2), jnp.ones(2)),
        resident=resident,
        batch_bytes=batch_bytes,
    )


@pytest.mark.parametrize(
    ("of_machine", "options", "count"),
    [
        ({"flops": 0.0}, {}, 100),
        ({"flops": 1e8}, {}, 11),
        ({"flops": 2e9}, {}, 1),
        ({"flops": 2e9, "devices": 4}, {}, 3),
        ({"flops": 2e9, "platform": "gpu"}, {}, 11),
        ({"flops": 1.0}, {"every": (50, 120)}, 10),
        ({"flops": 1e8}, {"every": (50,)}, 10),
        ({"flops": 1.0}, {"every": (47,)}, 47),
        ({"flops": 1.0}, {"every": (101,)}, 1),
        ({"flops": 1.0}, {"every": (50,), "steps": 12}, 10),
        ({"flops": 1.0, "resident": False, "batch_bytes": 2**24}, {}, 4),
        ({"flops": 1.0, "resident": False, "batch_bytes": 2**30}, {}, 1),
    ],
)
def test_as_many_steps_as_make_ten_milliseconds(of_machine, options, count):
    assert dispatch_length(described(**of_machine), "auto", **options) == count


def test_a_number_is_taken_as_it_is():
    assert dispatch_length(described(flops=1e12), 7, every=(10,)) == 7


@pytest.mark.parametrize(
    ("of_machine", "quicker"),
    [
        ({"flops": 9e6}, True),
        ({"flops": 2e7}, False),
        ({"flops": 2e7, "devices": 4}, True),
        ({"flops": 9e6, "platform": "gpu"}, False),
        ({"flops": 9e6, "parameters": 2**18 + 1}, False),
    ],
)
def test_the_smallest_steps_are_made_in_a_loop_of_one(of_machine, quicker):
    assert quicker_in_a_loop(described(**of_machine)) == quicker


def test_a_loop_of_one_stays_a_loop_and_makes_one_step():
    made = machine(*families.mlp())
    loaded = made.load(0, 1)
    assert " while(" in made.program(loaded).as_text()
    carry, _ = made(made.start(0), loaded)
    expected, metrics = jax.jit(made.step)(
        made.step.init(0), made.batch(0), jnp.arange(BATCH_SIZE, dtype=jnp.int32)
    )
    assert int(carry.state.step) == float(carry.steps) == 1
    close = functools.partial(np.testing.assert_allclose, rtol=1e-4, atol=1e-6)
    jax.tree.map(close, carry.state.variables, expected.variables)
    jax.tree.map(close, carry.sums, metrics)


def test_our_convolutions_are_quick_in_a_loop():
    assert dispatch_length(machine(*families.cnn()), "auto") > 1


class PlainCNN(nnx.Module):
    def __init__(self, *, rngs):
        self.layer = nnx.Conv(1, 4, (3, 3), rngs=rngs)

    def __call__(self, images, *, train=False, **_):
        return {"logits": self.layer(images).mean((1, 2))}


def test_others_are_not():
    task = Classification(
        network=Network.from_nnx(lambda rngs: PlainCNN(rngs=rngs)),
        optimizer=adamw(learning_rate=0.1, steps=9),
    )
    _, examples = families.cnn()
    assert dispatch_length(machine(task, examples), "auto") == 1


def test_a_stream_tells_the_size_of_its_batches():
    found = machine(*families.mlp(), streamed=True)
    assert not found.resident and found.batch_bytes == BATCH_SIZE * (6 * 4 + 4)


def test_a_run_chooses_and_comes_to_the_same():
    chosen, given = train(steps_per_call="auto"), train(steps_per_call=6)
    assert_same(chosen.variables, given.variables)
    assert chosen.history == given.history
