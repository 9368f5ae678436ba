import os
import signal
import threading
from pathlib import Path

import numpy as np
import pytest

from research import training
from research.arguments import ArgumentError
from research.training import Diverged, Preempted, fit
from research.workdir import Workdir, WorkdirError, read_metrics
from tests.research.training.problems import OPTIONS, assert_same, examples, one_device, task

# Orbax leaves coroutines behind where a read fails, as it must of damaged files.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited"),
]

TRAIN, VALIDATION = examples(0), examples(1, 50)


def run(workdir=None, **options):
    return fit(
        task(), TRAIN, VALIDATION, devices=one_device(), workdir=workdir, **OPTIONS | options
    )


@pytest.fixture
def workdir(tmp_path):
    return Workdir(tmp_path)


def test_training_learns_and_keeps_the_best():
    fitted = run(steps=300, evaluate_every=20)
    losses = [record["validation"]["loss"] for record in fitted.history]
    assert min(losses) < 0.8 * losses[0]
    assert fitted.progress.best_value == min(losses)
    assert fitted.progress.best_step == 20 * (1 + int(np.argmin(losses)))
    assert fitted.progress.finished == "all steps made"


def test_steps_per_call_changes_nothing():
    one, five = run(steps_per_call=1), run(steps_per_call=5)
    assert [r["step"] for r in one.history] == [10, 20, 30, 40, 50, 60]
    for a, b in zip(one.history, five.history, strict=True):
        assert a["validation"]["loss"] == pytest.approx(b["validation"]["loss"], rel=1e-5)
        assert a["train"]["loss"] == pytest.approx(b["train"]["loss"], rel=1e-5)


def test_uneven_numbers_of_steps_are_fine():
    fitted = run(steps=23, evaluate_every=10, steps_per_call=4)
    assert [record["step"] for record in fitted.history] == [10, 20, 23]


def test_patience_stops_early_and_returns_the_best():
    noise = examples(0)
    noise["labels"] = np.random.default_rng(5).integers(0, 2, 200).astype(np.int32)
    fitted = fit(
        task(dropout=0.0),
        noise,
        VALIDATION,
        devices=one_device(),
        patience=3,
        **OPTIONS | {"steps": 2000},
    )
    assert fitted.progress.finished == "no improvement over 3 evaluations"
    assert fitted.progress.step == fitted.progress.best_step + 30


def test_a_second_call_has_nothing_to_do(workdir):
    first, second = run(workdir), run(workdir)
    assert second.resumed_at == second.progress.step == 60
    assert_same(first.variables, second.variables)
    assert first.history == second.history == read_metrics(workdir.metrics)


def test_the_model_can_be_loaded_by_itself(workdir):
    fitted = run(workdir)
    variables, step = training.load_model(workdir, task())
    assert step == fitted.progress.best_step
    assert_same(variables, fitted.variables)


def test_a_damaged_model_is_mended_by_the_next_call(workdir):
    fitted = run(workdir)
    damage(workdir.model)
    with pytest.raises(training.CheckpointError):
        training.load_model(workdir, task())
    run(workdir)
    assert_same(training.load_model(workdir, task())[0], fitted.variables)


def test_a_model_of_another_shape_is_refused(workdir):
    run(workdir)
    with pytest.raises(training.CheckpointError, match="of another model or optimizer"):
        training.load_model(workdir, task(hidden=(5,)))


@pytest.mark.parametrize(
    ("signal_number", "call", "step"),
    [(signal.SIGTERM, 7, 35), (signal.SIGINT, 7, 35), (signal.SIGTERM, 1, 5)],
)
def test_stopped_in_the_middle_of_an_interval_and_resumed(
    workdir, monkeypatch, signal_number, call, step
):
    undisturbed = run()
    from research.training import executors

    calls = []
    original = executors.Executor.__call__

    def counting(self, carry, loaded, **vote):
        calls.append(len(loaded))
        if len(calls) == call:
            os.kill(os.getpid(), signal_number)
        return original(self, carry, loaded, **vote)

    monkeypatch.setattr(executors.Executor, "__call__", counting)
    with pytest.raises(Preempted, match=f"stopped at step {step}, saved: run the same command"):
        run(workdir)
    resumed = run(workdir)
    assert resumed.resumed_at == step
    assert_same(undisturbed.variables, resumed.variables)
    assert undisturbed.history == resumed.history == read_metrics(workdir.metrics)


def test_signals_are_left_alone_outside_the_main_thread():
    results = []
    thread = threading.Thread(target=lambda: results.append(run(steps=10)))
    thread.start()
    thread.join()
    assert results[0].progress.step == 10


