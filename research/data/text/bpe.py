"""Byte-pair encoding: from text to tokens and back, without loss, fitted on training text only."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from research.arguments import require

# What a token never crosses: a word, number or run of signs, with the space before it.
_PIECES = re.compile(r" ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+")
_BYTES = 256

Pair = tuple[int, int]


@dataclasses.dataclass(frozen=True, kw_only=True)
class BytePairEncoding:
    """Tokens of bytes: the 256 single ones, then the merged pairs in the order of merging.

    Byte-level BPE (Sennrich et al., 2016; Radford et al., "GPT-2", 2019). Any text can be
    encoded, and `decode(encode(text)) == text`.

    Attributes:
        merges: pairs of tokens; the i-th makes token 256 + i.

    Raises:
        ArgumentError: a merge of a token that is not there yet, or of one pair twice.
    """

    merges: tuple[Pair, ...]

    def __post_init__(self) -> None:
        for number, pair in enumerate(self.merges):
            require(
                len(pair) == 2 and all(0 <= part < _BYTES + number for part in pair),
                f"merge {number} is {pair}, expected two tokens from 0 to {_BYTES + number - 1}",
            )
        require(len(set(self.merges)) == len(self.merges), "the merges name a pair twice")

    @classmethod
    def fit(cls, text: str, *, size: int) -> BytePairEncoding:
        """Merges the most frequent pair of neighbours, again and again.

        Of equally frequent pairs the one with the lower tokens is merged.

        Args:
            text: to learn from.
            size: V, number of tokens, 256 or more; fewer where the text has no more pairs.
        """
        require(size >= _BYTES, f"size is {size}, expected {_BYTES} or more: a token per byte")
        words = _Words(Counter(_PIECES.findall(text)))
        merges: list[Pair] = []
        while len(merges) < size - _BYTES and (pair := words.most_frequent()):
            words.merge(pair, _BYTES + len(merges))
            merges.append(pair)
        return cls(merges=tuple(merges))

    def __len__(self) -> int:
        """V, the number of tokens."""
        return _BYTES + len(self.merges)

    @functools.cached_property
    def tokens(self) -> tuple[bytes, ...]:
        """The bytes of each token."""
        made = [bytes([byte]) for byte in range(_BYTES)]
        for first, second in self.merges:
            made.append(made[first] + made[second])
        return tuple(made)

    def encode(self, text: str) -> npt.NDArray[np.int32]:
        """The tokens of a text, int32 `[N]`."""
        pieces = _PIECES.findall(text)
        known = {piece: self._merged(piece) for piece in set(pieces)}
        return np.fromiter((token for piece in pieces for token in known[piece]), np.int32)

    def decode(self, tokens: Iterable[int]) -> str:
        """The text of tokens; bytes that are no UTF-8 become U+FFFD."""
        return b"".join(self.tokens[token] for token in tokens).decode(errors="replace")

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"merges": [list(pair) for pair in self.merges]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> BytePairEncoding:
        """The inverse of `to_json`."""
        return cls(merges=tuple((int(first), int(second)) for first, second in data["merges"]))

    @functools.cached_property
    def _numbers(self) -> dict[Pair, int]:
        return {pair: _BYTES + number for number, pair in enumerate(self.merges)}

    def _merged(self, piece: str) -> list[int]:
        word = list(piece.encode())
        while len(word) > 1:
            pairs = itertools.pairwise(word)
            first = min((self._numbers.get(pair, len(self)), pair) for pair in pairs)
            if first[0] == len(self):
                break
            word = _replaced(word, first[1], first[0])
        return word


class _Words:
    """Distinct words with their counts, and the pairs of neighbours in them."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self._counts = list(counts.values())
        self._words = [list(word.encode()) for word in counts]
        self._pairs: Counter[Pair] = Counter()
        self._where: defaultdict[Pair, set[int]] = defaultdict(set)
        for number in range(len(self._words)):
            self._count(number, +1)

    def most_frequent(self) -> Pair | None:
        if not self._pairs:
            return None
        return min(self._pairs, key=lambda pair: (-self._pairs[pair], pair))

    def merge(self, pair: Pair, token: int) -> None:
        for number in self._where.pop(pair):
            self._count(number, -1)
            self._words[number] = _replaced(self._words[number], pair, token)
            self._count(number, +1)

    def _count(self, number: int, sign: int) -> None:
        word = self._words[number]
        for pair in itertools.pairwise(word):
            self._pairs[pair] += sign * self._counts[number]
            if sign > 0:
                self._where[pair].add(number)
            elif self._pairs[pair] == 0:
                del self._pairs[pair]


def _replaced(word: Sequence[int], pair: Pair, token: int) -> list[int]:
    """The word with the pair replaced, from left to right."""
    merged: list[int] = []
    position = 0
    while position < len(word):
        if tuple(word[position : position + 2]) == pair:
            merged.append(token)
            position += 2
        else:
            merged.append(word[position])
            position += 1
    return merged
