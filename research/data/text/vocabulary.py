"""Which words a model knows, fitted on training texts only."""

from __future__ import annotations

import dataclasses
import functools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from research.arguments import require

PADDING, UNKNOWN = 0, 1
_RESERVED = 2


@dataclasses.dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """Words and their numbers: 0 fills up a sequence, 1 is any word that is not known.

    Attributes:
        words: the known ones, the most frequent first; word i has the number i + 2.
    """

    words: tuple[str, ...]

    def __post_init__(self) -> None:
        require(len(set(self.words)) == len(self.words), "the vocabulary names a word twice")

    def __len__(self) -> int:
        """How many numbers there are, those of padding and unknown words included."""
        return len(self.words) + _RESERVED

    @classmethod
    def fit(
        cls, texts: Iterable[Sequence[str]], *, at_least: int = 1, size: int | None = None
    ) -> Vocabulary:
        """The words of texts.

        Args:
            texts: split into words.
            at_least: how often a word must occur.
            size: at most so many numbers; the least frequent words are left out, of equally
                frequent ones those later in the alphabet.
        """
        require(at_least > 0, f"at_least is {at_least}, expected 1 or more")
        require(size is None or size >= _RESERVED, f"size is {size}, expected {_RESERVED} or more")
        counts = Counter(word for text in texts for word in text)
        known = sorted(
            (word for word, count in counts.items() if count >= at_least),
            key=lambda word: (-counts[word], word),
        )
        return cls(words=tuple(known[: None if size is None else size - _RESERVED]))

    def encode(self, texts: Sequence[Sequence[str]], *, length: int) -> npt.NDArray[np.int32]:
        """Numbers int32 `[N, length]`: longer texts are cut off, shorter ones filled with 0."""
        numbers = np.full((len(texts), length), PADDING, np.int32)
        for row, text in enumerate(texts):
            kept = text[:length]
            numbers[row, : len(kept)] = [self._numbers.get(word, UNKNOWN) for word in kept]
        return numbers

    def __contains__(self, word: object) -> bool:
        """Whether a word is known."""
        return word in self._numbers

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"words": list(self.words)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Vocabulary:
        """The inverse of `to_json`."""
        return cls(words=tuple(map(str, data["words"])))

    @functools.cached_property
    def _numbers(self) -> dict[str, int]:
        return {word: number for number, word in enumerate(self.words, _RESERVED)}
