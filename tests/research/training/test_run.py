"""Whatever disturbs a run, it ends as if undisturbed."""

import functools
import json
import re
import signal

import jax
import numpy as np
import optax
import pytest

from research.training import Parallel, Preempted, Saving, Stepping, Watching
from research.training import run as loop
from research.training.checkpoints import Checkpoints
from research.training.evaluation import Evaluator
from research.workdir import Workdir, WorkdirError, read_metrics
from tests.research.training.loops import (
    OPTIONS,
    TRAIN,
    VALIDATION,
    Linear,
    at_dispatch,
    told_to_stop,
    train,
)
from tests.research.training.problems import assert_same

pytestmark = [
    # Orbax leaves coroutines behind where a read fails, as it must of damaged files.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited"),
]

SHARDED = Parallel(sharding=(("kernel", "fsdp(data)"),))


@functools.cache
def undisturbed():
    return train()


def assert_ends_as_if_undisturbed(fitted, workdir, expected):
    assert_same(expected.variables, fitted.variables)
    assert expected.progress == fitted.progress
    assert expected.history == fitted.history == read_metrics(workdir.metrics)


def stopped(workdir, **options):
    with pytest.raises(Preempted) as stop:
        train(workdir, **options)
    return stop.value.step


def test_a_second_call_has_nothing_to_do(workdir, monkeypatch):
    first = train(workdir)
    before = {path: path.stat().st_mtime_ns for path in workdir.path.rglob("*")}
    monkeypatch.setattr(loop.Run, "_advance", None)
    second = train(workdir)
    assert second.resumed_at == second.progress.step == 24
    assert_ends_as_if_undisturbed(second, workdir, first)
    after = {path: path.stat().st_mtime_ns for path in workdir.path.rglob("*")}
    changed = {path.name for path in after if before.get(path) != after[path] and path.is_file()}
    assert changed <= {"lock", "parameters.txt"}


@pytest.mark.parametrize(
    ("number", "call", "step"),
    [(signal.SIGTERM, 3, 9), (signal.SIGINT, 1, 3), (signal.SIGTERM, 8, 24)],
)
def test_stopped_at_a_dispatch(workdir, monkeypatch, number, call, step):
    with monkeypatch.context() as patch:
        at_dispatch(patch, call, number)
        assert stopped(workdir) == step
    resumed = train(workdir)
    assert resumed.resumed_at == step
    assert_ends_as_if_undisturbed(resumed, workdir, undisturbed())


@pytest.mark.parametrize(("call", "step"), [(1, 6), (2, 12), (4, 24)])
def test_stopped_while_it_evaluates(workdir, monkeypatch, call, step):
    with monkeypatch.context() as patch:
        told_to_stop(patch, Evaluator, "begin", call)
        assert stopped(workdir) == step
    assert [record["step"] for record in read_metrics(workdir.metrics)] == [*range(6, step, 6)]
    resumed = train(workdir)
    assert resumed.resumed_at == step
    assert_ends_as_if_undisturbed(resumed, workdir, undisturbed())
    assert_ends_as_if_undisturbed(train(workdir), workdir, undisturbed())


def test_what_is_reported_again_is_there_once(workdir, monkeypatch):
    with monkeypatch.context() as patch:  # saved without the report of step 12
        told_to_stop(patch, Evaluator, "begin", 2)
        assert stopped(workdir) == 12
    with monkeypatch.context() as patch:  # reports it, and leaves nothing newer

        def killed(*arguments, **options):
            raise OSError("killed")

        patch.setattr(loop.Run, "_save", killed)
        with pytest.raises(OSError, match="killed"):
            train(workdir)
    assert [record["step"] for record in read_metrics(workdir.metrics)] == [6, 12]
    assert_ends_as_if_undisturbed(train(workdir), workdir, undisturbed())


@pytest.mark.parametrize("call", [1, 2, 3])
def test_stopped_while_xla_compiles(workdir, monkeypatch, call):
    """The start, the step, the evaluation."""
    with monkeypatch.context() as patch:
        told_to_stop(patch, loop, "interruptibly", call)
        step = stopped(workdir)
    assert step == (6 if call == 3 else 0)
    assert_ends_as_if_undisturbed(train(workdir), workdir, undisturbed())


