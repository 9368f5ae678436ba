"""Figures by group against tables made by hand."""

import numpy as np
import pytest

from research.arguments import ArgumentError
from research.inference.fairness import gaps, group_figures
from research.inference.rates import Rate

# group a: 4 people, 2 positive; b: 5 people, 1 positive; c: nobody; one of no group
GROUPS = np.array([0, 0, 0, 0, 1, 1, 1, 1, 1, -1])
LABELS = np.array([1, 1, 0, 0, 1, 0, 0, 0, 0, 1])
SELECTED = np.array([1, 0, 1, 0, 1, 0, 0, 0, 0, 1], bool)
SCORES = np.array([0.9, 0.4, 0.6, 0.1, 0.8, 0.1, 0.1, 0.2, 0.3, 0.5])
NAMES = ("a", "b", "c")


def test_the_table_by_hand():
    first, second = group_figures(GROUPS, LABELS, SELECTED, names=NAMES, probabilities=SCORES)
    assert (first.group, second.group) == ("a", "b")
    assert first.positives == first.selected == Rate(events=2, cases=4)
    assert first.found == first.suspected == Rate(events=1, cases=2)
    assert second.positives == second.selected == Rate(events=1, cases=5)
    assert second.found == Rate(events=1, cases=1)
    assert second.suspected == Rate(events=0, cases=4)
    assert first.predicted == pytest.approx(0.5)
    assert second.predicted == pytest.approx(0.3)
    assert first.calibration_gap == pytest.approx(0)
    assert second.calibration_gap == pytest.approx(0.1)
    found = gaps((first, second))
    assert found.demographic_parity == pytest.approx(0.3)
    assert found.equal_opportunity == pytest.approx(0.5)
    assert found.equalised_odds == pytest.approx(0.5)


def test_equalised_odds_sees_false_positives_too():
    labels, selected = np.array([1, 0, 1, 0]), np.array([1, 1, 1, 0], bool)
    found = gaps(group_figures([0, 0, 1, 1], labels, selected, names=("a", "b")))
    assert found.equal_opportunity == 0
    assert found.equalised_odds == 1


def test_a_gap_within_the_interval_is_chance():
    groups, selected = np.zeros(1000, int), np.zeros(1000, bool)
    labels = (np.arange(1000) < 200).astype(int)
    for predicted, expected in ((0.21, 0.0), (0.30, 0.10), (0.05, 0.15)):
        (group,) = group_figures(
            groups, labels, selected, names=("a",), probabilities=np.full(1000, predicted)
        )
        assert group.miscalibrated == pytest.approx(expected, abs=1e-9)


def test_without_probabilities_or_positives():
    (group,) = group_figures([0, 0], [0, 0], np.array([True, False]), names=("a",))
    assert np.isnan(group.calibration_gap)
    assert group.miscalibrated == 0
    assert group.found.cases == 0
    found = gaps((group,))
    assert (found.equal_opportunity, found.demographic_parity) == (0, 0)
    assert gaps(()).equalised_odds == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"groups": GROUPS[:3]}, "expected \\[N\\] each"),
        ({"groups": GROUPS + 2}, "expected integers below 3"),
        ({"groups": GROUPS * 1.0}, "groups are float64"),
        ({"labels": LABELS + 1}, "labels must be 0 or 1"),
        ({"selected": SELECTED.astype(int)}, "selected is int64, expected bool"),
        ({"probabilities": SCORES[:2]}, "found probabilities \\(2,\\)"),
    ],
)
def test_what_does_not_fit(change, message):
    arguments = {"groups": GROUPS, "labels": LABELS, "selected": SELECTED} | change
    probabilities = arguments.pop("probabilities", None)
    with pytest.raises(ArgumentError, match=message):
        group_figures(*arguments.values(), names=NAMES, probabilities=probabilities)
