import json

import numpy as np

from experiments.sentiment.encoding import Encoding
from experiments.sentiment.facts import facts
from research.data.text import UNKNOWN, word_parts
from research.data.text.hashing import bucket

TEXTS = ("A good film", "a good day!", "dull")


def encoding():
    return Encoding.fit(TEXTS, at_least=2, length=3, buckets=100, parts=4)


def test_words_parts_and_what_is_not_read():
    one = encoding()
    assert one.vocabulary.words == ("a", "good")
    columns = one.columns(["a dull good film!", "", "good"])
    assert columns["read"].shape == (3, 3, 5)
    assert columns["read"][:, :, 0].tolist() == [[2, UNKNOWN, 3], [0, 0, 0], [3, 0, 0]]
    good = [bucket(part, buckets=100) for part in word_parts("good")[:4]]
    assert columns["read"][0, 2, 1:].tolist() == columns["read"][2, 0, 1:].tolist() == good
    assert (columns["read"][1] == 0).all()
    assert columns["unread"].tolist() == [2, 0, 0]
    np.testing.assert_allclose(columns["unseen"], [1 / 3, 0, 0], rtol=1e-6)
    assert columns["unseen"].dtype == np.float32
    assert one(columns) is columns["read"]
    assert one.read("a dull good film!") == ["a", "dull", "good"]


def test_it_survives_json():
    one = encoding()
    assert Encoding.from_json(json.loads(json.dumps(one.to_json()))) == one


def test_facts():
    found = facts(["You IDIOT!!", "well, 3 OK days", "", "A"])
    assert found["words"].tolist() == [2, 3, 0, 1]
    assert found["exclamations"].tolist() == [2, 0, 0, 0]
    np.testing.assert_allclose(found["shouted"], [1 / 2, 1 / 3, 0, 0], rtol=1e-6)
    assert found["insults"].tolist() == [1, 0, 0, 0]
