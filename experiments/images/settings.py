"""The numbers of an image experiment."""

from __future__ import annotations

from collections.abc import Sequence

from ml_collections import ConfigDict

from experiments.overrides import settings
from research import training


def image_config(*, steps: int, channels: Sequence[int]) -> ConfigDict:
    """What image experiments have in common, to be changed where one differs.

    Args:
        steps: of the training, 128 pictures each.
        channels: of each stage of the CNN.
    """
    config = ConfigDict()
    config.seed = 0
    config.data = ConfigDict({"train": 55000, "validation": 5000, "test": 10000})
    config.augmentation = ConfigDict({"shift": 1, "flip": False, "cutout": 0})
    config.model = ConfigDict(
        {
            "family": "cnn",
            "channels": tuple(channels),
            "blocks": 2,
            "dropout": 0.1,
            "mirrored": False,
        }
    )
    config.label_smoothing = 0.0
    config.optimizer = ConfigDict(
        {"learning_rate": 6e-3, "warmup": 200, "weight_decay": 0.05, "clip": 1.0}
    )
    config.training = settings(
        training.defaults(
            steps=steps,
            batch_size=128,
            evaluate_every=600,
            monitor="accuracy",
            maximise=True,
            saving={"every_steps": 600, "every_minutes": 1.0},
        )
    )
    config.refused = 0.005  # share of usable pictures that may be rejected as strange
    config.baselines = 20000  # training pictures that the baselines learn from
    config.strangers = 1000  # pictures of each kind that nobody should accept
    config.policy = ()
    config.error_budget = 0.01
    return config
