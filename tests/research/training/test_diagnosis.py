"""What is said and kept of a step that can't be used."""

import dataclasses
import json

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from research.models import Variables
from research.tasks import Objective, Update
from research.training import Diverged, Stepping
from research.training.diagnosis import diagnose, keep_repro, repeat
from research.training.step import Step
from research.workdir import read_metrics
from tests.research.training.loops import TRAIN, VALIDATION, Linear, poisoned, train


class Bursts(Linear):
    """Its readout's gradient is infinite where an input is larger than 100."""

    def loss(self, variables, batch, keys):
        burst = (batch["inputs"] > 100).any()
        params = variables.params
        readout = params["readout"] * jnp.where(burst, jnp.inf, 1.0)
        changed = variables._replace(params={**params, "readout": readout})
        objective = super().loss(changed, batch, keys)
        finite = jnp.where(burst, 1.0, objective.loss)
        return objective._replace(metrics={"loss": finite, "rows": objective.weight})


def first_bad_step(examples):
    from research.data.loading import Batches

    batches = Batches(32, 8, seed=0)
    at = next(
        i for i, x in enumerate(examples["inputs"]) if not np.isfinite(x).all() or x.max() > 100
    )
    return next(step for step in range(24) if at in batches.indices(step))


def diverges(workdir=None, *, task=None, examples=None, **options):
    with pytest.raises(Diverged) as stop:
        train(workdir, task, examples=poisoned() if examples is None else examples, **options)
    return str(stop.value)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("steps_per_call", [1, 5])
def test_step_metric_parameter_and_inputs_are_named(workdir, value, steps_per_call):
    examples = poisoned(value, example=20)
    bad = first_bad_step(examples)
    message = diverges(workdir, examples=examples, steps_per_call=steps_per_call)
    assert message.startswith(
        f"loss is {'nan' if np.isnan(value) else 'inf'} at step {bad}; the first gradient that is "
        "not finite is that of hidden/bias; the batch itself holds values that are not finite in "
        "inputs; clean the inputs; kept in "
    ) or np.isinf(value)
    assert f"at step {bad}; the first gradient" in message
    assert message.endswith(str(workdir.path / "diverged" / str(bad)))


def test_a_gradient_alone_may_be_bad():
    message = diverges(task=Bursts(), examples=poisoned(1000.0))
    bad = first_bad_step(poisoned(1000.0))
    assert message == (
        f"gradient_norm is nan at step {bad}; the first gradient that is not finite is that of "
        "hidden/bias; lower the learning rate, clip gradients harder, or look for extreme values "
        "in the inputs"
    )


@pytest.mark.parametrize("devices", [1, 8])
def test_what_is_kept_repeats_it(workdir, devices):
    diverges(workdir, devices=devices)
    (folder,) = (workdir.path / "diverged").iterdir()
    kept = json.loads((folder / "finding.json").read_text())
    finding = repeat(Step(Linear()), folder)
    assert json.dumps(dataclasses.asdict(finding)) == json.dumps(kept)
    assert finding.inputs == ("inputs",) and int(folder.name) == finding.step
    with np.load(folder / "batch.npz") as batch, np.load(folder / "state.npz") as state:
        assert np.isnan(batch["inputs"]).sum() == 1 and len(batch["inputs"]) == 8
        assert int(state["step"]) == finding.step
        assert np.isfinite(state["variables/params/hidden/kernel"]).all()
    # The state is the one before the step: as of a run that ends there.
    before = train(steps=finding.step, evaluate_every=finding.step, examples=poisoned())
    if devices == 1:
        with np.load(folder / "state.npz") as state:
            np.testing.assert_allclose(
                state["variables/params/hidden/kernel"],
                before.variables.params["hidden"]["kernel"],
                rtol=1e-5,
            )


def test_a_changed_step_may_repeat_it(workdir):
    diverges(workdir, task=Bursts(), examples=poisoned(1000.0))
    (folder,) = (workdir.path / "diverged").iterdir()
    assert repeat(Step(Bursts()), folder).metric == "gradient_norm"
    assert np.isfinite(repeat(Step(Linear()), folder).value)


