import math

import numpy as np
import pytest

from research.arguments import ArgumentError
from research.inference.likelihood import bits_per_character, text_nats


def seen(read):
    """Nats that tell what was asked for, and after how many tokens: token + places / 1000."""
    return read[:, 1:] + np.arange(1, read.shape[1]) / 1000


@pytest.mark.parametrize("count", [2, 5, 6, 7, 8, 9, 30, 300])
@pytest.mark.parametrize(("length", "context"), [(5, 0), (5, 3), (5, 4), (1, 0)])
def test_each_token_is_asked_for_once_with_its_context(count, length, context):
    found = text_nats(seen, np.arange(count), length=length, context=context)
    asked, after = np.divmod(found, 1)
    assert asked.tolist() == list(range(1, count))
    read = np.round(after * 1000)
    assert (read >= np.minimum(np.arange(1, count), context + 1)).all()
    assert (read <= length).all()


def test_bits_belong_to_characters_whatever_the_tokens_are():
    assert bits_per_character([math.log(2)] * 6, 3) == pytest.approx(2)
    with pytest.raises(ArgumentError, match="the text has 0 characters"):
        bits_per_character([], 0)


def test_lengths_that_cannot_be():
    with pytest.raises(ArgumentError, match="context is 5, expected 0 to 4"):
        text_nats(seen, np.arange(9), length=5, context=5)
    with pytest.raises(ArgumentError, match="the text has 1 tokens, expected 2 or more"):
        text_nats(seen, np.arange(1), length=5, context=0)
