"""Fashion-MNIST: accept, ask a person or reject, at one error in a hundred.

    python launch.py --config=experiments/fashion/config.py --workdir=runs/fashion

60,000 photographs of garments to learn from, 10,000 to test. Takes about eight minutes on 2
cores; `--fast` half a minute.
"""

from __future__ import annotations

from ml_collections import ConfigDict

from experiments.images.data import Published, Subject
from experiments.images.experiment import ImageExperiment
from experiments.images.settings import image_config
from research.data.datasets import fashion, mnist

_TABLE = "benchmark table of the data's repository"
_EXPERIMENT = ImageExperiment(
    subject=Subject(
        name="Fashion-MNIST",
        noun="garment",
        load=fashion.load,
        foreign=mnist.load,
        foreign_noun="digit",
        licence=fashion.LICENCE,
        citation=fashion.CITATION,
        published=(
            Published(name="People (majority of 3)", accuracy=0.835, source=_TABLE),
            Published(name="XGBoost", accuracy=0.898, source=_TABLE),
            Published(name="HOG and SVM", accuracy=0.926, source=_TABLE),
            Published(name="CNN, 1.8 M parameters", accuracy=0.932, source=_TABLE),
            Published(name="ResNet-18, 11 M parameters", accuracy=0.949, source=_TABLE),
            Published(name="WRN-40-4, 8.9 M parameters", accuracy=0.967, source=_TABLE),
        ),
    ),
    classes=fashion.CLASSES,
)

PRESETS = {
    "fast": {
        "data.train": 6000,
        "data.validation": 2000,
        "data.test": 2000,
        "training.steps": 150,
        "training.evaluate_every": 75,
        "optimizer.warmup": 20,
        "baselines": 2000,
        "strangers": 200,
        "error_budget": 0.05,
    },
    "best": {  # about an hour
        "model.channels": (32, 96, 192),
        "augmentation.shift": 2,
        "augmentation.cutout": 8,
        "training.steps": 8600,
        "label_smoothing": 0.05,
    },
}


def get_config() -> ConfigDict:
    """Every number of the experiment."""
    config = image_config(steps=5200, channels=(24, 48, 96))
    config.augmentation.flip = True
    config.model.mirrored = True
    config.error_budget = 0.01
    config.policy = ("experiments/fashion/garment.rules",)
    return config


AFTER_TRAINING = _EXPERIMENT.AFTER_TRAINING
load_data = _EXPERIMENT.load_data
training_examples = _EXPERIMENT.training_examples
build_task = _EXPERIMENT.build_task
build_prepare = _EXPERIMENT.build_prepare
evaluate = _EXPERIMENT.evaluate
build_program = _EXPERIMENT.build_program
decide_test = _EXPERIMENT.decide_test
decide_cases = _EXPERIMENT.decide_cases
