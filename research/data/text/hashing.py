"""Features without a vocabulary: parts of words, hashed into buckets."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from research.arguments import require


def bucket(feature: str, *, buckets: int) -> int:
    """The number of a feature, 1 to `buckets` - 1 (0 is padding): the same everywhere, for ever."""
    digest = hashlib.blake2b(feature.encode(), digest_size=8).digest()
    return 1 + int.from_bytes(digest, "little") % (buckets - 1)


def word_parts(word: str, *, shortest: int = 3, longest: int = 5) -> list[str]:
    """The runs of letters of `<word>`, as in fastText (Bojanowski et al., 2017).

    Args:
        word: its beginning and end are marked by `<` and `>`.
        shortest: letters at least, the marks included.
        longest: letters at most.
    """
    marked = f"<{word}>"
    return [
        marked[first : first + size]
        for size in range(shortest, longest + 1)
        for first in range(len(marked) - size + 1)
    ]


def hashed(features: Sequence[Iterable[str]], *, buckets: int, width: int) -> npt.NDArray[np.int32]:
    """Buckets of features, int32 `[N, width]`.

    Args:
        features: of each of N things; what exceeds `width` is cut off, 0 fills up.
        buckets: numbers, that of padding included; features that meet in one are not told apart.
        width: features at most.
    """
    require(buckets > 1, f"buckets is {buckets}, expected 2 or more")
    numbers = np.zeros((len(features), width), np.int32)
    known: dict[str, int] = {}
    for row, of_one in enumerate(features):
        kept = list(of_one)[:width]
        for feature in kept:
            if feature not in known:
                known[feature] = bucket(feature, buckets=buckets)
        numbers[row, : len(kept)] = [known[feature] for feature in kept]
    return numbers
