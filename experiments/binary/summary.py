"""The models side by side, for the console."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from experiments.decisions import rendered


def evaluation_summary(evaluation: Mapping[str, Any], *, cases: str) -> str:
    """Figures of each model, and the calibration before and after.

    Args:
        evaluation: `examples`, `models` and `calibration`, see `experiments.binary.measures`.
        cases: what was measured on: "applications".
    """
    view = Table(box=None, pad_edge=False)
    view.add_column(f"test ({evaluation['examples']['test']} {cases})")
    for heading in ("AUC", "Brier", "accuracy"):
        view.add_column(heading, justify="right")
    for model in evaluation["models"]:
        figures = (f"{model[name]:.4f}" for name in ("auc", "brier", "accuracy"))
        view.add_row(model["name"], *figures)
    before, after = (evaluation["calibration"][name]["error"] for name in ("before", "after"))
    return f"{rendered(view)}\ncalibration error {before:.4f} before, {after:.4f} after"
