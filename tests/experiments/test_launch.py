"""What the command says to its user's mistakes."""

import os
import shutil
import sys

import pytest
from absl.testing import flagsaver

import launch as command
from experiments import modes
from experiments.experiment import ExperimentError, load_experiment, stored_name

CONFIG = "--config=experiments/credit/config.py"


@pytest.mark.filterwarnings("ignore:the load_module")  # ml_collections'
@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ((CONFIG,), "--workdir must have a value"),
        (
            (CONFIG, "--config.optimizer.learning_rat=3"),
            "config.optimizer has no key learning_rat: did you mean learning_rate?",
        ),
        (
            (CONFIG, "--config.modell.dropout=0.1"),
            "config has no key modell: did you mean model?",
        ),
        ((CONFIG, "--config.optimizer.lr=3"), "config.optimizer has no key lr: it has clip,"),
        ((CONFIG, "--config.seed.x=3"), "config.seed is a value, it has no key x"),
        (("--config.seed=3",), "--config.seed changes a number of a config: give --config=FILE"),
        (("--config=nowhere.py",), "there is no file nowhere.py"),
        (("--config=README.md",), "README.md is not a Python file"),
        ((CONFIG, "--config.seed=abc"), "flag --config.seed=abc: invalid literal"),
        ((CONFIG, "--wrkdir=x"), "Unknown command line flag 'wrkdir'. Did you mean: workdir"),
        (
            (CONFIG, "--workdir=x", "config.seed=1"),
            "not a flag: config.seed=1: did you mean --key=value?",
        ),
    ],
)
def test_mistakes_in_flags(monkeypatch, capsys, flags, message):
    monkeypatch.setattr(sys, "argv", [])  # what the command parses, it also sets
    with flagsaver.flagsaver(), pytest.raises(SystemExit) as stop:
        command._parse(["launch.py", *flags])
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


def test_a_mistake_ends_the_command_with_one_line(launch):
    result = launch(CONFIG, "--config.optimizer.lr=3", code=2)
    assert result.stderr.startswith("launch.py: config.optimizer has no key lr: it has clip,")
    assert result.stderr.count("\n") == 1 and not result.stdout


def run(tmp_path, capsys, **changes):
    arguments = {
        "config_file": None,
        "config": lambda: None,
        "workdir": str(tmp_path / "run"),
        "mode": "all",
    }
    with pytest.raises(SystemExit) as stop:
        modes.run(**arguments | changes)
    assert stop.value.code == 2
    return capsys.readouterr().err


def test_a_workdir_without_a_run(tmp_path, capsys):
    assert "holds no config.json: train first" in run(tmp_path, capsys)


def test_modes_that_do_not_go_together(tmp_path, capsys):
    assert "--cases needs --mode=decide" in run(tmp_path, capsys, cases="x.csv")
    assert "--out needs --cases" in run(tmp_path, capsys, out="x.csv")
    assert "--overwrite would leave --mode=decide without a model" in run(
        tmp_path, capsys, mode="decide", overwrite=True
    )


def test_deciding_before_training(tmp_path, capsys):
    experiment = load_experiment("experiments/credit/config.py")
    error = run(
        tmp_path,
        capsys,
        mode="decide",
        config_file="experiments/credit/config.py",
        config=experiment.get_config,
    )
    assert "features.json is missing: run --mode=train first" in error


def changed_policy(workdir, folder, old, new):
    """The policy of a run, changed, beside the table that it imports."""
    shutil.copy(workdir / "limits.csv", folder)
    path = folder / "broken.rules"
    path.write_text((workdir / "policy.rules").read_text().replace(old, new))
    return path


