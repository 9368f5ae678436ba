"""From texts to the network's inputs, by a vocabulary fitted on training texts."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np

from research.data.text import UNKNOWN, Vocabulary, hashed, word_parts, words


@dataclasses.dataclass(frozen=True, kw_only=True)
class Encoding:
    """What is read of a text.

    Attributes:
        vocabulary: the known words.
        length: words read at most.
        buckets: numbers for parts of words.
        parts: parts read of a word at most.
    """

    vocabulary: Vocabulary
    length: int
    buckets: int
    parts: int

    @classmethod
    def fit(
        cls, texts: Sequence[str], *, at_least: int, length: int, buckets: int, parts: int
    ) -> Encoding:
        """Knows the words that the texts have `at_least` so many times."""
        vocabulary = Vocabulary.fit(map(words, texts), at_least=at_least)
        return cls(vocabulary=vocabulary, length=length, buckets=buckets, parts=parts)

    def __call__(self, columns: Mapping[str, Any]) -> Any:
        """The network's inputs: the column `read` of a batch."""
        return columns["read"]

    def columns(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """Arrays for N texts.

        Returns:
            `read` int32 `[N, T, 1 + S]`: each word's number, then those of its parts; `unread`
            int32 `[N]`: words at the end that are not; `unseen` float32 `[N]`: the share of the
            read words that the vocabulary doesn't have.
        """
        split = [words(text) for text in texts]
        distinct = {word: number for number, word in enumerate(dict.fromkeys(chain(*split)))}
        table = hashed(
            [word_parts(word) for word in distinct], buckets=self.buckets, width=self.parts
        )
        read = np.zeros((len(split), self.length, 1 + self.parts), np.int32)
        read[..., 0] = self.vocabulary.encode(split, length=self.length)
        for row, text in enumerate(split):
            kept = text[: self.length]
            read[row, : len(kept), 1:] = table[[distinct[word] for word in kept]]
        total = np.array([len(text) for text in split], np.int32)
        count = np.minimum(total, self.length)
        unseen = (read[..., 0] == UNKNOWN).sum(1) / np.maximum(count, 1)
        return {"read": read, "unread": total - count, "unseen": unseen.astype(np.float32)}

    def read(self, text: str) -> list[str]:
        """The words of a text that the network reads."""
        return words(text)[: self.length]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {**vars(self), "vocabulary": self.vocabulary.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Encoding:
        """The inverse of `to_json`."""
        numbers = {name: int(data[name]) for name in ("length", "buckets", "parts")}
        return cls(vocabulary=Vocabulary.from_json(data["vocabulary"]), **numbers)
