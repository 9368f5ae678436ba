"""Figures of the predicted probability of a binary event, as plain data."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from research.tasks import metrics

Floats = NDArray[np.floating[Any]]


def measures(name: str, probabilities: Floats, labels: NDArray[np.integer[Any]]) -> dict[str, Any]:
    """How good a model is: `auc`, `brier`, `accuracy`, `log_loss`, and its `roc` curve.

    Args:
        name: of the model.
        probabilities: of the event, `[N]`.
        labels: 0 or 1, `[N]`.
    """
    false, true = metrics.roc_curve(probabilities, labels)
    both = np.stack([1 - probabilities, probabilities], axis=1)
    return {
        "name": name,
        "auc": metrics.roc_auc(probabilities, labels),
        "brier": metrics.brier_score(probabilities, labels),
        "accuracy": metrics.accuracy(both, labels),
        "log_loss": metrics.log_loss(both, labels),
        "roc": {"false": false.tolist(), "true": true.tolist()},
    }


def reliability(probabilities: Floats, labels: NDArray[np.integer[Any]]) -> dict[str, Any]:
    """Predicted against observed frequency in bins, and the calibration `error`.

    Args:
        probabilities: of the event, `[N]`.
        labels: 0 or 1, `[N]`.
    """
    curve = metrics.reliability(probabilities, labels)
    return {
        "predicted": curve.predicted.tolist(),
        "observed": curve.observed.tolist(),
        "count": curve.count.tolist(),
        "error": curve.calibration_error,
    }
