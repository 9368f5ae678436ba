from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.credit.economics import (
    OUTCOMES,
    Terms,
    account,
    approve_all,
    break_even,
    threshold_only,
)

TERMS = Terms(loss_given_default=0.6, margin=0.2, review_cost=5.0)
LOANS = st.lists(
    st.tuples(st.sampled_from(OUTCOMES), st.integers(0, 5000), st.booleans()), max_size=40
)
SHARES = st.floats(0.01, 1.0)


def columns(loans: list[tuple[str, int, bool]]) -> tuple[list[str], np.ndarray, np.ndarray]:
    outcomes = [loan[0] for loan in loans]
    amounts = np.array([loan[1] for loan in loans], float)
    return outcomes, amounts, np.array([loan[2] for loan in loans], bool)


def test_by_hand() -> None:
    found = account(
        "policy",
        ["approve", "approve", "refer", "refer", "reject", "reject"],
        amounts=[1000, 500, 2000, 800, 300, 700],
        defaulted=[False, True, False, True, True, False],
        terms=TERMS,
    )
    assert (found.approved, found.referred, found.rejected) == (2, 2, 2)
    assert found.margin_earned == pytest.approx(200)
    assert found.losses == pytest.approx(300)
    assert found.review_cost == 10
    assert found.result == pytest.approx(-110)
    assert found.losses_avoided == pytest.approx(180)
    assert found.margin_lost == pytest.approx(140)
    assert found.referred_defaults == 1
    assert found.referred_losses == pytest.approx(480)
    assert found.referred_margin == pytest.approx(400)


@given(LOANS, SHARES, SHARES, st.floats(0, 100))
def test_against_one_loan_at_a_time(
    loans: list[tuple[str, int, bool]], loss: float, margin: float, cost: float
) -> None:
    terms = Terms(loss_given_default=loss, margin=margin, review_cost=cost)
    result = 0.0
    for outcome, amount, bad in loans:
        if outcome == "approve":
            result += -loss * amount if bad else margin * amount
        elif outcome == "refer":
            result -= cost
    outcomes, amounts, defaulted = columns(loans)
    found = account("x", outcomes, amounts=amounts, defaulted=defaulted, terms=terms)
    assert found.result == pytest.approx(result, abs=1e-6)


@given(LOANS)
def test_what_is_saved_and_lost_explains_the_gain(loans: list[tuple[str, int, bool]]) -> None:
    outcomes, amounts, defaulted = columns(loans)
    policy = account("x", outcomes, amounts=amounts, defaulted=defaulted, terms=TERMS)
    everything = account(
        "all", approve_all(cases=len(loans)), amounts=amounts, defaulted=defaulted, terms=TERMS
    )
    rejected = policy.losses_avoided - policy.margin_lost
    referred = policy.referred_losses - policy.referred_margin - policy.review_cost
    assert policy.result - everything.result == pytest.approx(rejected + referred, abs=1e-6)
    assert policy.approved + policy.referred + policy.rejected == everything.approved == len(loans)


@given(SHARES, SHARES)
def test_at_break_even_nothing_is_won_or_lost(loss: float, margin: float) -> None:
    p = break_even(Terms(loss_given_default=loss, margin=margin, review_cost=0))
    assert 0 < p < 1
    assert (1 - p) * margin == pytest.approx(p * loss)


def test_the_threshold_approves_strictly_below_break_even() -> None:
    assert break_even(TERMS) == pytest.approx(0.25)
    outcomes = threshold_only([0, 0.2499, break_even(TERMS), 1], TERMS)
    assert outcomes.tolist() == ["approve", "approve", "reject", "reject"]


def test_no_loans() -> None:
    found = account("x", [], amounts=[], defaulted=[], terms=TERMS)
    assert found.result == 0
    assert approve_all(cases=0).shape == threshold_only([], TERMS).shape == (0,)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"loss_given_default": 1.2}, "loss_given_default must be at least 0 and at most 1"),
        ({"margin": -0.1}, "margin must be at least 0 and finite, found -0.1"),
        ({"review_cost": math.nan}, "review_cost must be at least 0 and finite, found nan"),
        ({"margin": 0.0, "loss_given_default": 0.0}, "nothing is at stake"),
    ],
)
def test_impossible_terms(change: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Terms(**{"loss_given_default": 0.6, "margin": 0.2, "review_cost": 5.0, **change})


def test_bad_loans() -> None:
    def of(outcome: str = "approve", amount: float = 1.0, defaults: int = 1) -> None:
        account("x", [outcome], amounts=[amount], defaulted=[True] * defaults, terms=TERMS)

    with pytest.raises(ValueError, match="found 1 outcomes, 1 amounts and 2 defaults"):
        of(defaults=2)
    with pytest.raises(ValueError, match="outcome 'maybe', expected one of approve, refer, reject"):
        of(outcome="maybe")
    for amount in (math.nan, math.inf, -1.0):
        with pytest.raises(ValueError, match=f"amount of loan 0 is {amount}"):
            of(amount=amount)
    for p in (math.nan, -0.1, 1.1):
        with pytest.raises(ValueError, match=f"p_default of loan 1 is {p}, expected 0 to 1"):
            threshold_only([0.5, p], TERMS)
