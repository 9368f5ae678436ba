from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from experiments.report.outcome_figures import Balance, balance_bars, event_rates, outcome_bars
from experiments.report.tones import Tone
from research.inference.rates import Rate

TONES = {"approve": Tone.GOOD, "refer": Tone.WARN, "reject": Tone.BAD}


def label(svg: str) -> str:
    return ET.fromstring(svg).get("aria-label") or ""


def texts(svg: str) -> list[str]:
    return ["".join(node.itertext()) for node in ET.fromstring(svg).iter("text")]


def test_outcomes_are_told_by_sign_and_name_and_number() -> None:
    svg = outcome_bars({"approve": 1500, "refer": 0, "reject": 500}, TONES)
    assert (
        label(svg) == "Cases by outcome: approve 1,500 (75.0%), refer 0 (0.0%), reject 500 (25.0%)."
    )
    assert {"✓ approve", "? refer", "✕ reject", "1,500  (75%)", "0  (0%)"} <= set(texts(svg))


def test_no_cases_at_all() -> None:
    assert "approve 0 (0.0%)" in label(outcome_bars(dict.fromkeys(TONES, 0), TONES))


def test_rates_with_and_without_cases() -> None:
    rates = {
        "approve": Rate(events=1, cases=20),
        "refer": Rate(events=0, cases=0),
        "reject": Rate(events=8, cases=8),
    }
    svg = event_rates(rates, Rate(events=9, cases=28), TONES, event="default", among="all loans")
    assert label(svg) == (
        "Rate of default by outcome: approve 5.0%, refer –, reject 100.0%; "  # noqa: RUF001
        "all loans 32.1%."
    )
    assert {"5.0%", "100.0%", "all loans 32.1%"} <= set(texts(svg))
    assert "120%" not in texts(svg)


@pytest.mark.parametrize("events", [0, 1])
def test_rates_of_one_case(events: int) -> None:
    rate = Rate(events=events, cases=1)
    svg = event_rates({"approve": rate}, rate, TONES, event="default")
    assert f"approve {events:.1%}" in label(svg)


def test_balance() -> None:
    everything = Balance(name="all <", earned=10, lost=25, spent=0)
    policy = Balance(name="policy", earned=8, lost=2, spent=1.5)
    assert (everything.result, policy.result) == (-15, 4.5)
    svg = balance_bars([everything, policy], unit="thousands")
    assert label(svg) == "Result in thousands: all < \N{MINUS SIGN}15.0, policy +4.5."
    assert {"earned", "lost", "reviews", "result", "+4.5", "policy"} <= set(texts(svg))
