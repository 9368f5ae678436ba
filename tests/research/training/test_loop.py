"""What `fit` does with its arguments, and what comes out."""

import threading

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from research import training
from research.arguments import ArgumentError
from research.data.feeds import InMemory, Resident, Streamed
from research.models import Discriminator, Generator, Network
from research.tasks import Adversarial, Update
from research.training import Parallel, Saving, Stepping, fit
from research.training.memory import Memory
from research.training.optimizers import ema
from research.workdir import WorkdirError, read_metrics
from tests.research.training import problems
from tests.research.training.loops import TRAIN, VALIDATION, Linear, poisoned, train
from tests.research.training.problems import assert_same, examples, one_device

# Orbax leaves coroutines behind where a read fails, as it must of damaged files.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited"),
]

MLP_TRAIN, MLP_VALIDATION = examples(0), examples(1, 50)


def train_mlp(workdir=None, *, task=None, devices=None, **options):
    return fit(
        task or problems.task(),
        MLP_TRAIN,
        MLP_VALIDATION,
        devices=devices or one_device(),
        workdir=workdir,
        **problems.OPTIONS | options,
    )


def test_training_learns_and_keeps_the_best():
    fitted = train_mlp(steps=300, evaluate_every=20)
    losses = [record["validation"]["loss"] for record in fitted.history]
    assert min(losses) < 0.8 * losses[0]
    assert fitted.progress.best_value == min(losses)
    assert fitted.progress.best_step == 20 * (1 + int(np.argmin(losses)))
    assert fitted.progress.finished == "all steps made"


def test_the_best_are_the_variables_of_that_step():
    fitted = train(task=Linear(optimizer=optax.sgd(0.05)), steps=60, evaluate_every=3)
    best = fitted.progress.best_step
    assert 0 < best < 60
    again = train(task=Linear(optimizer=optax.sgd(0.05)), steps=best, evaluate_every=3)
    assert_same(again.variables, fitted.variables)
    outputs = Linear().predict(fitted.variables, VALIDATION["inputs"])["outputs"]
    error = float(((np.asarray(outputs) - VALIDATION["targets"]) ** 2).mean())
    assert fitted.progress.best_value == pytest.approx(error, rel=1e-5)


def test_the_best_evaluation_may_be_the_largest():
    fitted = train(monitor="worst", maximise=True)
    values = [record["validation"]["worst"] for record in fitted.history]
    assert fitted.progress.best_value == max(values)


def test_steps_per_call_changes_nothing():
    one, three = train(steps_per_call=1), train(steps_per_call=3)
    assert [record["step"] for record in one.history] == [6, 12, 18, 24]
    for a, b in zip(one.history, three.history, strict=True):
        assert a["validation"] == pytest.approx(b["validation"], rel=1e-5)
        assert a["train"] == pytest.approx(b["train"], rel=1e-5)


@pytest.mark.parametrize(
    ("options", "steps"),
    [
        ({"steps": 23, "evaluate_every": 10, "steps_per_call": 4}, [10, 20, 23]),
        ({"steps": 3, "evaluate_every": 10, "steps_per_call": 40}, [3]),
        ({"steps": 1, "evaluate_every": 1}, [1]),
    ],
)
def test_uneven_numbers_of_steps_are_fine(options, steps):
    fitted = train(**options)
    assert [record["step"] for record in fitted.history] == steps
    assert fitted.progress.step == steps[-1]


def test_patience_stops_early_and_returns_the_best():
    fitted = train(task=Linear(optimizer=optax.sgd(0.0)), patience=2, steps=600)
    assert fitted.progress.finished == "no improvement over 2 evaluations"
    assert (fitted.progress.best_step, fitted.progress.step) == (6, 18)


def test_the_model_can_be_loaded_by_itself(workdir):
    fitted = train(workdir)
    variables, step = training.load_model(workdir, Linear())
    assert step == fitted.progress.best_step
    assert_same(variables, fitted.variables)