def test_stopped_over_and_over(workdir, monkeypatch):
    options = {
        "steps_per_call": 2,
        "stepping": Stepping(ema=0.9),
        "saving": Saving(every_steps=5, keep_best=1),
        "watching": Watching(log_every=4),
    }
    expected, steps = train(**options), []
    for _ in range(6):
        with monkeypatch.context() as patch:
            at_dispatch(patch, 2)
            steps.append(stopped(workdir, **options))
    # Dispatches end at multiples of 4, 5 and 6, wherever the run began.
    assert steps == [4, 6, 10, 14, 16, 20]
    assert_ends_as_if_undisturbed(train(workdir, **options), workdir, expected)
    assert [record["step"] for record in expected.history] == [4, 6, 8, 12, 16, 18, 20, 24]


@pytest.mark.parametrize("call", range(1, 13, 2))
def test_lines_between_evaluations_are_neither_lost_nor_doubled(workdir, monkeypatch, call):
    options = {"steps_per_call": 1, "steps": 12, "watching": Watching(log_every=2)}
    with monkeypatch.context() as patch:
        at_dispatch(patch, call)
        step = stopped(workdir, **options)
    # What is written is what the checkpoint counts as written.
    assert [record["step"] for record in read_metrics(workdir.metrics)] == [*range(2, step + 1, 2)]
    fitted = train(workdir, **options)
    assert fitted.history == read_metrics(workdir.metrics)
    assert [record["step"] for record in fitted.history] == [2, 4, 6, 8, 10, 12]
    assert ["validation" in record for record in fitted.history] == [False, False, True] * 2


def test_lines_are_means_over_their_own_steps():
    each = train(steps_per_call=1, watching=Watching(log_every=1)).history
    lines = train(steps_per_call=1, watching=Watching(log_every=4)).history
    assert [record["step"] for record in lines] == [4, 6, 8, 12, 16, 18, 20, 24]
    begin = 0
    for line in lines:
        steps = [record["train"]["loss"] for record in each[begin : line["step"]]]
        assert line["train"]["loss"] == pytest.approx(np.mean(steps), rel=1e-6)
        begin = line["step"]


# From eight devices to one, to four; from shards to copies; from one executor to the next.
COURSE = [(Parallel(executor="pmap"), 8), (Parallel(), 1), (SHARDED, 4), (SHARDED, 8)]


def test_resumed_on_other_devices_and_executors(workdir, monkeypatch):
    options = {"stepping": Stepping(ema=0.9), "steps": 24}
    expected = train(**options)
    for parallel, devices in COURSE:
        with monkeypatch.context() as patch:
            at_dispatch(patch, 2)
            stopped(workdir, devices=devices, parallel=parallel, **options)
    fitted = train(workdir, devices=2, parallel=Parallel(executor="shard_map"), **options)
    assert fitted.resumed_at == 24  # all was made, the last report was left
    for ours, theirs in zip(fitted.history, expected.history, strict=True):
        assert ours["step"] == theirs["step"]
        for part in ("train", "validation"):
            assert ours[part] == pytest.approx(theirs[part], rel=1e-4, abs=1e-6)
    close = functools.partial(np.testing.assert_allclose, rtol=1e-4, atol=1e-5)
    jax.tree.map(close, fitted.variables, expected.variables)
    assert fitted.progress.best_step == expected.progress.best_step


@pytest.mark.parametrize("parallel", [Parallel(executor="pmap"), SHARDED])
def test_on_the_same_devices_it_is_bit_for_bit(workdir, monkeypatch, parallel):
    options = {"devices": 8, "parallel": parallel}
    expected = train(**options)
    with monkeypatch.context() as patch:
        told_to_stop(patch, Evaluator, "begin", 2)
        stopped(workdir, **options)
    assert_ends_as_if_undisturbed(train(workdir, **options), workdir, expected)


def test_accumulation_may_change(workdir, monkeypatch):
    at_dispatch(monkeypatch, 3)
    stopped(workdir)
    fitted = train(workdir, stepping=Stepping(accumulate=4))
    expected = undisturbed().progress.best_value
    assert fitted.progress.best_value == pytest.approx(expected, rel=1e-4)


def test_patience_and_the_best_survive(workdir, monkeypatch):
    options = {
        "task": Linear(optimizer=optax.sgd(0.0)),
        "patience": 3,
        "steps": 60,
        "monitor": "worst",
        "maximise": True,
    }
    expected = train(**options)
    assert expected.progress.finished == "no improvement over 3 evaluations"
    assert (expected.progress.best_step, expected.progress.step) == (6, 24)
    for call in (3, 2):
        with monkeypatch.context() as patch:
            at_dispatch(patch, call)
            stopped(workdir, **options)
    assert_ends_as_if_undisturbed(train(workdir, **options), workdir, expected)


def notes_of(workdir):
    with Checkpoints(workdir.checkpoints, only_read=True) as checkpoints:
        steps = checkpoints.steps
    path = workdir.checkpoints / str(steps[-1])
    texts = [file.read_text() for file in path.rglob("*") if file.name.endswith("METADATA")]
    return steps, "".join(texts)


