import re
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.arguments import ArgumentError
from research.data.text.bpe import BytePairEncoding

TEXT = "the theme of the thesis: the others bathe, the rest breathe.\n" * 3
ENCODING = BytePairEncoding.fit(TEXT, size=290)


def slowly(text, merges):
    """Sennrich's algorithm as published: count all pairs anew for every merge."""
    words = [list(word.encode()) for word in re.findall(r" ?[^\W\d_]+| ?[^\w\s]+|\s+", text)]
    made = []
    for token in range(256, 256 + merges):
        counts = Counter(pair for word in words for pair in pairwise(word))
        if not counts:
            break
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        made.append(best)
        for word in words:
            at = 0
            while at < len(word) - 1:
                if (word[at], word[at + 1]) == best:
                    word[at : at + 2] = [token]
                at += 1
    return tuple(made), [token for word in words for token in word]


@given(st.text(alphabet="ab \n.", max_size=60), st.integers(0, 20))
def test_merges_and_tokens_are_those_of_the_plain_algorithm(text, merges):
    encoding = BytePairEncoding.fit(text, size=256 + merges)
    expected, tokens = slowly(text, merges)
    assert encoding.merges == expected
    assert encoding.encode(text).tolist() == tokens


@given(st.text())
def test_nothing_is_lost(text):
    tokens = ENCODING.encode(text)
    assert tokens.dtype == np.int32
    assert ENCODING.decode(tokens.tolist()) == text
    assert b"".join(ENCODING.tokens[token] for token in tokens) == text.encode()


def test_tokens_never_cross_words():
    assert len(ENCODING) == len(ENCODING.tokens) <= 290
    for token in ENCODING.tokens[256:]:
        assert re.fullmatch(rb" ?[a-z]+| ?[.,:]+|\n+", token), token
    assert b" the" in ENCODING.tokens
    assert len(ENCODING.encode(" the the")) == 2


def test_a_text_may_have_no_more_pairs_than_so_many():
    assert len(BytePairEncoding.fit("ab", size=1000)) == 257
    assert len(BytePairEncoding.fit("", size=300)) == 256
    assert BytePairEncoding.fit("", size=300).encode("").shape == (0,)


def test_bytes_that_are_no_text():
    assert ENCODING.decode([0xC3]) == "\ufffd"
    assert ENCODING.decode([0xC3, 0xA9]) == "é"


def test_as_plain_data_and_back():
    assert BytePairEncoding.from_json(ENCODING.to_json()) == ENCODING


@pytest.mark.parametrize(
    ("merges", "message"),
    [
        (((97, 256),), r"merge 0 is \(97, 256\), expected two tokens from 0 to 255"),
        (((97, 98), (97, 98)), "the merges name a pair twice"),
        (((1, 2), (256, -1)), "merge 1"),
    ],
)
def test_merges_that_cannot_be(merges, message):
    with pytest.raises(ArgumentError, match=message):
        BytePairEncoding(merges=merges)
    with pytest.raises(ArgumentError, match="size is 255, expected 256 or more"):
        BytePairEncoding.fit("a", size=255)
