"""MNIST: accept, ask a person or reject, at one error in a thousand.

    python launch.py --config=experiments/mnist/config.py --workdir=runs/mnist

60,000 handwritten digits to learn from, 10,000 of other writers to test. Takes about five
minutes on 2 cores; `--fast` half a minute.
"""

from __future__ import annotations

from ml_collections import ConfigDict

from experiments.images.data import Published, Subject
from experiments.images.experiment import ImageExperiment
from experiments.images.settings import image_config
from research.data.datasets import fashion, mnist

_LECUN = "LeCun et al., 1998"
_EXPERIMENT = ImageExperiment(
    subject=Subject(
        name="MNIST",
        noun="digit",
        load=mnist.load,
        foreign=fashion.load,
        foreign_noun="garment",
        licence=mnist.LICENCE,
        citation=mnist.CITATION,
        published=(
            Published(name="Linear classifier", accuracy=0.88, source=_LECUN),
            Published(name="Nearest neighbours", accuracy=0.95, source=_LECUN),
            Published(name="LeNet-5", accuracy=0.9905, source=_LECUN),
            Published(name="LeNet-5, on distorted copies too", accuracy=0.992, source=_LECUN),
        ),
    ),
    classes=mnist.CLASSES,
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
        "error_budget": 0.02,
    },
}


def get_config() -> ConfigDict:
    """Every number of the experiment."""
    config = image_config(steps=4680, channels=(16, 32, 64))
    # No error in 5,000 pictures doesn't show that there is less than one in a thousand.
    config.data.train, config.data.validation = 50000, 10000
    config.augmentation.shift = 2
    config.error_budget = 0.001
    config.policy = ("experiments/mnist/digit.rules",)
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
