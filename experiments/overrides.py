"""`--config.x.y=VALUE` on the command line, checked before it is parsed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ml_collections import ConfigDict, FieldReference

from experiments.experiment import ExperimentError, load_experiment, located
from experiments.presets import preset_flags
from research.training.options import optional

_FILE = re.compile(r"--?config=(.+)")
_OVERRIDE = re.compile(r"--?config\.([^=]+)")
_PRESET = re.compile(r"--?(?:preset=(.+)|fast(?:=true)?)")


def checked(argv: Sequence[str]) -> list[str]:
    """The arguments with the experiment's file located; every overridden key exists.

    Args:
        argv: of the command.

    Returns:
        The same, and what a preset changes as flags, too.

    Raises:
        ExperimentError: for a file that is no experiment, or a key or preset that it doesn't
            have.
    """
    files = [match[1] for match in map(_FILE.fullmatch, argv) if match]
    keys = [match[1] for match in map(_OVERRIDE.match, argv) if match]
    if keys and not files:
        raise ExperimentError(
            f"--config.{keys[0]} changes a number of a config: give --config=FILE"
        )
    presets = [match[1] or "fast" for match in map(_PRESET.fullmatch, argv) if match]
    if presets and not files:
        raise ExperimentError(f"the preset {presets[0]} is an experiment's: give --config=FILE")
    if len(presets) > 1:
        raise ExperimentError(f"found the presets {', '.join(presets)}: give one")
    changes: list[str] = []
    for file in files:
        experiment = load_experiment(file)
        config = experiment.get_config()
        for key in keys:
            _check(config, key)
        for preset in presets:
            changes += preset_flags(experiment, preset, keys)
    given = [f"--config={located(m[1])}" if (m := _FILE.fullmatch(a)) else a for a in argv]
    return given + changes


def settings(training: Mapping[str, Any]) -> ConfigDict:
    """The options of a training as a configuration, each of which can be overridden.

    A flag takes its type from the value it replaces: an option of more than one type takes
    any literal, and `research.training.fit_options` checks what it is.

    Args:
        training: of `research.training.defaults`.
    """
    config = ConfigDict(training)
    for name in optional():
        *groups, last = name.split(".")
        owner = config
        for group in groups:
            owner = owner[group]
        with owner.unlocked():
            value = owner[last]
            del owner[last]
            owner[last] = FieldReference(value, field_type=object)
    return config


def _check(config: ConfigDict, dotted: str) -> None:
    path = "config"
    for name in dotted.split("."):
        if not isinstance(config, ConfigDict):
            raise ExperimentError(f"{path} is a value, it has no key {name}")
        if name not in config:
            near = difflib.get_close_matches(name, config.keys(), n=1)
            hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(config.keys())}"
            raise ExperimentError(f"{path} has no key {name}: {hint}")
        config, path = config[name], f"{path}.{name}"
