from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.inference.rates import Z_95, Rate, wilson_interval

COUNTS = st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_published_example() -> None:
    # Newcombe (1998), Statistics in Medicine 17, table I, method 3.
    expected = {(81, 263): (0.2553, 0.3662), (15, 148): (0.0624, 0.1605), (0, 20): (0.0, 0.1611)}
    for (events, cases), interval in expected.items():
        assert wilson_interval(events, cases) == pytest.approx(interval, abs=6e-5)


@given(COUNTS)
def test_bounds_are_where_the_score_test_just_rejects(counts: tuple[int, int]) -> None:
    events, cases = counts
    low, high = wilson_interval(events, cases)
    share = events / cases
    assert 0 <= low <= share <= high <= 1
    for bound in {low, high} - {0.0, 1.0}:
        score = abs(share - bound) / math.sqrt(bound * (1 - bound) / cases)
        assert score == pytest.approx(Z_95, rel=1e-6)


@given(COUNTS)
def test_non_events_mirror_events(counts: tuple[int, int]) -> None:
    events, cases = counts
    low, high = wilson_interval(events, cases)
    assert wilson_interval(cases - events, cases) == pytest.approx((1 - high, 1 - low))


def test_no_cases_say_nothing() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)
    assert math.isnan(Rate(events=0, cases=0).share)


@pytest.mark.parametrize(("events", "cases"), [(-1, 3), (4, 3)])
def test_impossible_counts(events: int, cases: int) -> None:
    with pytest.raises(ValueError, match=f"found {events} events in {cases} cases"):
        Rate(events=events, cases=cases)


def test_rate() -> None:
    rate = Rate(events=81, cases=263)
    assert rate.share == 81 / 263
    assert rate.interval == wilson_interval(81, 263)
