"""What the modes do around a training, on an experiment that is none."""

import json

import jax
import pytest

from experiments import modes
from experiments.experiment import load_experiment
from tests.experiments import small
from tests.research.training.loops import at_dispatch

FILE = small.__file__


@pytest.fixture
def workdir(tmp_path):
    return tmp_path / "run"


def command(workdir, *, mode="train", config_file=FILE, code=None, changes=(), **flags):
    """What `launch.py` does with such flags, in this process."""
    config = load_experiment(FILE).get_config()
    config.lock()
    config.update_from_flattened_dict(dict(changes))
    arguments = {"config_file": config_file, "workdir": str(workdir), "mode": mode}
    if code is None:
        modes.run(config=lambda: config, **arguments | flags)
        return
    with pytest.raises(SystemExit) as stop:
        modes.run(config=lambda: config, **arguments | flags)
    assert stop.value.code == code


def test_train_evaluate_decide(workdir, capsys):
    command(workdir, mode="all")
    printed = capsys.readouterr().out
    for line in ("training: 20 steps in", "(all steps made); best at step", "decided 32 cases"):
        assert line in printed
    evaluation = json.loads((workdir / "evaluation.json").read_text())
    assert 0 <= evaluation["accuracy"] <= 1
    assert len(json.loads((workdir / "decisions.json").read_text())) == 32
    # From what the workdir remembers, and nothing is trained again.
    command(workdir, mode="all", config_file=None)
    assert "training: finished earlier, at step 20 (all steps made)" in capsys.readouterr().out
    attempts = json.loads((workdir / "provenance.json").read_text())
    assert len(attempts["attempts"] if isinstance(attempts, dict) else attempts) == 2


@pytest.mark.parametrize("kept", [False, True])
def test_a_dry_run_writes_nothing(workdir, capsys, monkeypatch, kept):
    """Neither with a config, nor with the one of a finished run."""
    if kept:
        command(workdir)
    before = {path: path.stat().st_mtime_ns for path in workdir.rglob("*")}
    capsys.readouterr()
    monkeypatch.setattr(modes, "train", None)
    command(workdir, mode="all", dry_run=True, config_file=None if kept else FILE)
    printed = capsys.readouterr().out
    for line in ("readout/kernel", "executor   jit, mesh data=8", "FLOPs, 5 a dispatch", "memory "):
        assert line in printed
    assert {path: path.stat().st_mtime_ns for path in workdir.rglob("*")} == before
    assert workdir.exists() == kept


def test_a_dry_run_says_what_a_run_would_refuse(workdir, capsys):
    command(workdir, dry_run=True, changes=[("training.batch_size", 12)], code=2)
    assert "error: batch_size 12 does not divide over 8 devices: use 8" in capsys.readouterr().err


def test_a_profile_of_this_call(workdir):
    command(workdir, profile="2:4")
    assert list((workdir / "profile").rglob("*.xplane.pb"))
    kept = json.loads((workdir / "config.json").read_text())["config"]
    assert kept["training"]["watching"]["profile"] is None


def test_a_profile_that_is_none(workdir, capsys):
    command(workdir, profile="4", code=2)
    assert "error: profile is '4', expected FIRST:LAST" in capsys.readouterr().err


def test_an_option_that_is_none(workdir, capsys):
    command(workdir, changes=[("training.patience", "abc")], code=2)
    assert "training.patience is 'abc', expected a whole number or None" in capsys.readouterr().err


def test_a_run_that_diverges(workdir, capsys):
    command(workdir, changes=[("poison", True)], code=2)
    error = capsys.readouterr().err
    assert "the batch itself holds values that are not finite in inputs; clean the inputs" in error
    assert "Traceback" not in error
    assert list((workdir / "diverged").iterdir())


def test_told_to_stop_it_is_resumable(workdir, capsys, monkeypatch):
    with monkeypatch.context() as patch:
        at_dispatch(patch, 2)
        command(workdir, code=75)
    assert "stopped at step 10, saved: run the same command to resume" in capsys.readouterr().err
    command(workdir)
    assert "resumed at step 10 (all steps made)" in capsys.readouterr().out


def test_what_may_change_between_two_calls(workdir, capsys, monkeypatch):
    with monkeypatch.context() as patch:
        at_dispatch(patch, 2)
        command(workdir, code=75)
    changes = [
        ("training.parallel.executor", "pmap"),
        ("training.stepping.accumulate", 2),
        ("training.saving.keep_last", 1),
        ("training.watching.hang_minutes", None),
    ]
    command(workdir, changes=changes)
    assert "resumed at step 10" in capsys.readouterr().out
    command(workdir, changes=[("training.patience", 9)], code=2)
    assert "config.training.patience: None there, 9 now" in capsys.readouterr().err
    assert jax.process_count() == 1
