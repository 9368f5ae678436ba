"""A preset is flags that somebody else wrote down."""

from pathlib import Path

import pytest

from experiments.experiment import ExperimentError, load_experiment
from experiments.overrides import checked
from experiments.presets import with_preset
from tests.experiments import small

FILE = small.__file__
CONFIG = f"--config={FILE}"


def test_changes_the_configuration():
    experiment = load_experiment(FILE)
    assert with_preset(experiment, None).training.steps == 20
    assert with_preset(experiment, "fast").training.steps == 5


@pytest.mark.parametrize("flag", ["--fast", "--preset=fast", "-fast", "--fast=true"])
def test_becomes_flags(flag):
    located = f"--config={Path(FILE).resolve()}"
    assert checked([CONFIG, flag]) == [located, flag, "--config.training.steps=5"]


def test_what_the_command_says_itself_wins():
    given = [CONFIG, "--fast", "--config.training.steps=7"]
    assert checked(given)[1:] == given[1:]
    assert checked(checked(given)) == checked(given)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ([CONFIG, "--preset=quick"], "there is no preset quick: this experiment has fast"),
        (["--fast"], "the preset fast is an experiment's: give --config=FILE"),
        ([CONFIG, "--fast", "--preset=best"], "found the presets fast, best: give one"),
    ],
)
def test_what_is_refused(flags, message):
    with pytest.raises(ExperimentError, match=message):
        checked(flags)


def test_the_command_obeys(launch, tmp_path):
    printed = launch(CONFIG, f"--workdir={tmp_path}", "--fast").stdout
    assert "training: 5 steps" in printed
