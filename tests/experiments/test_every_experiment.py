"""Each experiment, whole and small: two steps, then evaluated, decided and told."""

import json

import pytest

from experiments.experiment import load_experiment
from experiments.headline import Automation, Headline
from experiments.presets import with_preset
from experiments.results.entries import ENTRIES
from research.data.datasets import DatasetError
from research.data.sources import SourceError
from research.workdir import flat_config
from tests.effort import whole_experiment

# Those that have tests of their own which run all of them.
ELSEWHERE = {"credit", "digits"}
# What takes long in the fast presets, beside the training.
FEW_PICTURES = [
    *("data.train=1000", "data.validation=500", "data.test=500"),
    *("baselines=200", "strangers=50"),
]
LESS = {
    "austen": [
        *("baselines.orders=(2,3)", "data.characters=200000", "tokens.size=300"),
        *("generation.count=6", "passages.count=20"),
    ],
    "fashion": FEW_PICTURES,
    "mnist": FEW_PICTURES,
    "fashion_gan": [
        "data.limit=3000",
        "judge.steps=4",
        "samples.measured=300",
        "samples.decided=100",
    ],
    "transfer": ["data.limit=200"],
    "sentiment": ["data.limit=2000"],
}
NAMES = sorted({entry.experiment for entry in ENTRIES} - ELSEWHERE)
# The others share nearly all of their code with it and with those elsewhere.
ALWAYS = {"sentiment"}


@pytest.fixture(
    params=[pytest.param(name, marks=() if name in ALWAYS else whole_experiment) for name in NAMES]
)
def name(request):
    pytest.importorskip("sklearn", reason="needs scikit-learn")
    pytest.importorskip("matplotlib", reason="needs matplotlib")
    experiment = load_experiment(f"experiments/{request.param}/config.py")
    try:
        experiment.load_data(with_preset(experiment, "fast"))
    except (DatasetError, SourceError) as error:
        pytest.skip(f"needs the data of {request.param}: {error}")
    return request.param


@pytest.mark.slow
def test_two_steps_and_all_that_follows(name, launch, tmp_path):
    config = with_preset(load_experiment(f"experiments/{name}/config.py"), "fast")
    few = ["--config.training.steps=2"] if "training" in config else []
    few += [f"--config.{key}=0" for key in flat_config(config.to_dict()) if key.endswith("warmup")]
    few += [f"--config.{change}" for change in LESS.get(name, [])]
    file = f"--config=experiments/{name}/config.py"
    printed = launch(file, f"--workdir={tmp_path}", "--fast", *few, quick=True).stdout
    assert "training: " in printed and f"wrote {tmp_path}" in printed
    headline = Headline(**json.loads((tmp_path / "evaluation.json").read_text())["headline"])
    assert headline.value == headline.value and headline.parameters > 0
    automation = Automation(**json.loads((tmp_path / "automation.json").read_text()))
    assert automation.decisions > 0 and 0 <= automation.automated <= 1
    report = (tmp_path / "report.html").read_text()
    assert report.startswith("<!doctype html>")


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_presets_change_what_is_there(entry):
    experiment = load_experiment(entry.file)
    assert "fast" in experiment.PRESETS
    for preset in experiment.PRESETS:
        assert with_preset(experiment, preset) is not None
    assert len(entry.digest(0)) == 64 and entry.digest(0) != entry.digest(1)


@whole_experiment
def test_fast_presets_to_the_end(name, launch, tmp_path):
    file = f"--config=experiments/{name}/config.py"
    assert "wrote" in launch(file, f"--workdir={tmp_path}", "--fast").stdout
