"""Thresholds for an error budget, against a plain search and simulated data."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from research.arguments import ArgumentError
from research.inference import risk_coverage, threshold_for

CASES = st.lists(
    st.tuples(st.sampled_from([0.1, 0.5, 0.5000001, 0.9, 1.0]), st.booleans()), min_size=1
)


@given(CASES)
def test_each_point_is_what_counting_finds(cases):
    confidence, wrong = (np.array(column) for column in zip(*cases, strict=True))
    curve = risk_coverage(confidence, wrong)
    assert curve.thresholds.tolist() == sorted(set(confidence.tolist()), reverse=True)
    for threshold, coverage, risk in zip(curve.thresholds, curve.coverage, curve.risk, strict=True):
        decided = confidence >= threshold
        assert coverage == pytest.approx(decided.mean())
        assert risk == pytest.approx(wrong[decided].mean())
    assert curve.coverage[-1] == 1


def test_the_area_is_the_mean_risk_over_coverages():
    # Surest first: right, right, wrong, right.
    curve = risk_coverage([0.9, 0.8, 0.7, 0.6], [False, False, True, False])
    assert curve.area == pytest.approx((0 + 0 + 1 / 3 + 1 / 4) / 4)


@given(CASES, st.sampled_from([0.05, 0.2, 0.6]))
def test_a_threshold_keeps_to_the_budget(cases, budget):
    confidence, wrong = (np.array(column) for column in zip(*cases, strict=True))
    found = threshold_for(confidence, wrong, budget=budget)
    decided = confidence >= found.value
    assert found.coverage == pytest.approx(decided.mean())
    assert found.risk <= found.bound <= budget
    if found.value <= 1:
        assert found.risk == pytest.approx(wrong[decided].mean())
        # The bound is no smaller than the exact one without a correction for the search.
        exact = binomtest(int(wrong[decided].sum()), int(decided.sum()), alternative="less")
        assert found.bound >= exact.proportion_ci(0.95).high - 1e-9
    else:
        assert not decided.any()


def test_of_few_cases_nothing_can_be_promised():
    assert threshold_for(np.ones(100), np.zeros(100, bool), budget=0.001).value > 1
    sure = threshold_for(np.ones(10_000), np.zeros(10_000, bool), budget=0.001)
    assert (sure.value, sure.coverage, sure.risk) == (1, 1, 0)


def test_it_holds_on_other_cases_as_often_as_it_says():
    random = np.random.default_rng(0)

    def drawn(count):
        confidence = random.uniform(size=count)
        return confidence, random.uniform(size=count) > 0.5 + confidence / 2

    broken = 0
    for _ in range(200):
        found = threshold_for(*drawn(1000), budget=0.15, certainty=0.9)
        # The risk above a threshold t of such cases is (1 - t) / 4.
        broken += (1 - found.value) / 4 > 0.15
    assert broken <= 20 + 3 * np.sqrt(200 * 0.1 * 0.9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"budget": 0}, "the error budget is 0, expected a share between 0 and 1"),
        ({"certainty": 1}, "certainty is 1, expected between 0 and 1"),
        ({"wrong": [True]}, r"found confidences \(2,\) and wrong \(1,\), expected \[N\] both"),
        ({"confidence": [0.5, np.nan]}, "confidence holds NaN: did training diverge"),
    ],
)
def test_what_is_refused(change, message):
    arguments = {"confidence": [0.5, 0.9], "wrong": [True, False], "budget": 0.1}
    with pytest.raises(ArgumentError, match=message):
        threshold_for(**arguments | change)
