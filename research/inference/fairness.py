"""How a classifier, or what is decided by it, treats groups of people.

Which of these figures should agree is a question for people: where base rates differ, a
model that isn't perfect can't have them all equal (Chouldechova, "Fair Prediction with
Disparate Impact", 2017; Kleinberg et al., "Inherent Trade-Offs in the Fair Determination of
Risk Scores", 2016).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from research.arguments import require
from research.inference.rates import Rate


@dataclasses.dataclass(frozen=True, kw_only=True)
class GroupFigures:
    """A group's figures; each `Rate` has its cases and its 95 % Wilson interval.

    Attributes:
        group: its name.
        positives: people of whom the event holds, among all.
        selected: people that are predicted or decided to be positive, among all.
        found: selected ones among the positives: the true positive rate.
        suspected: selected ones among the others: the false positive rate.
        predicted: mean probability of the event; None where no probabilities were given.
    """

    group: str
    positives: Rate
    selected: Rate
    found: Rate
    suspected: Rate
    predicted: float | None = None

    @property
    def calibration_gap(self) -> float:
        """Predicted less observed share of positives; NaN where there is nothing to compare."""
        return float("nan") if self.predicted is None else self.predicted - self.positives.share

    @property
    def miscalibrated(self) -> float:
        """The size of `calibration_gap`, 0 where the observed share's interval holds it."""
        if self.predicted is None:
            return 0.0
        low, high = self.positives.interval
        return 0.0 if low <= self.predicted <= high else abs(self.calibration_gap)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Gaps:
    """The largest differences between groups; 0 is equal treatment by that measure.

    Attributes:
        demographic_parity: of selection rates (Calders et al., 2009).
        equal_opportunity: of true positive rates (Hardt et al., 2016).
        equalised_odds: of true or of false positive rates, the larger (Hardt et al., 2016).
    """

    demographic_parity: float
    equal_opportunity: float
    equalised_odds: float


def group_figures(
    groups: ArrayLike,
    labels: ArrayLike,
    selected: ArrayLike,
    *,
    names: Sequence[str],
    probabilities: ArrayLike | None = None,
) -> tuple[GroupFigures, ...]:
    """The figures of each group, in the order of `names`; empty groups are left out.

    Args:
        groups: int `[N]`, positions in `names`; negative where a person's group is unknown,
            who counts in none.
        labels: 0 or 1, `[N]`: whether the event holds.
        selected: bool `[N]`: whether it is predicted, or decided.
        names: of the groups.
        probabilities: of the event, `[N]`.

    Raises:
        ArgumentError: when the arrays don't fit each other, or hold other values.
    """
    group, label, chosen = np.asarray(groups), np.asarray(labels), np.asarray(selected)
    require(
        group.ndim == 1 and group.shape == label.shape == chosen.shape,
        f"found groups {group.shape}, labels {label.shape} and selected {chosen.shape}, "
        "expected [N] each",
    )
    require(
        group.dtype.kind in "iu" and bool((group < len(names)).all()),
        f"groups are {group.dtype}, expected integers below {len(names)}, the number of names",
    )
    require(bool(np.isin(label, (0, 1)).all()), "labels must be 0 or 1")
    require(chosen.dtype == bool, f"selected is {chosen.dtype}, expected bool")
    positive = label == 1
    scores = None
    if probabilities is not None:
        scores = np.asarray(probabilities, np.float64)
        require(
            scores.shape == label.shape,
            f"found probabilities {scores.shape} and labels {label.shape}, expected [N] each",
        )

    def figures(code: int) -> GroupFigures:
        of = group == code
        return GroupFigures(
            group=names[code],
            positives=_rate(positive[of]),
            selected=_rate(chosen[of]),
            found=_rate(chosen[of & positive]),
            suspected=_rate(chosen[of & ~positive]),
            predicted=None if scores is None else float(scores[of].mean()),
        )

    return tuple(figures(code) for code in range(len(names)) if (group == code).any())


def gaps(figures: Sequence[GroupFigures]) -> Gaps:
    """The largest differences between any two groups; a rate without cases takes no part."""

    def spread(rates: Sequence[Rate]) -> float:
        shares = [rate.share for rate in rates if rate.cases]
        return max(shares) - min(shares) if shares else 0.0

    opportunity = spread([group.found for group in figures])
    return Gaps(
        demographic_parity=spread([group.selected for group in figures]),
        equal_opportunity=opportunity,
        equalised_odds=max(opportunity, spread([group.suspected for group in figures])),
    )


def _rate(events: NDArray[np.bool_] | Any) -> Rate:
    return Rate(events=int(events.sum()), cases=len(events))
