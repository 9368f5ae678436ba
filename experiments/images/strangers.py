"""Pictures that nobody should accept: of something else, blank, noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def strangers(
    own: NDArray[np.uint8], foreign: NDArray[np.uint8], foreign_noun: str, *, seed: int
) -> dict[str, NDArray[np.uint8]]:
    """Pictures uint8 `[M, 28, 28, 1]` by what they are.

    Args:
        own: M pictures as they should be; some are spoilt.
        foreign: M pictures of something else.
        foreign_noun: what that is.
        seed: of the noise.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    return {
        f"a {foreign_noun}": foreign,
        "negative": 255 - own,
        "pixels in disorder": random.permuted(own.reshape(len(own), -1), axis=1).reshape(own.shape),
        "noise": random.integers(0, 256, own.shape, np.uint8),
        "blank": np.zeros_like(own[:1]),
    }
