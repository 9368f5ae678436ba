import numpy as np
import pytest

from research.arguments import ArgumentError
from research.data.text.windows import windows


def test_with_a_stride_of_the_length_each_token_is_asked_for_once():
    found = windows(np.arange(14), length=4, stride=4)
    assert found.tolist() == [[0, 1, 2, 3, 4], [4, 5, 6, 7, 8], [8, 9, 10, 11, 12]]
    assert found.dtype == np.int32 and found.flags.c_contiguous


def test_windows_may_overlap():
    assert windows(np.arange(7), length=3, stride=2).tolist() == [[0, 1, 2, 3], [2, 3, 4, 5]]


@pytest.mark.parametrize(
    ("count", "length", "stride", "message"),
    [
        (5, 5, 1, "the text has 5 tokens, a window needs 6: take a shorter length"),
        (5, 0, 1, "length is 0"),
        (5, 2, 0, "stride is 0"),
    ],
)
def test_what_cannot_be_cut(count, length, stride, message):
    with pytest.raises(ArgumentError, match=message):
        windows(np.arange(count), length=length, stride=stride)
