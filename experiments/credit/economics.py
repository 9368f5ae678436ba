"""What a way to decide loans earns and costs, on loans whose end is known.

Every loan is granted, rejected, or referred to a person. With amount `a`, a granted loan
that is repaid earns `margin * a`, one that defaults loses `loss_given_default * a`, a
rejected one neither. A referred one costs `review_cost`, and nothing more is counted:
what the person would decide is not known and not assumed. What is at stake in the
referred loans is kept apart. Time, funding and collection costs are left out.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["OUTCOMES", "Account", "Terms", "account", "approve_all", "break_even", "threshold_only"]

OUTCOMES = ("approve", "refer", "reject")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Terms:
    """The economics of a loan.

    Attributes:
        loss_given_default: share of the amount lost when the loan defaults, 0 to 1.
        margin: share of the amount earned when it is repaid, not negative.
        review_cost: of one manual review, in the unit of the amounts, not negative.

    Raises:
        ValueError: a number is outside these bounds, or nothing is ever won or lost.
    """

    loss_given_default: float
    margin: float
    review_cost: float

    def __post_init__(self) -> None:
        for name, highest in (
            ("loss_given_default", 1.0),
            ("margin", math.inf),
            ("review_cost", math.inf),
        ):
            value = getattr(self, name)
            if not (math.isfinite(value) and 0 <= value <= highest):
                bound = "at most 1" if highest == 1 else "finite"
                raise ValueError(f"{name} must be at least 0 and {bound}, found {value}")
        if self.loss_given_default + self.margin == 0:
            raise ValueError("loss_given_default and margin are both 0: nothing is at stake")


def break_even(terms: Terms) -> float:
    """The probability of default at which granting earns as much as it loses.

    From `(1 - p) * margin = p * loss_given_default`.
    """
    return terms.margin / (terms.margin + terms.loss_given_default)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Account:
    """What came of one way to decide; money in the unit of the amounts.

    Attributes:
        name: of the way to decide.
        approved: how many loans were granted.
        referred: how many were sent to a person.
        rejected: how many were refused.
        margin_earned: on granted loans that were repaid.
        losses: on granted loans that defaulted.
        review_cost: of all referred loans.
        losses_avoided: on rejected loans that defaulted.
        margin_lost: on rejected loans that were repaid.
        referred_defaults: how many referred loans defaulted.
        referred_losses: what they would have lost if granted; not in the result.
        referred_margin: what the other referred loans would have earned; not in the result.
    """

    name: str
    approved: int
    referred: int
    rejected: int
    margin_earned: float
    losses: float
    review_cost: float
    losses_avoided: float
    margin_lost: float
    referred_defaults: int
    referred_losses: float
    referred_margin: float

    @property
    def result(self) -> float:
        """Margin earned, less losses, less the cost of reviews."""
        return self.margin_earned - self.losses - self.review_cost


def account(
    name: str,
    outcomes: Sequence[str] | NDArray[np.str_],
    *,
    amounts: ArrayLike,
    defaulted: ArrayLike,
    terms: Terms,
) -> Account:
    """Adds up what decisions led to.

    Args:
        name: of the way to decide.
        outcomes: `approve`, `refer` or `reject` per loan, `[N]`.
        amounts: of the loans, `[N]`.
        defaulted: whether each defaulted, `[N]`.
        terms: the economics.

    Raises:
        ValueError: unequal lengths, another outcome, or an amount that is negative or
            not finite.
    """
    decided = np.asarray(outcomes, np.str_)
    money, bad = np.asarray(amounts, np.float64), np.asarray(defaulted, np.bool_)
    if not decided.shape == money.shape == bad.shape:
        raise ValueError(
            "expected one outcome, amount and default per loan, found "
            f"{decided.size} outcomes, {money.size} amounts and {bad.size} defaults"
        )
    others = sorted(set(decided.tolist()) - set(OUTCOMES))
    if others:
        raise ValueError(
            f"found the outcome {others[0]!r}, expected one of {', '.join(OUTCOMES)}: "
            "the economics know no other"
        )
    wrong = np.flatnonzero(~(np.isfinite(money) & (money >= 0)))
    if wrong.size:
        raise ValueError(
            f"the amount of loan {wrong[0]} is {money[wrong[0]]}, expected a number of at least 0"
        )

    def total(outcome: str, *, defaults: bool) -> float:
        share = terms.loss_given_default if defaults else terms.margin
        return share * float(money[(decided == outcome) & (bad == defaults)].sum())

    counts = {outcome: int((decided == outcome).sum()) for outcome in OUTCOMES}
    return Account(
        name=name,
        approved=counts["approve"],
        referred=counts["refer"],
        rejected=counts["reject"],
        margin_earned=total("approve", defaults=False),
        losses=total("approve", defaults=True),
        review_cost=terms.review_cost * counts["refer"],
        losses_avoided=total("reject", defaults=True),
        margin_lost=total("reject", defaults=False),
        referred_defaults=int(((decided == "refer") & bad).sum()),
        referred_losses=total("refer", defaults=True),
        referred_margin=total("refer", defaults=False),
    )


def approve_all(*, cases: int) -> NDArray[np.str_]:
    """The decisions of a lender who grants every loan, `[N]`."""
    return np.full(cases, "approve")


def threshold_only(probabilities: ArrayLike, terms: Terms) -> NDArray[np.str_]:
    """The decisions of the model alone: approve below the break-even probability, `[N]`.

    Args:
        probabilities: of default, `[N]`.
        terms: the economics, which give the threshold.

    Raises:
        ValueError: a probability is NaN or outside 0 to 1.
    """
    p = np.asarray(probabilities, np.float64)
    wrong = np.flatnonzero(~((p >= 0) & (p <= 1)))
    if wrong.size:
        raise ValueError(f"p_default of loan {wrong[0]} is {p[wrong[0]]}, expected 0 to 1")
    return np.where(p < break_even(terms), "approve", "reject")
