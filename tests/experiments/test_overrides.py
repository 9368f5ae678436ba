"""Every option of a training is a flag."""

import json

import pytest
from absl import flags
from ml_collections import ConfigDict, config_flags

from experiments.overrides import settings
from research.training import defaults, fit_options
from research.training.options import optional


def overridden(*arguments):
    """The options after such flags of the command."""
    values = flags.FlagValues()
    argv = ["launch.py", *(f"--config.{argument}" for argument in arguments)]
    holder = config_flags.DEFINE_config_dict(
        "config",
        ConfigDict({"training": settings(defaults(patience=15))}),
        flag_values=values,
        sys_argv=argv,
        lock_config=True,
    )
    values(argv)
    return holder.value.training.to_dict()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("steps=7", 7),
        ("patience=5", 5),
        ("patience=None", None),
        ("maximise=true", True),
        ("monitor=accuracy", "accuracy"),
        ("stepping.accumulate=2", 2),
        ("stepping.ema=0.99", 0.99),
        ("stepping.loss_scale=dynamic", "dynamic"),
        ("stepping.loss_scale=128", 128),
        ("stepping.guard=skip", "skip"),
        ("stepping.explosion=10", 10),
        ("parallel.executor=pmap", "pmap"),
        ("parallel.mesh=data=4, model=2", "data=4, model=2"),
        ("parallel.sharding=(('kernel','fsdp(data)'),)", (("kernel", "fsdp(data)"),)),
        ("saving.every_steps=50", 50),
        ("saving.every_minutes=0.5", 0.5),
        ("saving.keep_every=100", 100),
        ("watching.log_every=7", 7),
        ("watching.trackers=('tensorboard',)", ("tensorboard",)),
        ("watching.trackers=mlflow", ("mlflow",)),
        ("watching.profile=2:4", "2:4"),
        ("watching.hang_minutes=None", None),
        ("watching.hang_minutes=5", 5),
    ],
)
def test_every_option_is_a_flag(text, value):
    config = overridden(f"training.{text}")
    found = config
    for name in text.split("=")[0].split("."):
        found = found[name]
    assert found == value
    if "mesh" not in text:  # the eight devices here have no second axis in the rules
        fit_options(config)


def leaves(data, prefix=""):
    for name, value in data.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name


@pytest.mark.parametrize("name", sorted(leaves(defaults())))
def test_no_option_is_without_a_flag(name):
    """Whatever its default is, ml_collections makes a flag of it that takes that again."""
    data = defaults(patience=15)
    for part in name.split("."):
        data = data[part]
    overridden(f"training.{name}={data}")


def test_options_that_may_be_none():
    config = overridden(
        *(f"training.{name}=None" for name in sorted(optional() - {"steps_per_call"}))
    )
    assert fit_options(config)["patience"] is None


def test_settings_are_plain_data_again():
    for changes in ({}, {"patience": 5, "stepping": {"ema": 0.9}}):
        data = defaults(**changes)
        assert settings(data).to_dict() == data
        assert json.loads(settings(data).to_json_best_effort()) == json.loads(json.dumps(data))


def test_what_a_workdir_remembers_goes_back_into_the_settings():
    stored = json.loads(json.dumps(defaults(patience=7, watching={"trackers": ("mlflow",)})))
    config = settings(defaults())
    config.update(stored)
    assert fit_options(config.to_dict())["patience"] == 7
    assert config.watching.trackers == ("mlflow",)
