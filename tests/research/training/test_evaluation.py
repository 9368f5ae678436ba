import jax
import jax.numpy as jnp
import numpy as np
import pytest

from research.training.evaluation import Evaluator
from research.training.preemption import StopRequested
from research.training.sharding import Parallel
from tests.research.training.loops import Linear


class Values:
    """Sums what it is given."""

    def evaluate(self, variables, batch):
        values = batch["value"] * variables
        return {
            "mean": (values * batch["weight"]).sum(),
            "square": (values**2 * batch["weight"]).sum(),
            "weight": batch["weight"].sum(),
        }


def evaluator(examples, devices=8, task=None, **options):
    parallel = Parallel()
    mesh = parallel.build_mesh(jax.devices()[:devices])
    return Evaluator(task or Values(), examples, mesh=mesh, axes=parallel.batch_axes, **options)


@pytest.mark.parametrize("devices", [1, 3, 8])
@pytest.mark.parametrize(("count", "batch_size"), [(1, 50), (8, 8), (9, 8), (40, 7), (23, 16)])
def test_means_over_all_examples_and_only_these(count, batch_size, devices):
    values = np.arange(1, count + 1, dtype=np.float32)
    found = evaluator({"value": values}, devices, batch_size=batch_size)(jnp.float32(2.0))
    assert found == pytest.approx({"mean": 2 * values.mean(), "square": 4 * (values**2).mean()})


def test_weights_of_the_examples_count():
    values, weights = np.array([1.0, 5.0, 9.0]), np.array([1.0, 3.0, 0.0])
    found = evaluator({"value": values, "weight": weights})(jnp.float32(1.0))
    assert found == pytest.approx({"mean": 4.0, "square": (1 + 3 * 25) / 4})


def test_one_program_serves_all_calls():
    calls = []

    class Counted(Values):
        def evaluate(self, variables, batch):
            calls.append(batch["value"].shape)
            return super().evaluate(variables, batch)

    evaluate = evaluator({"value": np.ones(20)}, task=Counted(), batch_size=8)
    assert evaluate.metrics(jnp.float32(1.0)) == {"mean", "square"}
    compiled = []
    for _ in range(2):
        evaluate.compile(jnp.float32(1.0), compiling=lambda f: compiled.append(1) or f())
        evaluate(jnp.float32(1.0))
    assert len(compiled) == 1
    assert set(calls) == {(8,)} and len(calls) <= 2


def test_it_can_be_stopped_between_batches():
    evaluate, polls = evaluator({"value": np.ones(20)}, batch_size=8), []

    def poll():
        polls.append(len(polls))
        if len(polls) == 2:
            raise StopRequested

    with pytest.raises(StopRequested):
        evaluate.begin(jnp.float32(1.0), poll=poll)
    assert polls == [0, 1]


@pytest.mark.parametrize("devices", [1, 8])
def test_the_metrics_of_a_model(devices):
    task = Linear()
    random = np.random.default_rng(1)
    inputs = random.normal(size=(13, 4)).astype(np.float32)
    examples = {"inputs": inputs, "targets": random.normal(size=13).astype(np.float32)}
    variables = task.init(jax.random.key(0))
    found = evaluator(examples, devices, task=task, batch_size=4)(variables)
    params = jax.device_get(variables.params)
    outputs = (inputs @ params["hidden"]["kernel"] + params["hidden"]["bias"]) @ params["readout"]
    assert found["loss"] == pytest.approx(((outputs - examples["targets"]) ** 2).mean(), rel=1e-5)