def test_a_damaged_model_is_mended_by_the_next_call(workdir):
    fitted = train(workdir)
    damage(workdir.model)
    with pytest.raises(training.CheckpointError):
        training.load_model(workdir, Linear())
    train(workdir)
    assert_same(training.load_model(workdir, Linear())[0], fitted.variables)


def test_a_model_of_another_shape_is_refused(workdir):
    train(workdir)
    with pytest.raises(training.CheckpointError, match="of another model or optimizer"):
        training.load_model(workdir, Linear(dtype="bfloat16"))
    with pytest.raises(training.CheckpointError, match="of another model or optimizer"):
        train(workdir, task=Linear(optimizer=optax.sgd(0.1)))


def test_before_the_end_there_is_no_model(workdir):
    with pytest.raises(WorkdirError, match="run --mode=train first"):
        training.load_model(workdir, Linear())


def test_signals_are_left_alone_outside_the_main_thread():
    results = []
    thread = threading.Thread(target=lambda: results.append(train(steps=6)))
    thread.start()
    thread.join()
    assert results[0].progress.step == 6


def test_a_half_written_line_of_metrics_is_written_again(workdir):
    first = train(workdir)
    with workdir.metrics.open("a") as file:
        file.write('{"step": 40, "tra')
    train(workdir)
    assert read_metrics(workdir.metrics) == first.history


def test_a_damaged_checkpoint_falls_back_to_the_one_before(workdir, caplog):
    undisturbed = train(workdir)
    damage(workdir.checkpoints / "24")
    resumed = train(workdir)
    assert "checkpoint of step 24 is damaged" in caplog.text
    assert "falling back to the checkpoint of step 18" in caplog.text
    assert resumed.resumed_at == 18
    assert_same(undisturbed.variables, resumed.variables)
    assert undisturbed.history == resumed.history == read_metrics(workdir.metrics)


def test_an_unfinished_checkpoint_is_ignored(workdir):
    train(workdir)
    unfinished = workdir.checkpoints / "40.orbax-checkpoint-tmp"
    unfinished.mkdir()
    (unfinished / "state").write_bytes(b"half")
    assert train(workdir).resumed_at == 24


def test_when_no_checkpoint_can_be_read_it_says_so(workdir):
    train(workdir)
    for step in workdir.checkpoints.iterdir():
        damage(step)
    with pytest.raises(training.CheckpointError, match=r"(?s)step 24:.*step 18:.*--overwrite"):
        train(workdir)


def damage(checkpoint):
    files = [path for path in checkpoint.rglob("*") if path.is_file() and "d" in path.parts]
    assert files
    for path in files:
        path.write_bytes(b"")


def test_eight_devices_train_like_one():
    options = {"task": problems.task(dropout=0.0)}
    eight, one = train_mlp(devices=jax.devices(), **options), train_mlp(**options)
    for a, b in zip(one.history, eight.history, strict=True):
        assert a["train"] == pytest.approx(b["train"], rel=1e-3)
        assert a["validation"] == pytest.approx(b["validation"], rel=1e-3)
    kernels = (np.asarray(f.variables.params["readout"]["kernel"]) for f in (one, eight))
    np.testing.assert_allclose(*kernels, atol=1e-4)


def test_the_average_is_evaluated_and_kept(workdir):
    options = {"steps": 6, "steps_per_call": 1, "evaluate_every": 1}
    plain = train(**options)
    averaged = train(workdir, stepping=Stepping(ema=0.5), **options)
    for ours, theirs in zip(averaged.history, plain.history, strict=True):
        assert ours["train"] == pytest.approx(theirs["train"], rel=1e-5)  # it changes nothing
    params = Linear().init(jax.random.fold_in(jax.random.key(0), 0)).params
    for step in range(averaged.progress.best_step):
        once = train(steps=step + 1, evaluate_every=step + 1, steps_per_call=1)
        params = ema(params, once.variables.params, 0.5, jnp.int32(step))
    close = jax.tree.map(
        lambda a, b: np.allclose(a, b, rtol=1e-5), averaged.variables.params, params
    )
    assert jax.tree.all(close)
    assert_same(training.load_model(workdir, Linear())[0], averaged.variables)


