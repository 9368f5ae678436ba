"""What each token of the vocabulary is, for rules to speak of: computed once from its bytes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

STOPS = b".!?"
QUOTES = ("none", "opening", "closing", "either")
NONE, OPENING, CLOSING, EITHER = range(4)
# What stands before a quotation mark tells which it is; after a dash it may be either.
_BEFORE_OPENING, _BEFORE_EITHER = b" \n([", b"-"

Bools = NDArray[np.bool_]
Ints = NDArray[np.int32]


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Candidates:
    """Features of V tokens, arrays `[V]`.

    Attributes:
        digits: has a digit.
        foreign: has a byte that is no ASCII.
        breaks: has a line break.
        stops: has one of . ! ? in it.
        signs: has no letter, digit or white space but a sign.
        letters: number of letters.
        joins: begins with a letter: goes on with a word, if there is one.
        ends_in_letter: its last byte is a letter.
        ended: the text after it has a finished sentence: its last byte but for quotation
            marks and brackets is a stop or a line break.
        only_quotes: has only quotation marks and brackets: `ended` stays what it was.
        marks: number of quotation marks.
        quote: of its quotation mark, as `QUOTES`; `EITHER` too where what is before the
            token tells.
        quote_first: its first byte is a quotation mark.
        last: its last byte.
    """

    digits: Bools
    foreign: Bools
    breaks: Bools
    stops: Bools
    signs: Bools
    letters: Ints
    joins: Bools
    ends_in_letter: Bools
    ended: Bools
    only_quotes: Bools
    marks: Ints
    quote: Ints
    quote_first: Bools
    last: Ints

    @classmethod
    def of(cls, tokens: Sequence[bytes]) -> Candidates:
        """The features of tokens, none of them empty."""
        features: dict[str, Any] = {
            name: np.array([test(t) for t in tokens], bool) for name, test in _TESTS.items()
        }
        features |= {
            name: np.array([of(t) for t in tokens], np.int32) for name, of in _COUNTS.items()
        }
        return cls(**features)


def style(before: int) -> int:
    """Which quotation mark follows this byte."""
    if before in _BEFORE_OPENING:
        return OPENING
    return EITHER if before in _BEFORE_EITHER else CLOSING


def _quote(token: bytes) -> int:
    place = token.find(b'"')
    if place < 0:
        return NONE
    return EITHER if place == 0 else style(token[place - 1])


def _letter(byte: int) -> bool:
    return bytes([byte]).isalpha()


def _digit(byte: int) -> bool:
    return bytes([byte]).isdigit()


def _is_sign(token: bytes) -> bool:
    bare = token.strip()
    return bool(bare) and not any(_letter(b) or _digit(b) or b > 127 for b in bare)


def _ended(token: bytes) -> bool:
    bare = token.rstrip(b"\"')")
    return bool(bare) and (bare[-1] in STOPS or bare[-1] == ord("\n"))


_TESTS: Mapping[str, Callable[[bytes], bool]] = {
    "digits": lambda token: any(_digit(byte) for byte in token),
    "foreign": lambda token: not token.isascii(),
    "breaks": lambda token: b"\n" in token,
    "stops": lambda token: any(byte in STOPS for byte in token),
    "signs": _is_sign,
    "joins": lambda token: _letter(token[0]),
    "ends_in_letter": lambda token: _letter(token[-1]),
    "ended": _ended,
    "only_quotes": lambda token: not token.strip(b"\"')"),
    "quote_first": lambda token: token[:1] == b'"',
}
_COUNTS: Mapping[str, Callable[[bytes], int]] = {
    "letters": lambda token: sum(_letter(byte) for byte in token),
    "marks": lambda token: token.count(b'"'),
    "quote": _quote,
    "last": lambda token: token[-1],
}
