"""From which confidence on an experiment decides: by its error budget, on validation examples."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from research.data.tables import read_table, write_table
from research.inference import Threshold, threshold_for
from research.workdir import Workdir, explained

VALIDATION = "validation.parquet"


def keep_validation(workdir: Workdir, probabilities: np.ndarray, labels: np.ndarray) -> None:
    """Leaves in the workdir what a threshold is chosen by.

    Args:
        workdir: of the run.
        probabilities: calibrated, `[N, K]`.
        labels: int `[N]`.
    """
    columns: dict[str, Any] = {
        "label": np.asarray(labels, np.int32),
        "predicted": probabilities.argmax(-1).astype(np.int32),
        "confidence": probabilities.max(-1).astype(np.float32),
    }
    if workdir.writes:
        with explained(workdir.path / VALIDATION):
            write_table(pa.table(columns), workdir.path / VALIDATION)


def selected(workdir: Workdir, budget: float, *, predicted: int | None = None) -> Threshold:
    """The confidence from which on the share of wrong predictions stays within a budget.

    The threshold is found on validation examples, by which the model was chosen and
    calibrated, too: what it promises is checked on the test set, not proved.

    Args:
        workdir: of the run.
        budget: see `threshold_for`.
        predicted: the class that only is decided without a person; None for all.

    Raises:
        WorkdirError: when training has not finished here.
        ArgumentError: when the budget is no share.
    """
    table = read_table(workdir.require(VALIDATION, made_by="--mode=train"))
    label, found, sure = (table[name].to_numpy() for name in ("label", "predicted", "confidence"))
    kept = np.full(len(found), True) if predicted is None else found == predicted
    return threshold_for(sure[kept], (label != found)[kept], budget=budget)
