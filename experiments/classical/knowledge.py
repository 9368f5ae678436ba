"""What the applications and the model have to say, as rules that a person can read."""

from __future__ import annotations

import dataclasses

import numpy as np

from experiments.credit.economics import Terms, break_even
from experiments.discovery import fidelity, found_rules
from research.data.datasets import credit
from research.inference import Predictor
from rules.checks.solver import has_solver
from rules.discovery import Discovered

OUTCOMES = ("worth_it", "too_risky")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Knowledge:
    """A rule file that nobody has accepted yet.

    Attributes:
        text: of the file.
        rules: how many rules it has.
        leaves: of the tree that the rules come from.
        agreement: share of held-out applications of which the rules are right, or say what
            the model says.
        proved: whether the solver has proved that the rules decide as their tree does; None
            without z3.
    """

    text: str
    rules: int
    leaves: int
    agreement: float
    proved: bool | None


def discovered(train: credit.Credit, test: credit.Credit) -> Knowledge:
    """Rules about how loans ended: a decision tree, read.

    Args:
        train: applications to grow on.
        test: others, to measure how often the rules are right.
    """
    found = found_rules(
        train.columns,
        credit.SCHEMA,
        train.target,
        outcomes=("repaid", "default"),
        unknown="unclear",
        name="discovered",
        note=f"A decision tree grown on how {len(train):,} loans ended.",
    )
    right = fidelity(found.ruleset, test.columns, credit.SCHEMA, test.target)
    return _knowledge(found, right, f"Right about {right:.1%} of {len(test):,} other loans.")


def distilled(
    predictor: Predictor, train: credit.Credit, test: credit.Credit, terms: Terms
) -> Knowledge:
    """Rules about which applications a model finds worth their risk.

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
        name="distilled",
        note=f"Grown on what a model says of {len(train):,} applications, too risky from "
        f"{limit:.0%} on.",
    )
    faithful = fidelity(found.ruleset, test.columns, credit.SCHEMA, said(test))
    return _knowledge(
        found, faithful, f"Says what the model says of {faithful:.1%} of {len(test):,} others."
    )


def _knowledge(found: Discovered, agreement: float, measured: str) -> Knowledge:
    proved = None
    if has_solver():
        difference = found.difference()
        proved = difference.complete and not difference.changes
    said = "Proved by z3 to decide every case as the tree does.\n" if proved else ""
    comments = "".join(f"# {line}\n" for line in f"{measured}\n{said}".splitlines())
    return Knowledge(
        text=comments + found.text,
        rules=len(found.boxes),
        leaves=found.leaves,
        agreement=agreement,
        proved=proved,
    )
