"""A character n-gram model with interpolated Kneser-Ney smoothing, in NumPy."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]

_LARGEST = 2**62


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Level:
    """Counts of the n-grams of one length.

    Attributes:
        grams: sorted codes `[G]`.
        counts: of each `[G]`; below the longest n-grams, in how many contexts it occurs.
        contexts: sorted codes of what precedes the last character `[C]`.
        totals: sum of the counts by context `[C]`.
        kinds: number of distinct last characters by context `[C]`.
        discount: taken from every count (Ney, Essen and Kneser, 1994): n1 / (n1 + 2 n2).
    """

    grams: Codes
    counts: Floats
    contexts: Codes
    totals: Floats
    kinds: Floats
    discount: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class CharacterNgrams:
    """Foretells each character from the `order - 1` before it.

    p(w | h) = max(c(hw) - D, 0) / c(h) + D kinds(h) / c(h) p(w | shorter h), after Kneser and
    Ney (1995) in the interpolated form of Chen and Goodman (1999); below the unigrams all
    characters, and one that stands for any unknown one, are equally likely.

    Attributes:
        alphabet: the known characters, sorted.
        levels: of the n-grams with 1, 2, ..., `order` characters.
    """

    alphabet: str
    levels: tuple[_Level, ...]

    @classmethod
    def fit(cls, text: str, *, order: int) -> CharacterNgrams:
        """Counts the n-grams of a text.

        Raises:
            ValueError: when n-grams of that order have no code, or the text is too short.
        """
        alphabet = "".join(sorted(set(text)))
        base = len(alphabet) + 1
        if order < 1 or base**order > _LARGEST or len(text) < order:
            raise ValueError(
                f"order is {order}, for a text of {len(text)} characters of {len(alphabet)} "
                "kinds: expected 1 or more, not more than the text, and fewer for many kinds"
            )
        characters = _numbers(text, alphabet)
        levels: list[_Level] = []
        # From the longest down: a shorter n-gram counts the longer ones that end in it.
        grams, counts = np.unique(_codes(characters, order, base), return_counts=True)
        for length in range(order, 0, -1):
            levels.append(_level(grams, counts.astype(np.float64), base))
            if length > 1:
                grams, counts = np.unique(grams % base ** (length - 1), return_counts=True)
        return cls(alphabet=alphabet, levels=tuple(reversed(levels)))

    def bits(self, text: str, *, before: str = "") -> Floats:
        """What each character costs: minus the binary logarithm of its probability, `[N]`.

        Args:
            text: N characters.
            before: what precedes them, as context.
        """
        base = len(self.alphabet) + 1
        characters = _numbers(before + text, self.alphabet)
        probability = np.full(len(characters), 1 / base)
        for length, level in enumerate(self.levels, 1):
            codes = _codes(characters, length, base)
            probability[length - 1 :] = _interpolated(level, codes, probability[length - 1 :], base)
        bits: Floats = -np.log2(probability[len(before) :])
        return bits


def _level(grams: Codes, counts: Floats, base: int) -> _Level:
    contexts, where = np.unique(grams // base, return_inverse=True)
    once, twice = float((counts == 1).sum()), float((counts == 2).sum())
    return _Level(
        grams=grams,
        counts=counts,
        contexts=contexts,
        totals=np.bincount(where, counts, len(contexts)).astype(np.float64),
        kinds=np.bincount(where, minlength=len(contexts)).astype(np.float64),
        discount=once / (once + 2 * twice) if once and twice else 0.5,
    )


def _interpolated(level: _Level, codes: Codes, shorter: Floats, base: int) -> Floats:
    count = _looked_up(level.grams, level.counts, codes)
    total = _looked_up(level.contexts, level.totals, codes // base)
    kinds = _looked_up(level.contexts, level.kinds, codes // base)
    seen = np.maximum(total, 1)
    own = np.maximum(count - level.discount, 0) / seen
    return np.where(total > 0, own + level.discount * kinds / seen * shorter, shorter)


def _looked_up(keys: Codes, values: Floats, wanted: Codes) -> Floats:
    position = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[position] == wanted, values[position], 0.0)


def _numbers(text: str, alphabet: str) -> Codes:
    """Characters as 0 to A - 1, unknown ones as A."""
    known = {character: number for number, character in enumerate(alphabet)}
    return np.fromiter((known.get(c, len(alphabet)) for c in text), np.int64, len(text))


def _codes(characters: Codes, length: int, base: int) -> Codes:
    """One number per run of `length` characters, `[N - length + 1]`."""
    codes = np.zeros(max(len(characters) - length + 1, 0), np.int64)
    for offset in range(length):
        codes = codes * base + characters[offset : len(characters) - length + 1 + offset]
    return codes
