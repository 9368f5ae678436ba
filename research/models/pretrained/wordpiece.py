"""WordPiece: the tokens of BERT and what came from it.

Wu et al., "Google's Neural Machine Translation System" (2016); text is cleaned and cut into
words as BERT's uncased models do it (Devlin et al., 2019).
"""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from research.arguments import require

_LONGEST_WORD = 100  # characters; a longer one is unknown
_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
# Not Cn: what is unassigned today is tomorrow's emoji.
_CONTROL = ("Cc", "Cf", "Co", "Cs")
# Chinese, Japanese and Korean characters without spaces between: each is a word.
_IDEOGRAPHS = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)


class Encoded(NamedTuple):
    """Texts as tokens.

    Attributes:
        tokens: int32 `[N, T]`, padded at the end with the id of `[PAD]`.
        lengths: int32 `[N]`.
    """

    tokens: np.ndarray
    lengths: np.ndarray


@dataclasses.dataclass(frozen=True, kw_only=True)
class WordPiece:
    """A vocabulary of words and pieces of words.

    Attributes:
        vocabulary: ids by token; pieces that continue a word begin with `##`. Has `[PAD]`,
            `[UNK]`, `[CLS]` and `[SEP]`, which text never becomes, whatever it says.

    Raises:
        ArgumentError: when one of these four is missing.
    """

    vocabulary: Mapping[str, int] = dataclasses.field(repr=False)

    def __post_init__(self) -> None:
        missing = [token for token in _SPECIAL if token not in self.vocabulary]
        require(not missing, f"the vocabulary lacks {', '.join(missing)}")

    @classmethod
    def read(cls, path: Path | str) -> WordPiece:
        """A vocabulary file: one token a line, whose id is the line's number from 0.

        Raises:
            ArgumentError: when a token is there twice, or a special one isn't.
        """
        lines = Path(path).read_text(encoding="utf-8").removesuffix("\n").split("\n")
        vocabulary = {token: index for index, token in enumerate(lines)}
        require(
            len(vocabulary) == len(lines),
            f"{path} has {len(lines)} lines and {len(vocabulary)} different tokens, expected "
            "every token once",
        )
        return cls(vocabulary=vocabulary)

    @property
    def padding(self) -> int:
        """The id of `[PAD]`."""
        return self.vocabulary["[PAD]"]

    def ids(self, text: str) -> list[int]:
        """The ids of a text's pieces, without `[CLS]` and `[SEP]`."""
        return [piece for word in words(text) for piece in self._pieces(word)]

    def encode(self, texts: Sequence[str], *, length: int | None = None) -> Encoded:
        """Texts as rows of ids, `[CLS]` first and `[SEP]` last.

        Args:
            texts: N of them.
            length: the most tokens of a row, 2 or more: the rest of a longer text is
                dropped, `[SEP]` stays. None: no limit.

        Raises:
            ArgumentError: when the length is below 2.
        """
        require(length is None or length >= 2, f"length is {length}, expected 2 or more")
        kept = None if length is None else length - 2
        begin, end = self.vocabulary["[CLS]"], self.vocabulary["[SEP]"]
        rows = [[begin, *self.ids(text)[:kept], end] for text in texts]
        lengths = np.array([len(row) for row in rows], np.int32)
        tokens = np.full((len(rows), lengths.max(initial=0)), self.padding, np.int32)
        for row, target in zip(rows, tokens, strict=True):
            target[: len(row)] = row
        return Encoded(tokens, lengths)

    def _pieces(self, word: str) -> list[int]:
        """The longest piece that fits from the left, again and again."""
        unknown = [self.vocabulary["[UNK]"]]
        if len(word) > _LONGEST_WORD:
            return unknown
        pieces: list[int] = []
        first = 0
        while first < len(word):
            prefix = "##" if first else ""
            ends = range(len(word), first, -1)
            last = next((end for end in ends if prefix + word[first:end] in self.vocabulary), None)
            if last is None:
                return unknown
            pieces.append(self.vocabulary[prefix + word[first:last]])
            first = last
        return pieces


def words(text: str) -> list[str]:
    """A text's words in lower case, without accents; every punctuation mark is one."""
    return "".join(_spaced(_plain(text))).split()


def _plain(text: str) -> str:
    spaced = "".join(f" {c} " if _is_ideograph(c) else c for c in _cleaned(text))
    marked = unicodedata.normalize("NFD", spaced)
    unmarked = (c for c in marked if unicodedata.category(c) != "Mn")
    # One by one: a sigma at a word's end is a sigma like others.
    return "".join(c.lower() for c in unmarked)


def _cleaned(text: str) -> Iterable[str]:
    for c in text:
        if c in "\t\n\r":
            yield " "
        elif c != "\ufffd" and unicodedata.category(c) not in _CONTROL:
            yield c


def _spaced(text: str) -> Iterable[str]:
    for c in text:
        yield f" {c} " if _is_punctuation(c) else " " if c.isspace() else c


def _is_ideograph(c: str) -> bool:
    return any(first <= ord(c) <= last for first, last in _IDEOGRAPHS)


def _is_punctuation(c: str) -> bool:
    # ASCII's symbols such as $ and ^ count too.
    return (c.isascii() and c.isprintable() and not c.isalnum() and c != " ") or (
        unicodedata.category(c)[0] == "P"
    )
