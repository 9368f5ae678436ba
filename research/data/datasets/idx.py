"""Data sets in MNIST's format: four files, images and labels to train and to test."""

from __future__ import annotations

import dataclasses
import math
import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from research.data.datasets.errors import DatasetError
from research.data.sources import Source

FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
_UNSIGNED_BYTE = 8


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class LabelledImages:
    """Grey images of one part.

    Attributes:
        images: uint8 `[N, 28, 28, 1]`, 0 is the background.
        labels: int32 `[N]`, positions in the data set's `CLASSES`.
    """

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.labels)


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class ImageDataset:
    """Images with the split that everybody uses.

    Attributes:
        train: 60,000 images.
        test: 10,000 images.
        classes: ten names.
    """

    train: LabelledImages
    test: LabelledImages
    classes: tuple[str, ...]


def load(
    sources: Mapping[str, Source], classes: tuple[str, ...], cache: Path | None = None
) -> ImageDataset:
    """Fetches (once) and reads the four files.

    Args:
        sources: by the names in `FILES`.
        classes: names of the labels 0, 1, ...
        cache: the folder for the fetched files; see `Source.path`.

    Raises:
        SourceError: if a file cannot be had.
        DatasetError: if the content of one is not what it must be.
    """
    arrays = [read(sources[name].path(cache)) for name in FILES]
    parts = [
        labelled(images, labels, classes)
        for images, labels in zip(arrays[::2], arrays[1::2], strict=True)
    ]
    return ImageDataset(train=parts[0], test=parts[1], classes=classes)


def labelled(
    images: npt.NDArray[np.uint8], labels: npt.NDArray[np.uint8], classes: tuple[str, ...]
) -> LabelledImages:
    """One part, checked.

    Args:
        images: uint8 `[N, H, W]`.
        labels: uint8 `[N]`.
        classes: names of the labels.

    Raises:
        DatasetError: if the two don't fit each other.
    """
    if images.ndim != 3 or labels.shape != images.shape[:1]:
        raise DatasetError(
            f"found images {list(images.shape)} and labels {list(labels.shape)}, expected "
            "[N, height, width] and [N]: are these files of one part?"
        )
    if len(labels) and labels.max() >= len(classes):
        raise DatasetError(
            f"labels run up to {labels.max()}, expected 0 to {len(classes) - 1}: one of "
            f"{', '.join(classes)}"
        )
    return LabelledImages(images=images[..., None], labels=labels.astype(np.int32))


def read(path: Path) -> npt.NDArray[np.uint8]:
    """An IDX file of unsigned bytes, not compressed.

    Two zero bytes, the type, the number of axes; the length of each axis as a big-endian
    32-bit integer; the values (LeCun, Cortes and Burges, "The MNIST database").

    Raises:
        DatasetError: if it is another kind of file, or not whole.
    """
    data = path.read_bytes()
    if len(data) < 4 or data[:3] != bytes((0, 0, _UNSIGNED_BYTE)):
        raise DatasetError(
            f"{path} begins with {data[:3].hex(' ') or 'nothing'}, an IDX file of bytes begins "
            "with 00 00 08 (a .gz file must be unpacked first)"
        )
    start = 4 + 4 * data[3]
    if len(data) < start:
        raise DatasetError(f"{path} has {len(data)} bytes, its head alone {start}: it is not whole")
    shape = struct.unpack(f">{data[3]}I", data[4:start])
    expected = start + math.prod(shape)
    if len(data) != expected:
        raise DatasetError(
            f"{path} has {len(data):,} bytes, expected {expected:,} for the shape {list(shape)}: "
            "it is not whole"
        )
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)