def test_a_half_written_line_of_metrics_is_written_again(workdir):
    first = run(workdir, steps=30)
    with workdir.metrics.open("a") as file:
        file.write('{"step": 40, "tra')
    run(workdir, steps=30)
    assert read_metrics(workdir.metrics) == first.history
    assert workdir.metrics.read_text().count("\n") == 3


def test_a_damaged_checkpoint_falls_back_to_the_one_before(workdir, caplog):
    undisturbed = run(workdir)
    damage(workdir.checkpoints / "60")
    resumed = run(workdir)
    assert "checkpoint of step 60 is damaged" in caplog.text
    assert "falling back to the checkpoint of step 50" in caplog.text
    assert resumed.resumed_at == 50
    assert_same(undisturbed.variables, resumed.variables)
    assert undisturbed.history == resumed.history == read_metrics(workdir.metrics)


def test_an_unfinished_checkpoint_is_ignored(workdir):
    run(workdir, steps=30)
    unfinished = workdir.checkpoints / "40.orbax-checkpoint-tmp"
    unfinished.mkdir()
    (unfinished / "state").write_bytes(b"half")
    assert run(workdir, steps=30).resumed_at == 30


def test_when_no_checkpoint_can_be_read_it_says_so(workdir):
    run(workdir)
    for step in workdir.checkpoints.iterdir():
        damage(step)
    with pytest.raises(training.CheckpointError, match=r"(?s)step 60:.*step 50:.*--overwrite"):
        run(workdir)


def damage(checkpoint: Path) -> None:
    files = [path for path in checkpoint.rglob("*") if path.is_file() and "d" in path.parts]
    assert files
    for path in files:
        path.write_bytes(b"")


def test_a_loss_that_is_not_finite_stops_the_run():
    broken = {**TRAIN, "inputs": TRAIN["inputs"] * np.float32(np.inf)}
    message = "loss is nan at step 0; the first .* of layers/0/bias; the batch itself .* in inputs"
    with pytest.raises(Diverged, match=message):
        fit(task(), broken, VALIDATION, devices=one_device(), **OPTIONS)


def test_a_batch_that_does_not_divide_over_the_devices():
    with pytest.raises(ArgumentError, match="batch_size 12 does not divide over 8 devices: use 8"):
        fit(task(), TRAIN, VALIDATION, **OPTIONS | {"batch_size": 12})


def test_eight_devices_train_like_one():
    eight = fit(task(dropout=0.0), TRAIN, VALIDATION, **OPTIONS)
    one = fit(task(dropout=0.0), TRAIN, VALIDATION, devices=one_device(), **OPTIONS)
    for a, b in zip(one.history, eight.history, strict=True):
        assert a["train"]["loss"] == pytest.approx(b["train"]["loss"], rel=1e-4)
    kernels = (np.asarray(f.variables.params["readout"]["kernel"]) for f in (one, eight))
    np.testing.assert_allclose(*kernels, atol=1e-4)


def test_another_call_on_the_same_workdir_is_refused(workdir):
    run(workdir)
    with pytest.raises(WorkdirError, match=r"run of other arguments \(steps is 80, was 60; seed"):
        run(workdir, steps=80, seed=3)
    with pytest.raises(training.CheckpointError, match="of another model or optimizer"):
        fit(task(hidden=(5,)), TRAIN, VALIDATION, devices=one_device(), workdir=workdir, **OPTIONS)


def test_the_best_evaluation_may_be_the_largest():
    fitted = run(steps=300, evaluate_every=20, monitor="accuracy", maximise=True)
    accuracy = [record["validation"]["accuracy"] for record in fitted.history]
    assert fitted.progress.best_value == max(accuracy)
    assert fitted.progress.best_step == 20 * (1 + int(np.argmax(accuracy)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "steps is 0, expected 1 or more"),
        ({"steps_per_call": 0}, "steps_per_call is 0"),
        ({"evaluate_every": 0}, "evaluate_every is 0"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"seed": -1}, "seed is -1, expected 0"),
        ({"monitor": "auc"}, "monitor is auc, the task has accuracy, loss"),
    ],
)
def test_numbers_that_cannot_be_used(options, message):
    with pytest.raises(ArgumentError, match=message):
        run(**options)


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
        fit(task(), {**TRAIN, **change}, VALIDATION, devices=one_device(), **OPTIONS)


def test_examples_that_cannot_be_used():
    with pytest.raises(ArgumentError, match="expected inputs and labels"):
        fit(task(), {"x": TRAIN["inputs"]}, VALIDATION, devices=one_device(), **OPTIONS)
    with pytest.raises(ArgumentError, match="the training examples have the lengths"):
        fit(task(), {}, VALIDATION, devices=one_device(), **OPTIONS)
