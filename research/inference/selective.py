"""Deciding only what one is sure of: risk against coverage, and a threshold for an error budget.

Geifman and El-Yaniv, "Selective Classification for Deep Neural Networks" (2017).
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import ArrayLike, NDArray

from research.arguments import require

Floats = NDArray[np.float64]


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class RiskCoverage:
    """What is decided, and how much of it wrongly, as the threshold falls.

    Attributes:
        thresholds: float64 `[M]`, descending, one per distinct confidence.
        coverage: share of the cases with at least that confidence `[M]`, ascending to 1.
        risk: share of wrong ones among them `[M]`.
    """

    thresholds: Floats
    coverage: Floats
    risk: Floats

    @property
    def area(self) -> float:
        """Mean risk over all coverages (AURC): less is better."""
        widths = np.diff(self.coverage, prepend=0.0)
        return float(self.risk @ widths)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Threshold:
    """From which confidence on cases are decided.

    Attributes:
        value: at least this confidence; more than 1 where no case may be decided.
        coverage: share of the cases that it decides.
        risk: share of wrong ones among them, as observed.
        bound: on the risk, upper, which holds with the certainty asked for.
    """

    value: float
    coverage: float
    risk: float
    bound: float


NONE = Threshold(value=2.0, coverage=0.0, risk=0.0, bound=0.0)


def risk_coverage(confidence: ArrayLike, wrong: ArrayLike) -> RiskCoverage:
    """The curve over all thresholds.

    Args:
        confidence: `[N]`, more is surer.
        wrong: bool `[N]`, whether the case's prediction is wrong.

    Raises:
        ArgumentError: when there is no case, or the two don't fit each other.
    """
    thresholds, cases, errors = _counted(confidence, wrong)
    return RiskCoverage(
        thresholds=thresholds, coverage=cases / cases[-1], risk=errors / np.maximum(cases, 1)
    )


def threshold_for(
    confidence: ArrayLike, wrong: ArrayLike, *, budget: float, certainty: float = 0.95
) -> Threshold:
    """The threshold that decides most, among those whose risk is within a budget.

    For future cases from where these come, the risk is within `bound`, so within the budget,
    with the given certainty: binary search over the thresholds with the exact binomial bound
    (Clopper and Pearson, 1934), each of its tests sharing the allowed uncertainty (Algorithm
    2 of Geifman and El-Yaniv).

    Args:
        confidence: `[N]`, of cases that the model was not trained on.
        wrong: bool `[N]`, whether the case's prediction is wrong.
        budget: the share of wrong decisions among decided cases that may be, 0 to 1.
        certainty: between 0 and 1.

    Returns:
        A `Threshold`; of `value` 2 where the cases can't show that any threshold will do: too
        few for so small a budget, or too many are wrong.

    Raises:
        ArgumentError: when a value can't be used.
    """
    require(0 < budget < 1, f"the error budget is {budget}, expected a share between 0 and 1")
    require(0 < certainty < 1, f"certainty is {certainty}, expected between 0 and 1")
    thresholds, cases, errors = _counted(confidence, wrong)
    tests = max(int(np.ceil(np.log2(len(thresholds) + 1))), 1)
    allowed = (1 - certainty) / tests
    best, low, high = NONE, 0, len(thresholds) - 1
    while low <= high:
        middle = (low + high) // 2
        bound = _upper(errors[middle], cases[middle], allowed)
        if bound <= budget:
            best = Threshold(
                value=float(thresholds[middle]),
                coverage=float(cases[middle] / cases[-1]),
                risk=float(errors[middle] / cases[middle]),
                bound=bound,
            )
            low = middle + 1
        else:
            high = middle - 1
    return best


def _counted(confidence: ArrayLike, wrong: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Distinct confidences, descending; how many cases have it or more, and errors among them."""
    sure, mistaken = np.asarray(confidence, np.float64), np.asarray(wrong, bool)
    require(
        sure.ndim == 1 and sure.shape == mistaken.shape and len(sure) > 0,
        f"found confidences {sure.shape} and wrong {mistaken.shape}, expected [N] both, N above 0",
    )
    require(not np.isnan(sure).any(), "confidence holds NaN: did training diverge?")
    order = np.argsort(-sure, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(sure[order])), len(sure) - 1)
    return sure[order][ends], (ends + 1).astype(np.float64), np.cumsum(mistaken[order])[ends] * 1.0


def _upper(errors: float, cases: float, uncertainty: float) -> float:
    from scipy.stats import beta

    if errors >= cases:
        return 1.0
    return float(beta.ppf(1 - uncertainty, errors + 1, cases - errors))
