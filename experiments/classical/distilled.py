"""The model's view of an application as rules that a person can read."""

from __future__ import annotations

import dataclasses

import numpy as np

from experiments.credit.economics import Terms, break_even
from experiments.discovery import fidelity, found_rules
from research.data.datasets import credit
from research.inference import Predictor

OUTCOMES = ("worth_it", "too_risky")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Distilled:
    """Rules grown on what a model says, and how well they stand for it.

    Attributes:
        text: a rule file.
        rules: how many rules it has.
        limit: the probability of default from which on an application is `too_risky`.
        fidelity: share of held-out applications of which the rules say what the model says.
    """

    text: str
    rules: int
    limit: float
    fidelity: float


def distilled(
    predictor: Predictor, train: credit.Credit, test: credit.Credit, terms: Terms
) -> Distilled:
    """Grows a tree on which training applications the model finds worth their risk.

    Args:
        predictor: a model of default.
        train: applications to grow on; how they ended is not looked at.
        test: others, to measure fidelity.
        terms: by which granting an application earns as much as it loses at some risk.
    """
    limit = break_even(terms)

    def said(part: credit.Credit) -> np.ndarray:
        risk: np.ndarray = predictor(part.columns)["probabilities"][:, 1]
        return (risk >= limit).astype(np.int64)

    found = found_rules(
        train.columns,
        credit.SCHEMA,
        said(train),
        outcomes=OUTCOMES,
        unknown="unclear",
        name="discovered",
        note=f"Grown on what a model says of {len(train):,} applications, too risky from "
        f"{limit:.0%} on.",
    )
    faithful = fidelity(found.ruleset, test.columns, credit.SCHEMA, said(test))
    measured = (
        f"# Says what the model says of {faithful:.1%} of {len(test):,} other applications.\n"
    )
    return Distilled(
        text=measured + found.text, rules=len(found.boxes), limit=limit, fidelity=faithful
    )
