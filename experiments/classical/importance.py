"""Which columns a model relies on: how much worse it gets when one is shuffled."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from research.inference import Predictor
from research.tasks import metrics


def permutation_importance(
    predictor: Predictor,
    columns: Mapping[str, np.ndarray],
    labels: np.ndarray,
    *,
    seed: int,
    repeats: int = 5,
) -> list[dict[str, float | str]]:
    """The mean drop in AUC when a column is shuffled (Breiman, 2001), largest first.

    It says what this model uses, not what matters: of two columns that tell the same, each
    can be spared.

    Args:
        predictor: a classifier of two classes.
        columns: `[N]` by name, what it predicts from.
        labels: 0 or 1, `[N]`.
        seed: of the shuffling.
        repeats: shuffles of each column.

    Returns:
        For each column `column`, the mean `drop` and its standard `deviation`.
    """
    random = np.random.default_rng(seed)

    def auc(changed: Mapping[str, np.ndarray]) -> float:
        return metrics.roc_auc(predictor(changed)["probabilities"][:, 1], labels)

    whole = auc(columns)
    found: list[dict[str, float | str]] = []
    for name, column in columns.items():
        drops = [whole - auc({**columns, name: random.permutation(column)}) for _ in range(repeats)]
        found.append(
            {"column": name, "drop": float(np.mean(drops)), "deviation": float(np.std(drops))}
        )
    return sorted(found, key=lambda entry: -float(entry["drop"]))