def test_temporary_checkpoints_come_by_the_clock(workdir, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(loop.time, "monotonic", lambda: now[0])
    saved = []
    original = Checkpoints.save

    def save(self, step, *arguments, temporary=False, **options):
        if self._directory == workdir.checkpoints:
            saved.append((step, temporary, now[0]))
        original(self, step, *arguments, temporary=temporary, **options)

    monkeypatch.setattr(Checkpoints, "save", save)
    dispatch = loop.Run._advance

    def advance(self):
        now[0] += 60.0  # a minute a step
        dispatch(self)

    monkeypatch.setattr(loop.Run, "_advance", advance)
    saving = Saving(every_steps=12, every_minutes=5)
    fitted = train(workdir, steps_per_call=1, saving=saving)
    assert saved == [
        (5, True, 300.0),
        (10, True, 600.0),
        (12, False, 720.0),
        (17, True, 1020.0),
        (22, True, 1320.0),
        (24, False, 1440.0),
    ]
    assert notes_of(workdir)[0] == [12, 24]
    assert_same(fitted.variables, train(steps_per_call=1).variables)


def test_retention(workdir):
    fitted = train(workdir, saving=Saving(keep_last=1, keep_every=12, keep_best=1))
    losses = {record["step"]: record["validation"]["loss"] for record in fitted.history}
    assert notes_of(workdir)[0] == sorted({12, 24, min(losses, key=losses.get)})


def test_notes_are_in_the_checkpoint(workdir):
    train(workdir, notes={"rulesets": {"lending": "0123abc"}, "run": "mine", "tier": 3})
    assert '"run": "mine"' in notes_of(workdir)[1]
    assert "0123abc" in notes_of(workdir)[1]
    assert train(workdir).resumed_at == 24  # they may be others the next time


def test_a_run_of_other_arguments_is_refused_and_left_alone(workdir):
    train(workdir)
    for path in (workdir.checkpoints / "24").rglob("*"):  # which the same run would mend
        if path.is_file() and "d" in path.parts:
            path.write_bytes(b"")
    before = sorted(path.name for path in workdir.checkpoints.iterdir())
    assert before == ["18", "24"]
    with pytest.raises(WorkdirError, match=r"seed is 1, was 0; stepping is .*'skip'.*'stop'"):
        train(workdir, seed=1, stepping=Stepping(guard="skip"))
    assert sorted(path.name for path in workdir.checkpoints.iterdir()) == before


def test_where_the_time_went_is_written(workdir):
    train(workdir)
    timing = json.loads((workdir.path / "timing.json").read_text())
    assert (timing["step"], timing["finished"]) == (24, "all steps made")


def test_the_parameters_are_listed(workdir, capsys):
    train(workdir, parallel=SHARDED, devices=8)
    table = (workdir.path / "parameters.txt").read_text()
    assert re.search(r"hidden/kernel +4 x 8 +float32 +-, data +32 +16 B", table), table
    assert re.search(r"readout +8 +float32 +replicated", table)
    assert table in capsys.readouterr().err


def test_the_watchdog_hears_of_every_phase(workdir, monkeypatch):
    import contextlib

    heard = []

    @contextlib.contextmanager
    def watchdog(seconds, report):
        heard.append((seconds, report))
        yield heard.append

    monkeypatch.setattr("research.training.loop.watchdog", watchdog)
    train(workdir, watching=Watching(hang_minutes=2))
    assert heard[0] == (120.0, workdir.path / "hang-0.txt")
    phases = [phase for at, phase in enumerate(heard[1:]) if phase != heard[at]]
    one = ["data", "step"]
    evaluation = ["evaluate", "save"]
    assert phases == [
        *("start", "data", "compile", "step", *one, "compile evaluation", *evaluation),
        *(one + one + evaluation) * 3,
    ]


def test_without_a_workdir_nothing_is_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fitted = train(watching=Watching(profile="0:3"))
    assert fitted.resumed_at == 0 and list(tmp_path.iterdir()) == []


def test_other_examples_of_the_same_number_go_on_from_where_it_stood(workdir, monkeypatch):
    """As after a mended file; only their number is compared."""
    at_dispatch(monkeypatch, 2)
    stopped(workdir)
    mended = {**TRAIN, "targets": TRAIN["targets"] + 1}
    assert train(workdir, examples=mended).resumed_at == 6
    assert OPTIONS["batch_size"] == len(VALIDATION["targets"])
    assert Workdir(workdir.path).metrics.exists()
