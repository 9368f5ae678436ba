from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.report import confusion_matrix

PAIRS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=40)


@given(PAIRS)
def test_every_pair_is_counted_once(pairs: list[tuple[int, int]]) -> None:
    actual, predicted = ([p[i] for p in pairs] for i in (0, 1))
    found = confusion_matrix(
        np.array(actual, int), np.array(predicted, int), classes=["a", "<b>", "c"], caption="x"
    )
    right = [int(n) for n in re.findall(r'class="right"[^>]*>(\d+)<', found)]
    wrong = [int(n) for n in re.findall(r'class="wrong"[^>]*>(\d+)<', found)]
    assert sum(right) == sum(a == p for a, p in pairs)
    assert sum(right) + sum(wrong) == len(pairs)
    assert "<b>" not in found


def test_rows_are_actual() -> None:
    found = confusion_matrix([0], [1], classes=["a", "b"], caption="x")
    first, second = re.findall(r"<tr>(.*?)</tr>", found)[1:]
    assert 'class="wrong"' in first
    assert 'class="wrong"' not in second


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="one prediction per example, found 1 for 2"):
        confusion_matrix([0, 1], [0], classes=["a", "b"], caption="x")
    with pytest.raises(ValueError, match="found the class 2, expected 0 to 1"):
        confusion_matrix([0], [2], classes=["a", "b"], caption="x")
    with pytest.raises(ValueError, match="found the class -1"):
        confusion_matrix([-1], [0], classes=["a", "b"], caption="x")
