"""Passages to judge: real ones, and spoilt ones of which everybody knows what should happen."""

from __future__ import annotations

import collections
import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np

RUN, SHORT_RUN = 8, 3
# What should happen to passages of each kind.
EXPECTED: Mapping[str, str] = {
    "real": "accept",
    "shuffled": "reject",
    "misspelt": "reject",
    "looped": "reject",
    "copied": "reject",
}
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_MISSPELT = 4  # every fourth word


@dataclasses.dataclass(frozen=True, kw_only=True)
class Passages:
    """N passages, by kind.

    Attributes:
        texts: `[N]`.
        kinds: of each, a key of `EXPECTED`.
    """

    texts: tuple[str, ...]
    kinds: tuple[str, ...]

    @property
    def expected(self) -> list[str]:
        """What should happen to each."""
        return [EXPECTED[kind] for kind in self.kinds]


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Library:
    """What the training text has: its words, and its runs of eight words.

    Attributes:
        words: in lower case.
        runs: hashes, which hold for this process only.
    """

    words: frozenset[str]
    runs: frozenset[int]

    @classmethod
    def of(cls, text: str) -> Library:
        """Reads a text."""
        words = words_of(text)
        return cls(words=frozenset(words), runs=frozenset(map(hash, _runs(words, RUN))))

    def measured(self, text: str) -> dict[str, float]:
        """What the rules ask of a passage beside the model: see `passage.rules`."""
        words = words_of(text)
        runs, short = _runs(words, RUN), _runs(words, SHORT_RUN)
        repeats = sum(count - 1 for count in collections.Counter(short).values())
        return {
            "words": len(words),
            "real_words": _share(sum(word in self.words for word in words), len(words)),
            "copied": _share(sum(hash(run) in self.runs for run in runs), len(runs)),
            "repeated": _share(repeats, len(short)),
        }


def words_of(text: str) -> list[str]:
    """Its words in lower case, without signs."""
    return [word.lower() for word in _WORD.findall(text)]


def compose(text: str, training: str, *, count: int, words: int, seed: int) -> Passages:
    """As many passages of each kind.

    Args:
        text: that the model has not seen; real passages are cut from it, and spoilt.
        training: that it was trained on; copies are cut from it.
        count: of each kind; fewer where the text is too short for so many.
        words: in each passage, about.
        seed: of what is drawn.
    """
    random = np.random.default_rng(seed)
    real = _cut(text, words, count, random)
    made = {
        "real": real,
        "shuffled": [_shuffled(passage, random) for passage in real],
        "misspelt": [_misspelt(passage, random) for passage in real],
        "looped": [_looped(passage, words) for passage in real],
        "copied": _cut(training, words, len(real), random),
    }
    pairs = [(passage, kind) for kind, passages in made.items() for passage in passages]
    return Passages(texts=tuple(text for text, _ in pairs), kinds=tuple(kind for _, kind in pairs))


def _cut(text: str, words: int, count: int, random: np.random.Generator) -> list[str]:
    """Stretches of a text that do not overlap."""
    pieces = re.findall(r"\S+\s*", text)
    starts = np.arange(0, len(pieces) - words + 1, words)
    chosen = random.permutation(starts)[:count]
    return ["".join(pieces[start : start + words]).strip() for start in chosen]


def _shuffled(passage: str, random: np.random.Generator) -> str:
    return _words_changed(passage, lambda words: [words[i] for i in random.permutation(len(words))])


def _misspelt(passage: str, random: np.random.Generator) -> str:
    def change(words: Sequence[str]) -> list[str]:
        return [
            "".join(word[i] for i in random.permutation(len(word))) + word[:1]
            if number % _MISSPELT == 0
            else word
            for number, word in enumerate(words)
        ]

    return _words_changed(passage, change)


def _looped(passage: str, words: int) -> str:
    loop = passage.split()[: max(words // 5, SHORT_RUN)]
    return " ".join((loop * words)[:words])


def _words_changed(passage: str, change: Callable[[Sequence[str]], Sequence[str]]) -> str:
    return " ".join(change(passage.split()))


def _runs(words: Sequence[str], length: int) -> list[tuple[str, ...]]:
    return [tuple(words[at : at + length]) for at in range(len(words) - length + 1)]


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
