"""The section on money: what the decisions earn, cost and save, beside two simpler ways."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from experiments.credit.economics import Account, Terms, break_even
from experiments.report import (
    Balance,
    Column,
    Html,
    Section,
    balance_bars,
    element,
    figure,
    join,
    side_by_side,
    table,
)
from experiments.report.formats import count, percent, signed

__all__ = ["LEFT_OPEN", "section"]

LEFT_OPEN = "left-open"  # the id of the explanation, to link to

_THOUSAND = 1000.0


def section(accounts: Sequence[Account], terms: Terms) -> Section:
    """Compares ways to decide.

    Args:
        accounts: in the money of the data; the first is what the others are compared with, the
            last is the policy, the one before it the model's threshold alone.
        terms: the economics that made them.
    """
    *_, threshold, policy = accounts
    balances = [
        Balance(
            name=way.name,
            earned=way.margin_earned / _THOUSAND,
            lost=way.losses / _THOUSAND,
            spent=way.review_cost / _THOUSAND,
        )
        for way in accounts
    ]
    assumed = (
        f"Assumed: a loan that is repaid earns {percent(terms.margin, 0)} of its amount, one that "
        f"defaults loses {percent(terms.loss_given_default, 0)}, a manual review costs "
        f"{terms.review_cost:g} (the data does not name its unit of money). The model alone would "
        f"approve below a risk of {percent(break_even(terms))}, where the two balance."
    )
    left_open = (
        f"The rules differ from the threshold alone by "
        f"{signed((policy.result - threshold.result) / _THOUSAND)} thousand, and this counts the "
        f"{count(policy.referred)} applications that they refer only as the cost of a review: "
        "what the reviewers decide is not assumed. The threshold decides all of them, and its "
        f"result holds what it earns and loses by that. {count(policy.referred_defaults)} of the "
        "referred defaulted. Granting all of them would have earned "
        f"{_money(policy.referred_margin)} and lost {_money(policy.referred_losses)} "
        "thousand. Reviews that tell the good from the bad can add up to "
        f"{_money(policy.referred_margin)} thousand to the result."
    )
    return Section(
        title="What it cost and saved",
        lede=assumed,
        body=join(
            (
                side_by_side(
                    (
                        figure(balance_bars(balances, unit="thousands"), title="Result"),
                        element(
                            "div",
                            element("h3", "Left open: what reviewers decide", id=LEFT_OPEN),
                            element("p", left_open),
                        ),
                    )
                ),
                _table(accounts),
            )
        ),
    )


def _table(accounts: Sequence[Account]) -> Html:
    baseline = accounts[0].result
    counts: dict[str, Callable[[Account], int]] = {
        "Approved": lambda way: way.approved,
        "Referred": lambda way: way.referred,
        "Rejected": lambda way: way.rejected,
    }
    money: dict[str, Callable[[Account], float]] = {
        "Margin earned on approved loans": lambda way: way.margin_earned,
        "Losses on approved loans": lambda way: -way.losses,
        "Cost of manual reviews": lambda way: -way.review_cost,
        "Result": lambda way: way.result,
        f"Against “{accounts[0].name.lower()}”": lambda way: way.result - baseline,
        "Losses avoided by rejecting": lambda way: way.losses_avoided,
        "Margin lost by rejecting": lambda way: -way.margin_lost,
    }
    rows: list[Sequence[str]] = [
        [title, *(count(number(way)) for way in accounts)] for title, number in counts.items()
    ]
    for title, number in money.items():
        texts = [title, *(signed(number(way) / _THOUSAND) for way in accounts)]
        rows.append([element("strong", text) for text in texts] if title == "Result" else texts)
    columns = [Column(title=""), *(Column(title=way.name, number=True) for way in accounts)]
    return table(columns, rows, caption="Applications, and money in thousands")


def _money(amount: float) -> str:
    return f"{amount / _THOUSAND:,.1f}"
