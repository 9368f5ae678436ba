"""Named changes to an experiment's configuration: `--preset=fast`."""

from __future__ import annotations

from collections.abc import Sequence

from ml_collections import ConfigDict

from experiments.experiment import Experiment, ExperimentError


def with_preset(experiment: Experiment, name: str | None) -> ConfigDict:
    """The experiment's configuration, changed as the preset says; None changes nothing.

    Raises:
        ExperimentError: when it has no such preset.
    """
    config = experiment.get_config()
    if name is not None:
        if name not in experiment.PRESETS:
            raise ExperimentError(
                f"there is no preset {name}: this experiment has {', '.join(experiment.PRESETS)}"
            )
        config.update_from_flattened_dict(dict(experiment.PRESETS[name]))
    return config


def preset_flags(experiment: Experiment, name: str, given: Sequence[str]) -> list[str]:
    """What the preset changes as flags; what the command line gives itself is left out.

    Args:
        experiment: whose preset.
        name: of the preset.
        given: dotted keys that the command line sets.

    Raises:
        ExperimentError: when it has no such preset.
    """
    with_preset(experiment, name)
    return [
        f"--config.{key}={value}"
        for key, value in experiment.PRESETS[name].items()
        if key not in given
    ]
