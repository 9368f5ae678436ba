import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.austen.automaton import TokenAutomaton
from research.data.text.bpe import BytePairEncoding

WORDS = ("Darcy", "dash", "ash", "Ashe")
ENCODING = BytePairEncoding.fit("Mr. Darcy dashed. Ashen dash, ash darcy's Ash\n" * 3, size=290)
AUTOMATON = TokenAutomaton.of(WORDS, ENCODING.tokens)


def completed(text):
    """Places after which a beginning of a word is complete, by the tokens of a text."""
    state, found, at = AUTOMATON.start, [], 0
    for token in ENCODING.encode(text):
        at += len(ENCODING.tokens[token])
        if AUTOMATON.found[state, token]:
            found.append(at)
        state = AUTOMATON.following[state, token]
    return found


@given(
    st.lists(
        st.sampled_from(
            ["Darcy", "darcy", "dash", "Ash", "med", "ed", " ", ".", "da", "é", "'s", "e"]
        )
    ).map("".join)
)
def test_words_are_found_where_a_regular_expression_finds_them(text):
    starts = {
        match.end(1)
        for word in WORDS
        for match in re.finditer(rf"(?<![a-zA-Z])(?=({word}))", text, re.IGNORECASE)
    }
    ends = {len(text[:end].encode()) for end in starts}
    found = completed(text)
    assert len(found) <= len(ends)
    before = 0
    for place in found:  # each token that is found completes one of them
        assert any(before < end <= place for end in ends)
        before = place
    boundaries = np.cumsum([len(ENCODING.tokens[t]) for t in ENCODING.encode(text)])
    for end in ends:  # and each of them is completed within a token that is found
        assert min(boundaries[boundaries >= end]) in found


def test_without_words_nothing_is_found():
    assert not TokenAutomaton.of((), ENCODING.tokens).found.any()


@pytest.mark.parametrize("word", ["", "two words", "é"])
def test_what_is_no_word(word):
    with pytest.raises(ValueError, match="expected letters a to z"):
        TokenAutomaton.of((word,), ENCODING.tokens)
