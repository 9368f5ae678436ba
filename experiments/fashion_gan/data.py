"""Fashion-MNIST, its training images split once more, with pixels from -1 to 1."""

from __future__ import annotations

import dataclasses

import numpy as np
from ml_collections import ConfigDict
from numpy.typing import NDArray

from research.data.datasets import fashion
from research.data.datasets.idx import LabelledImages
from research.data.splits import split

CLASSES = fashion.CLASSES


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """Images and what they show.

    Attributes:
        images: float32 `[N, 28, 28, 1]`, -1 (background) to 1.
        labels: int32 `[N]`, positions in `CLASSES`.
    """

    images: NDArray[np.float32]
    labels: NDArray[np.int32]


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Data:
    """What trains, what chooses and calibrates, and what nothing has seen."""

    train: Part
    validation: Part
    test: Part


def load(config: ConfigDict) -> Data:
    """Loads and splits; of a limited number of training images, every class has its share."""
    everything = fashion.load()
    limit, held_out = config.data.limit, config.data.validation
    total = len(everything.train)
    shares = {
        "train": (limit - held_out) / total,
        "validation": held_out / total,
        "unused": (total - limit) / total,
    }
    parts = split(everything.train.labels, shares, seed=config.seed)
    return Data(
        train=_part(everything.train, parts["train"]),
        validation=_part(everything.train, parts["validation"]),
        test=_part(everything.test, np.arange(len(everything.test))),
    )


def _part(images: LabelledImages, rows: NDArray[np.int64]) -> Part:
    scaled = images.images[rows].astype(np.float32) / np.float32(127.5) - 1
    return Part(images=scaled, labels=images.labels[rows])