def test_skipped_steps_have_no_part_in_the_means(workdir):
    stepping = Stepping(guard="skip")
    clean = train(steps_per_call=1, watching=training.Watching(log_every=1)).history
    # One example is not finite: the four steps of each epoch that meet it are skipped.
    fitted = train(workdir, examples=poisoned(), stepping=stepping)
    for line in fitted.history:
        assert all(np.isfinite(value) for value in line["train"].values())
        assert line["train"]["one"] == pytest.approx(1.0)
    assert fitted.history[0]["train"]["loss"] != pytest.approx(
        np.mean([record["train"]["loss"] for record in clean[:6]])
    )


def test_an_interval_of_skipped_steps_has_no_means():
    nothing = {**TRAIN, "inputs": TRAIN["inputs"] * np.float32(np.nan)}
    fitted = train(examples=nothing, stepping=Stepping(guard="skip", skips=100))
    assert [line["train"] for line in fitted.history] == [{}] * 4
    assert len({line["validation"]["loss"] for line in fitted.history}) == 1


def test_two_networks_take_turns(workdir):
    images = np.random.default_rng(0).uniform(-1, 1, (32, 4, 4, 1)).astype(np.float32)
    task = Adversarial(
        generator=Network.from_nnx(
            lambda rngs: Generator(3, image=(4, 4, 1), channels=(4, 3), rngs=rngs)
        ),
        discriminator=Network.from_nnx(
            lambda rngs: Discriminator((4, 4, 1), channels=(3, 4), rngs=rngs)
        ),
        latent=3,
        generator_optimizer=optax.adam(0.01),
        discriminator_optimizer=optax.adam(0.01),
    )
    options = {"examples": {"inputs": images}, "validation": {"inputs": images[:8]}, "steps": 6}
    fitted = train(workdir, task, **options)
    assert {"discriminator_loss", "generator_loss"} < set(fitted.history[0]["train"])
    assert train(workdir, task, **options).resumed_at == 6


STILL = Linear(optimizer=optax.sgd(0.0))


@pytest.mark.parametrize("parallel", [Parallel(), Parallel(sharding=(("kernel", "fsdp(data)"),))])
def test_a_run_may_start_from_other_variables(workdir, parallel):
    initial = train(steps=6).variables
    options = {"task": STILL, "stepping": Stepping(ema=0.9), "devices": 8, "parallel": parallel}
    fitted = train(workdir, initial=initial, steps=6, **options)
    assert_same(fitted.variables.params, initial.params)  # which are still there to be read
    # A resumed run has its own.
    again = train(workdir, initial=Linear().init(jax.random.key(5)), steps=6, **options)
    assert_same(again.variables, fitted.variables)


def test_other_variables_of_another_shape_are_refused():
    initial = Linear(dtype="bfloat16").init(jax.random.key(0))
    differing = "params/hidden/bias, params/hidden/kernel, params/readout"
    with pytest.raises(
        ArgumentError, match=f"variables differ from the task's in {differing}: take"
    ):
        train(initial=initial)


def feeds():
    resident = Resident(examples=TRAIN, batch_size=8, seed=0)
    return {"resident": resident, "streamed": Streamed(InMemory(TRAIN), batch_size=8, seed=0)}


@pytest.mark.parametrize("kind", ["resident", "streamed"])
def test_a_feed_trains_like_the_examples(workdir, kind):
    fitted = train(workdir, examples=feeds()[kind])
    assert_same(fitted.variables, train().variables)
    assert train(workdir, examples=feeds()[kind]).resumed_at == 24
    assert all(not thread.name.startswith("feed") for thread in threading.enumerate())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 16}, "batch_size is 16, the feed's is 8: give both the same"),
        ({"seed": 3}, "seed is 3, the feed's is 0"),
    ],
)
def test_a_feed_of_other_batches(options, message):
    with pytest.raises(ArgumentError, match=message):
        train(examples=feeds()["streamed"], **options)


def test_a_feed_is_closed_when_the_run_fails(monkeypatch):
    feed, closed = feeds()["streamed"], []
    monkeypatch.setattr(feed, "close", lambda: closed.append(True))
    with pytest.raises(ArgumentError, match="monitor is auc"):
        train(examples=feed, monitor="auc")
    assert closed


