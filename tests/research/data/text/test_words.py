import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.data.text import words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("A GOOD film.", ["a", "good", "film", "."]),
        ("don't, can't; n't", ["do", "n't", ",", "ca", "n't", ";", "n't"]),
        ("the dog's bone", ["the", "dog", "'s", "bone"]),
        ("sooooo goooood!!!", ["soo", "good", "!", "!", "!"]),
        ("see http://a.b/c?d and www.e.f", ["see", "<url>", "and", "<url>"]),
        ("@anna_1 hi @ home", ["<user>", "hi", "@", "home"]),
        ("3.5 of 10,000 at 12:30", ["<number>", "of", "<number>", "at", "<number>"]),
        ("LOL :) :-( ;D <3 xd", ["lol", ":)", ":-(", ";d", "<3", "xd"]),
        ("Tom &amp; Ann&#39;s", ["tom", "&", "ann", "'s"]),
        ("''quoted'' \u201cso\u201d it\u2019s", ['"', "quoted", '"', '"', "so", '"', "it", "'s"]),
        ("na\u00efve caf\u00e9", ["na\u00efve", "caf\u00e9"]),
    ],
)
def test_what_a_text_is_split_into(text, expected):
    assert words(text) == expected


@given(st.text(max_size=60))
def test_words_are_in_lower_case_and_without_space(text):
    for word in words(text):
        assert word
        assert not any(letter.isspace() for letter in word)
        assert word == word.lower()


@given(st.lists(st.sampled_from(["good", "n't", "!", ":)", "<url>", "soo"]), max_size=8))
def test_capitals_and_space_do_not_matter(parts):
    text = " ".join(part for part in parts if not part.startswith("<"))
    spaced = "  ".join(part for part in parts if not part.startswith("<"))
    assert words(text.upper()) == words(spaced)
