import pytest

from experiments.austen.passages import EXPECTED, Library, compose, words_of

TRAINING = (
    "It is a truth universally acknowledged, that a single man must be in want of a wife. " * 3
)
UNSEEN = " ".join(f"The {n}th captain walked on the Cobb with Anne." for n in "abcdefghij")


def test_words():
    assert words_of('"Don\'t," said Mr. Elliot--7 _times_.') == [
        "don't",
        "said",
        "mr",
        "elliot",
        "times",
    ]


def test_what_is_measured():
    library = Library.of("one two three four five six seven eight nine ten")
    measured = library.measured("Two three four five six seven eight nine, and Uppercross.")
    assert measured["words"] == 10
    assert measured["real_words"] == pytest.approx(0.8)
    assert measured["copied"] == pytest.approx(1 / 3)  # of three runs of eight
    assert measured["repeated"] == 0
    assert library.measured("a b c a b c a")["repeated"] == pytest.approx(2 / 5)
    assert library.measured("") == {"words": 0, "real_words": 0, "copied": 0, "repeated": 0}


def test_spoilt_passages_are_spoilt_as_they_are_called():
    found = compose(UNSEEN, TRAINING, count=3, words=20, seed=0)
    assert found == compose(UNSEEN, TRAINING, count=3, words=20, seed=0)
    by_kind = {kind: [] for kind in EXPECTED}
    for text, kind in zip(found.texts, found.kinds, strict=True):
        by_kind[kind].append(text)
    library = Library.of(TRAINING)
    for real, shuffled, misspelt, looped in zip(
        *(by_kind[kind] for kind in ("real", "shuffled", "misspelt", "looped")), strict=True
    ):
        assert real in UNSEEN
        assert sorted(shuffled.split()) == sorted(real.split()) and shuffled != real
        changed = [a != b for a, b in zip(misspelt.split(), real.split(), strict=True)]
        assert changed == [place % 4 == 0 for place in range(20)]
        assert library.measured(looped)["repeated"] > 0.5
    assert all(library.measured(text)["copied"] == 1 for text in by_kind["copied"])
    assert found.expected.count("accept") == len(by_kind["real"]) == 3


def test_a_short_text_gives_fewer():
    assert len(compose(UNSEEN, TRAINING, count=50, words=45, seed=0).texts) == 4 * 2 + 1