def test_training_that_does_not_fit_is_refused_before_it_begins(monkeypatch, workdir):
    monkeypatch.setattr("research.training.run.Run._advance", None)
    small = Memory(state=900, examples=9, temporary=None, limit=800)
    monkeypatch.setattr("research.training.executors.Executor.memory", lambda self: small)
    with pytest.raises(ArgumentError, match=r"needs 909 B .*which has 800 B: shard the param"):
        train(workdir)
    assert not any(workdir.checkpoints.iterdir())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "steps is 0, expected 1 or more"),
        ({"steps_per_call": 0}, "steps_per_call is 0, expected 'auto', or 1 or more"),
        ({"steps_per_call": "many"}, "steps_per_call is 'many', expected 'auto'"),
        ({"evaluate_every": 0}, "evaluate_every is 0"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"patience": 0}, "patience is 0, expected 1 or more"),
        ({"seed": -1}, "seed is -1, expected 0"),
        ({"seed": 2**32}, "seed is 4294967296, expected 0"),
        ({"monitor": "auc"}, "monitor is auc, the task has loss, worst$"),
        ({"monitor": "weight"}, "monitor is weight, the task has loss, worst$"),
        ({"batch_size": 12, "devices": 8}, "12 does not divide over 8 devices: use 8"),
        ({"parallel": Parallel(mesh="data=2")}, "mesh 'data=2' does not fit 1 devices"),
    ],
)
def test_numbers_that_cannot_be_used(monkeypatch, options, message):
    monkeypatch.setattr("research.training.run.Run._advance", None)  # said before any step
    with pytest.raises(ArgumentError, match=message):
        train(**options)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": np.zeros(10, np.int32)}, r"training examples have the lengths \{'inputs': 200"),
        ({"labels": np.full(200, 2)}, "labels run from 2 to 2, the network has 2 classes"),
        ({"labels": np.full(200, -1)}, "labels run from -1 to -1"),
        ({"labels": np.zeros(200)}, r"labels are float64 \(200,\), expected integers"),
        ({"labels": np.zeros((200, 1), int)}, r"labels are int64 \(200, 1\)"),
    ],
)
def test_labels_that_cannot_be_used(change, message):
    with pytest.raises(ArgumentError, match=message):
        fit(problems.task(), MLP_TRAIN | change, MLP_VALIDATION, **problems.OPTIONS)


@pytest.mark.parametrize(
    ("broken", "message"),
    [({"x": TRAIN["inputs"]}, "expected inputs and labels"), ({}, "have the lengths")],
)
def test_examples_that_cannot_be_used(broken, message):
    for parts in ((broken, MLP_VALIDATION), (MLP_TRAIN, broken)):
        with pytest.raises(ArgumentError, match=message):
            fit(problems.task(), *parts, **problems.OPTIONS)


def test_saving_at_other_steps_than_evaluating(workdir):
    fitted = train(workdir, saving=Saving(every_steps=4))
    assert sorted(int(path.name) for path in workdir.checkpoints.iterdir()) == [20, 24]
    assert [record["step"] for record in fitted.history] == [6, 12, 18, 24]


def test_an_update_is_what_a_task_says_it_is():
    """A task of the user's own needs no class of ours."""
    linear = Linear()

    class Own:
        updates = (
            Update(loss=linear.loss, optimizer=optax.sgd(0.01), part="hidden"),
            Update(loss=linear.loss, optimizer=optax.sgd(0.0), part="readout", repeat=2),
        )
        check, init, evaluate = linear.check, linear.init, linear.evaluate

    fitted = train(task=Own(), steps=6)
    start = linear.init(jax.random.fold_in(jax.random.key(0), 0))
    np.testing.assert_array_equal(fitted.variables.params["readout"], start.params["readout"])
    assert not np.array_equal(
        fitted.variables.params["hidden"]["kernel"], start.params["hidden"]["kernel"]
    )
    # Each of the three moves saw the batch.
    assert float(fitted.variables.statistics["seen"]) == 6 * 8 * 3
