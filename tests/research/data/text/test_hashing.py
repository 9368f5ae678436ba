import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.data.text import hashed, word_parts
from research.data.text.hashing import bucket


def test_parts_of_a_word_are_those_of_the_paper():
    # Bojanowski et al. (2017), section 3.2: n = 3 of "where".
    assert word_parts("where", longest=3) == ["<wh", "whe", "her", "ere", "re>"]
    assert word_parts("a") == ["<a>"]
    assert word_parts("ab") == ["<ab", "ab>", "<ab>"]
    assert word_parts("", shortest=3) == []


def test_buckets_never_move():
    assert [bucket(word, buckets=1000) for word in ("good", "bad", "")] == [656, 67, 520]


@given(st.text(max_size=5), st.integers(2, 50))
def test_zero_is_left_to_padding(feature, buckets):
    assert 1 <= bucket(feature, buckets=buckets) < buckets


def test_features_are_cut_off_and_filled():
    table = hashed([["a", "b", "a"], [], ["b"]], buckets=1000, width=2)
    a, b = (bucket(name, buckets=1000) for name in "ab")
    assert table.dtype == np.int32
    assert table.tolist() == [[a, b], [0, 0], [b, 0]]


def test_too_few_buckets():
    with pytest.raises(ValueError, match="buckets is 1, expected 2 or more"):
        hashed([["a"]], buckets=1, width=2)
