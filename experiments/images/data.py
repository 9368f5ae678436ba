"""Pictures of one kind, their parts, and pictures of something else."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
from ml_collections import ConfigDict
from numpy.typing import NDArray

from research.arguments import require
from research.data.datasets.idx import ImageDataset, LabelledImages
from research.data.splits import split

PARTS = ("train", "validation", "test")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Published:
    """A figure from the literature.

    Attributes:
        name: of the model, or who did it.
        accuracy: on the same test set.
        source: where it stands.
    """

    name: str
    accuracy: float
    source: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Subject:
    """What the pictures show.

    Attributes:
        name: of the data set.
        noun: what is on a picture, such as "garment".
        load: the data set.
        foreign: another data set, whose pictures show something else.
        foreign_noun: what is on those.
        licence: of the data.
        citation: whom to cite.
        published: figures from the literature.
    """

    name: str
    noun: str
    load: Callable[[], ImageDataset]
    foreign: Callable[[], ImageDataset]
    foreign_noun: str
    licence: str
    citation: str
    published: tuple[Published, ...]


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Data:
    """The parts of a run.

    Attributes:
        parts: "train" and "validation" out of the data set's training images, "test" out of
            its test images.
        numbers: of the test pictures among the published ones, `[N]`.
        classes: names of the labels.
    """

    parts: dict[str, LabelledImages]
    numbers: NDArray[np.int64]
    classes: tuple[str, ...]

    def examples(self, part: str) -> dict[str, np.ndarray]:
        """Images uint8 `[N, 28, 28, 1]` and labels int32 `[N]` of one part."""
        return {"inputs": self.parts[part].images, "labels": self.parts[part].labels}


def load(config: ConfigDict, subject: Subject) -> Data:
    """Reads the data and takes as many pictures of each part as `config.data` says.

    The parts are stratified by class; which pictures are held out for validation depends on
    `config.seed`. The test images are the published ones.

    Raises:
        ArgumentError: when there are not so many.
        SourceError: when the data can't be had.
    """
    dataset = subject.load()
    learnt = _chosen(
        dataset.train, {part: config.data[part] for part in PARTS[:2]}, seed=config.seed
    )
    # Not by the run's seed: runs with different seeds are compared on the same pictures.
    held_out = _chosen(dataset.test, {"test": config.data.test}, seed=0)
    rows = learnt | held_out
    return Data(
        parts={
            "train": _taken(dataset.train, rows["train"]),
            "validation": _taken(dataset.train, rows["validation"]),
            "test": _taken(dataset.test, rows["test"]),
        },
        numbers=rows["test"],
        classes=dataset.classes,
    )


def foreign(subject: Subject, count: int) -> NDArray[np.uint8]:
    """The first `count` test pictures of something else, `[N, 28, 28, 1]`."""
    return subject.foreign().test.images[:count]


def _chosen(
    images: LabelledImages, counts: dict[str, int], *, seed: int
) -> dict[str, NDArray[np.int64]]:
    total, wanted = len(images), sum(counts.values())
    require(
        min(counts.values()) > 0 and wanted <= total,
        f"data has {', '.join(f'{part}={n}' for part, n in counts.items())}, expected at least "
        f"one of each and together at most {total:,}, the pictures that there are",
    )
    shares = {part: n / total for part, n in counts.items()} | {"": (total - wanted) / total}
    rows = split(images.labels, shares, seed=seed)
    return {part: rows[part] for part in counts}


def _taken(images: LabelledImages, rows: Sequence[int] | NDArray[np.int64]) -> LabelledImages:
    return LabelledImages(images=images.images[rows], labels=images.labels[rows])
