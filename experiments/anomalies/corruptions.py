"""Ways in which a scan goes wrong, as pure functions of pictures and a seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Pictures = NDArray[np.float32]


def noisy(pictures: Pictures, seed: int) -> Pictures:
    """Specks: three pixels in twenty at random are turned to their opposite."""
    hit = np.random.default_rng(seed).random(pictures.shape) < 0.15
    return np.where(hit, 1 - pictures, pictures)


def torn(pictures: Pictures, seed: int) -> Pictures:
    """The upper, lower, left or right half is white."""
    half = np.array(pictures)
    middle = half.shape[1] // 2
    sides = (np.s_[:middle], np.s_[middle:], np.s_[:, :middle], np.s_[:, middle:])
    chosen = np.random.default_rng(seed).integers(len(sides), size=len(half))
    for picture, side in zip(half, chosen, strict=True):
        picture[sides[side]] = 0
    return half


def doubled(pictures: Pictures, seed: int) -> Pictures:
    """Another of the pictures shows through, as when paper was fed twice."""
    other = np.random.default_rng(seed).permutation(len(pictures))
    return np.maximum(pictures, 0.8 * pictures[other])


def inverted(pictures: Pictures, seed: int) -> Pictures:
    """White on black."""
    del seed
    return 1 - pictures


CORRUPTIONS: Mapping[str, Callable[[Pictures, int], Pictures]] = MappingProxyType(
    {"noisy": noisy, "torn": torn, "doubled": doubled, "inverted": inverted}
)
