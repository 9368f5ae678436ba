"""Handwritten digits: 1,797 scans of 8x8 pixels, as scikit-learn carries them.

They are the test part of the UCI data "Optical recognition of handwritten digits": 13
writers, whose scans follow each other. A random split has scans of one writer on both
sides, so its accuracy is that for known hands.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.util
from pathlib import Path

import numpy as np
import numpy.typing as npt

from research.data.datasets.errors import DatasetError, needs_package

LICENCE = "CC BY 4.0"
CITATION = (
    "E. Alpaydin and C. Kaynak (1998), Optical recognition of handwritten digits, "
    "UCI Machine Learning Repository, https://doi.org/10.24432/C50P49"
)
_SHA256 = "87ff0c9e40dc7e2c0e34e7257799c2e3f3aec1a016363bb11cad869ec428a826"
_DARKEST = 16  # each pixel counts the dark dots in a block of 4x4


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Digits:
    """The scans.

    Attributes:
        images: float32 `[N, 8, 8, 1]`, 0 (paper) to 1 (ink).
        labels: int32 `[N]`, 0 to 9.
    """

    images: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.labels)


def load() -> Digits:
    """Reads the scans from scikit-learn's own file and checks their SHA-256.

    scikit-learn itself is not imported: that takes longer than all the rest of a start.

    Raises:
        DatasetError: if scikit-learn is not installed, or its scans are other ones.
    """
    package = importlib.util.find_spec("sklearn")
    if package is None or package.origin is None:
        raise needs_package("scikit-learn", "digits")
    path = Path(package.origin).parent / "datasets" / "data" / "digits.csv.gz"
    try:
        rows = np.loadtxt(path, np.uint8, delimiter=",")
    except FileNotFoundError:
        raise DatasetError(
            f"this scikit-learn has no file {path}: install release 1.5 to 1.9"
        ) from None
    return from_arrays(rows[:, :-1].reshape(-1, 8, 8), rows[:, -1])


def from_arrays(pixels: npt.ArrayLike, labels: npt.ArrayLike) -> Digits:
    """Digits from pixels `[N, 8, 8]` of 0 to 16 and labels `[N]`.

    Raises:
        DatasetError: if they are not the published ones.
    """
    pixels, labels = np.asarray(pixels, np.uint8), np.asarray(labels, np.uint8)
    found = hashlib.sha256(pixels.tobytes() + labels.tobytes()).hexdigest()
    if found != _SHA256:
        raise DatasetError(
            f"these are not the digits as published: SHA-256 of pixels and labels is {found}, "
            f"expected {_SHA256}"
        )
    return Digits(
        images=(pixels[..., None] / np.float32(_DARKEST)).astype(np.float32),
        labels=labels.astype(np.int32),
    )
