"""Quality of probabilistic predictions, on the host, in float64.

Each agrees with scikit-learn's function of the same name where that has one (tests
hold it); the formulas are here so that evaluation needs no extra package.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def accuracy(probabilities: ArrayLike, labels: ArrayLike) -> float:
    """Share of rows `[N, K]` whose largest probability is at the label `[N]`."""
    return float((np.asarray(probabilities).argmax(-1) == np.asarray(labels)).mean())


def brier_score(probabilities: ArrayLike, labels: ArrayLike) -> float:
    """Mean squared error of the probability of a binary event.

    Args:
        probabilities: of the event, `[N]`.
        labels: 0 or 1, `[N]`.
    """
    difference = np.asarray(probabilities, np.float64) - np.asarray(labels)
    return float(np.mean(difference**2))


def log_loss(probabilities: ArrayLike, labels: ArrayLike) -> float:
    """Mean negative log-likelihood in nats of labels `[N]` under rows `[N, K]`."""
    rows = np.asarray(probabilities, np.float64)
    chosen = rows[np.arange(len(rows)), np.asarray(labels)]
    return float(-np.log(np.clip(chosen, np.finfo(np.float64).tiny, 1.0)).mean())


def roc_curve(scores: ArrayLike, labels: ArrayLike) -> tuple[Floats, Floats]:
    """False and true positive rates at every distinct threshold, from (0, 0) to (1, 1).

    Args:
        scores: larger means more likely positive, `[N]`.
        labels: 0 or 1, `[N]`, both present.

    Raises:
        ValueError: when only one class is present.
    """
    scores, labels = np.asarray(scores, np.float64), np.asarray(labels).astype(bool)
    if labels.all() or not labels.any():
        raise ValueError("a ROC curve needs both classes among the labels, found only one")
    order = np.argsort(-scores, kind="stable")
    last_of_tie = np.append(np.diff(scores[order]) != 0, True)
    true = np.append(0, np.cumsum(labels[order])[last_of_tie])
    false = np.append(0, np.cumsum(~labels[order])[last_of_tie])
    return false / false[-1], true / true[-1]


def roc_auc(scores: ArrayLike, labels: ArrayLike) -> float:
    """Area under the ROC curve: how often a positive outscores a negative, ties half."""
    false, true = roc_curve(scores, labels)
    return float(np.trapezoid(true, false))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reliability:
    """Predicted against observed frequency, in bins of equal mass.

    Attributes:
        predicted: mean prediction per bin, `[M]`.
        observed: frequency of the event per bin, `[M]`.
        count: examples per bin, `[M]`.
    """

    predicted: Floats
    observed: Floats
    count: NDArray[np.int64]

    @property
    def calibration_error(self) -> float:
        """Expected calibration error: mean |predicted - observed|, weighted by count."""
        gap = np.abs(self.predicted - self.observed)
        return float(np.average(gap, weights=self.count))


def reliability(probabilities: ArrayLike, events: ArrayLike, *, bins: int = 10) -> Reliability:
    """Groups predictions into bins of equal mass and compares them with what happened.

    Equal mass (Nguyen and O'Connor, 2015) because equal width leaves bins nearly empty.

    Args:
        probabilities: of the event, `[N]`.
        events: 0 or 1, `[N]`.
        bins: how many; fewer when there are fewer examples.
    """
    predicted = np.asarray(probabilities, np.float64)
    happened = np.asarray(events, np.float64)
    order = np.argsort(predicted, kind="stable")
    groups = [group for group in np.array_split(order, bins) if len(group)]
    return Reliability(
        predicted=np.array([predicted[group].mean() for group in groups]),
        observed=np.array([happened[group].mean() for group in groups]),
        count=np.array([len(group) for group in groups]),
    )
