"""A small set of images in place of the real ones, so that a whole run takes a moment."""

import numpy as np

from experiments.fashion_gan import config
from research.data.datasets import fashion
from research.data.datasets.idx import ImageDataset, LabelledImages

SMALL = {
    "data.limit": 600,
    "data.validation": 200,
    "judge.steps": 120,
    "judge.learning_rate": 0.02,
    "judge.batch_size": 32,
    "judge.evaluate_every": 120,
    "judge.channels": (4, 8),
    "judge.dropout": 0.0,
    "model.generator": (4, 4, 4),
    "model.discriminator": (4, 4),
    "model.latent": 5,
    "optimizer.generator_rate": 0.05,
    "training.steps": 4,
    "training.batch_size": 16,
    "training.evaluate_every": 2,
    "samples.measured": 40,
    "samples.decided": 60,
}


def images(count, seed):
    """Bright bars, wider from class to class, with a little noise."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 10
    pixels = random.integers(0, 20, size=(count, 28, 28, 1))
    for row, label in enumerate(labels):
        pixels[row, 4:24, 2 : 4 + 2 * label] += 200
    return LabelledImages(images=pixels.astype(np.uint8), labels=labels.astype(np.int32))


def dataset():
    return ImageDataset(train=images(600, 0), test=images(80, 1), classes=fashion.CLASSES)


def small_config():
    settings = config.get_config()
    settings.update_from_flattened_dict(SMALL)
    return settings
