import json

import numpy as np
import pytest

from research.data.text import PADDING, UNKNOWN, Vocabulary

TEXTS = [["a", "film", "a", "joy"], ["a", "film"], ["dull"]]


def test_the_most_frequent_words_come_first_and_ties_by_alphabet():
    vocabulary = Vocabulary.fit(TEXTS)
    assert vocabulary.words == ("a", "film", "dull", "joy")
    assert len(vocabulary) == 6
    assert "joy" in vocabulary
    assert "fun" not in vocabulary
    assert Vocabulary.fit(TEXTS, at_least=2).words == ("a", "film")
    assert Vocabulary.fit(TEXTS, size=5).words == ("a", "film", "dull")
    assert Vocabulary.fit([]).words == ()


def test_texts_become_numbers_cut_off_and_filled():
    vocabulary = Vocabulary.fit(TEXTS, at_least=2)
    numbers = vocabulary.encode([["film", "fun", "a", "a"], ["a"], []], length=3)
    assert numbers.dtype == np.int32
    assert numbers.tolist() == [[3, UNKNOWN, 2], [2, PADDING, PADDING], [PADDING] * 3]


def test_it_survives_json():
    vocabulary = Vocabulary.fit(TEXTS)
    assert Vocabulary.from_json(json.loads(json.dumps(vocabulary.to_json()))) == vocabulary


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Vocabulary(words=("a", "a")), "names a word twice"),
        (lambda: Vocabulary.fit(TEXTS, at_least=0), "at_least is 0, expected 1 or more"),
        (lambda: Vocabulary.fit(TEXTS, size=1), "size is 1, expected 2 or more"),
    ],
)
def test_what_cannot_be_used(make, message):
    with pytest.raises(ValueError, match=message):
        make()