def test_bfloat16_can_be_kept(workdir):
    task = Linear(dtype="bfloat16", optimizer=optax.sgd(0.01))
    diverges(workdir, task=task)
    (folder,) = (workdir.path / "diverged").iterdir()
    finding = repeat(Step(task), folder)
    assert finding.metric == "loss" and finding.path == "hidden/bias"


def test_nothing_of_a_bad_step_is_written(workdir):
    watching = {"evaluate_every": 2, "steps_per_call": 1}
    examples = poisoned(example=20)
    bad = first_bad_step(examples)
    diverges(workdir, examples=examples, **watching)
    assert [r["step"] for r in read_metrics(workdir.metrics)] == [*range(2, bad + 1, 2)]
    assert all(int(path.name) <= bad for path in workdir.checkpoints.iterdir())


def test_the_same_call_diverges_again_and_mended_examples_go_on(workdir):
    options = {"evaluate_every": 2}
    examples = poisoned(example=20)
    first = diverges(workdir, examples=examples, **options)
    assert diverges(workdir, examples=examples, **options) == first
    fitted = train(workdir, **options)
    assert fitted.progress.finished == "all steps made"
    bad = first_bad_step(examples)
    assert fitted.resumed_at == bad - bad % 2
    expected = train(**options)
    jax.tree.map(np.testing.assert_array_equal, fitted.variables, expected.variables)


def test_skips_end_at_last(workdir):
    nothing = {**TRAIN, "inputs": TRAIN["inputs"] * np.float32(np.nan)}
    message = diverges(workdir, examples=nothing, stepping=Stepping(guard="skip", skips=4))
    assert "loss is nan at step 4" in message


def test_a_validation_that_is_not_finite_stops_too():
    broken = {**VALIDATION, "targets": VALIDATION["targets"] * np.float32(np.inf)}
    message = diverges(examples=TRAIN, validation=broken)
    assert "validation loss is inf at step 6: lower the learning rate" in message


@dataclasses.dataclass(frozen=True)
class Pair:
    """Two players; the first one's loss explodes at step 2."""

    @property
    def updates(self):
        return (
            Update(loss=self.first, optimizer=optax.sgd(0.0), part="a"),
            Update(loss=self.second, optimizer=optax.sgd(0.0), part="b"),
        )

    def init(self, key):
        return Variables({"a": jnp.float32(1.0), "b": jnp.float32(2.0)}, {"step": jnp.float32(0)})

    def first(self, variables, batch, keys):
        step = variables.statistics["step"]
        loss = 8 * variables.params["a"] * jnp.where(step >= 2, 50.0, 1.0)
        return Objective(loss, jnp.float32(8), {"a_loss": loss}, {"step": step + 1})

    def second(self, variables, batch, keys):
        loss = 8 * variables.params["b"]
        return Objective(loss, jnp.float32(8), {"b_loss": loss}, variables.statistics)


def test_the_metric_that_exploded_is_the_one_that_is_named():
    step = Step(Pair(), Stepping(explosion=10.0))
    state, batch, positions = step.init(0), {"x": np.zeros(8)}, jnp.arange(8)
    for _ in range(3):
        state, _ = step(state, batch, positions)
    assert int(state.health.bad_step) == 2
    finding = diagnose(step, state, batch)
    assert (finding.metric, finding.value, finding.path, finding.step) == ("loss", 50.0, None, 2)


def test_the_second_player_may_be_the_bad_one(workdir):
    class Second(Pair):
        def second(self, variables, batch, keys):
            objective = super().second(variables, batch, keys)
            nan = objective.loss * jnp.where(variables.statistics["step"] > 2, jnp.nan, 1.0)
            return objective._replace(loss=nan, metrics={"b_loss": nan})

    step = Step(Second())
    state, batch, positions = step.init(0), {"x": np.zeros(8)}, jnp.arange(8)
    for _ in range(4):
        state, _ = step(state, batch, positions)
    finding = diagnose(step, state, batch)
    assert (finding.step, finding.metric, finding.path, finding.inputs) == (2, "b_loss", "b", ())
    assert keep_repro(workdir, finding, state, batch) == workdir.path / "diverged" / "2"
    assert repeat(step, workdir.path / "diverged" / "2").metric == "b_loss"