def test_a_policy_with_an_error_is_shown_with_its_place(credit_run, tmp_path, capsys):
    experiment = load_experiment("experiments/credit/config.py")
    config = experiment.get_config()
    policy = changed_policy(credit_run, tmp_path, "if age < 18", "if agge < 18")
    config.policy = (str(policy),)
    with pytest.raises(SystemExit):
        modes.run(
            config_file="experiments/credit/config.py",
            config=lambda: config,
            workdir=str(credit_run),
            mode="decide",
        )
    error = capsys.readouterr().err
    assert "broken.rules:" in error
    assert "agge < 18" in error
    assert "^~~~" in error
    assert "did you mean age" in error
    assert not (credit_run / "broken.rules").exists()
    assert "broken" not in (credit_run / "config.json").read_text()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("{no, yes}", "{no, yes}\ninput guarantor: bool"), "no column for input guarantor"),
        ((", part_time", ""), "job can be part_time, which the rules don't list"),
        (("refer, approve}", "refer, approve, hold}"), "decides hold, this experiment knows"),
        (("ruleset", "rulset"), "broken.rules:"),
    ],
)
def test_a_policy_that_does_not_fit_changes_nothing(credit_run, tmp_path, capsys, change, message):
    before = {path.name: path.read_bytes() for path in credit_run.iterdir() if path.is_file()}
    experiment = load_experiment("experiments/credit/config.py")
    config = experiment.get_config()
    policy = changed_policy(credit_run, tmp_path, *change)
    config.policy = (str(policy),)
    with pytest.raises(SystemExit):
        modes.run(
            config_file="experiments/credit/config.py",
            config=lambda: config,
            workdir=str(credit_run),
            mode="decide",
        )
    assert message in capsys.readouterr().err
    after = {path.name: path.read_bytes() for path in credit_run.iterdir() if path.is_file()}
    assert before == after


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ((), "names no file: this experiment needs 1 rule file"),
        (("a.rules", "b.rules"), "needs 1 rule file"),
        (("nowhere.rules",), "there is no file nowhere.rules"),
        (("experiments",), "experiments can't be read as a rule file"),
    ],
)
def test_policies_that_are_none(tmp_path, capsys, policy, message):
    experiment = load_experiment("experiments/credit/config.py")
    config = experiment.get_config()
    config.policy = policy
    error = run(
        tmp_path,
        capsys,
        config_file="experiments/credit/config.py",
        config=lambda: config,
    )
    assert message in error
    assert not (tmp_path / "run").exists()


def test_cases_are_not_overwritten(tmp_path, capsys):
    (tmp_path / "cases.csv").write_text("precious")
    cases = str(tmp_path / "cases.csv")
    assert "it would be lost" in run(tmp_path, capsys, mode="decide", cases=cases, out=cases)


def test_keyboard_interrupt_outside_of_training(tmp_path, capsys, monkeypatch):
    def interrupt():
        raise KeyboardInterrupt

    monkeypatch.setattr("research.training.configure", interrupt)
    with pytest.raises(SystemExit) as stop:
        modes.run(config_file=None, config=lambda: None, workdir=str(tmp_path), mode="all")
    assert stop.value.code == 75
    assert "stopped: run the same command to go on" in capsys.readouterr().err


def test_an_experiment_file_must_have_its_functions(tmp_path):
    (tmp_path / "mine.py").write_text("def get_config(): ...\n")
    with pytest.raises(
        ExperimentError, match="has no AFTER_TRAINING, PRESETS, load_data, training_examples"
    ):
        load_experiment(str(tmp_path / "mine.py"))
    with pytest.raises(ExperimentError, match=r"there is no file nowhere\.py"):
        load_experiment("nowhere.py")


def test_an_experiment_is_remembered_wherever_it_lies(tmp_path):
    assert stored_name("experiments/credit/config.py") == "experiments/credit/config.py"
    (tmp_path / "mine.py").touch()
    assert stored_name(str(tmp_path / "mine.py")) == str((tmp_path / "mine.py").resolve())


def test_a_workdir_that_cannot_be_written(tmp_path, capsys, monkeypatch):
    def refuse(*_, **__):
        raise OSError(30, os.strerror(30))

    monkeypatch.setattr("pathlib.Path.mkdir", refuse)
    experiment = load_experiment("experiments/credit/config.py")
    error = run(
        tmp_path,
        capsys,
        config_file="experiments/credit/config.py",
        config=experiment.get_config,
    )
    assert "Read-only file system" in error
