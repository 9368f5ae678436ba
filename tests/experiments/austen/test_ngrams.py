import math
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.austen import baselines
from experiments.austen.ngrams import CharacterNgrams

TEXT = "the cat sat on the mat. the rat sat on the cat, and the bat spat. " * 2


def by_hand(training, order):
    """Interpolated Kneser-Ney with dictionaries, as Chen and Goodman write it down."""
    grams = [Counter(training[i : i + order] for i in range(len(training) - order + 1))]
    while len(grams) < order:
        grams.append(Counter(gram[1:] for gram in grams[-1]))  # each kind of context once
    levels = []
    for counts in reversed(grams):
        once, twice = (sum(c == n for c in counts.values()) for n in (1, 2))
        contexts = defaultdict(Counter)
        for gram, count in counts.items():
            contexts[gram[:-1]][gram[-1]] += count
        discount = once / (once + 2 * twice) if once and twice else 0.5
        levels.append((contexts, discount))
    base = len(set(training)) + 1

    def probability(context, character):
        p = 1 / base
        for length, (contexts, discount) in enumerate(levels):
            if length > len(context):
                break
            counts = contexts.get(context[len(context) - length :])
            if not counts:
                continue
            total = sum(counts.values())
            own = max(counts[character] - discount, 0) / total
            p = own + discount * len(counts) / total * p
        return p

    return probability


@pytest.mark.parametrize("order", [1, 2, 3, 5])
@pytest.mark.parametrize("text", ["the cat spat on a rat", "zebra!", "t"])
def test_bits_are_those_of_the_formula(order, text):
    probability = by_hand(TEXT, order)
    expected = [
        -math.log2(probability(text[max(0, at - order + 1) : at], text[at]))
        for at in range(len(text))
    ]
    np.testing.assert_allclose(CharacterNgrams.fit(TEXT, order=order).bits(text), expected)


def test_probabilities_add_up_to_one():
    model = CharacterNgrams.fit(TEXT, order=4)
    for context in ("the", " sa", "xyz", "ca"):
        everything = [*model.alphabet, "\0"]
        bits = [model.bits(character, before=context)[0] for character in everything]
        assert sum(2**-b for b in bits) == pytest.approx(1)


@settings(max_examples=20)
@given(st.text(alphabet="abc ", min_size=1, max_size=30))
def test_context_counts(text):
    model = CharacterNgrams.fit(TEXT, order=3)
    np.testing.assert_allclose(model.bits("ab" + text)[2:], model.bits(text, before="ab"))


def test_longer_orders_help_where_there_is_something_to_learn():
    records = baselines.measured(TEXT * 5, TEXT[:40], "the cat sat on the bat. ", orders=(1, 4))
    names = [record["name"] for record in records]
    assert names[0].startswith("1-grams") and names[-1].startswith("gzip")
    one, four, *compressors = (record["bits"] for record in records)
    assert four < one < 8 and records[1]["validation"] < records[0]["validation"]
    assert len(compressors) == 3 and records[-1]["validation"] is None


@pytest.mark.parametrize(("text", "order"), [("abc", 0), ("abc", 4), (TEXT, 20)])
def test_orders_that_cannot_be(text, order):
    with pytest.raises(ValueError, match=f"order is {order}, for a text of {len(text)} characters"):
        CharacterNgrams.fit(text, order=order)
