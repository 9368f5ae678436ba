"""What the experiment says on the console."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
from rich.table import Table

from experiments.decisions import outcome_summary, rendered


def evaluation_summary(measured: Mapping[str, Any]) -> str:
    """The generators side by side."""
    view = Table(box=None, pad_edge=False)
    view.add_column(f"{measured['samples']:,} images beside as many of the test set")
    for heading in ("Frechet distance", "precision", "recall"):
        view.add_column(heading, justify="right")
    for row in measured["generators"]:
        figures = (f"{row[name]:.3f}" for name in ("frechet", "precision", "recall"))
        view.add_row(row["name"], *figures)
    judge = f"in the features of a judge with accuracy {measured['judge_accuracy']:.3f}"
    return f"{rendered(view)}\n{judge}"


def decision_summary(table: pa.Table, figures: Mapping[str, Any]) -> str:
    """Outcomes, and what they did to the samples' quality."""
    lines = [
        outcome_summary(table),
        f"the gate accepts {figures['accepted']:.1%} of the samples, and {figures['real']:.1%} of "
        "real test images",
    ]
    if figures["frechet_all"] is not None:
        lines.append(
            f"Frechet distance of {figures['compared']:,} samples: {figures['frechet_all']:.3f} "
            f"before the gate, {figures['frechet_accepted']:.3f} after it"
        )
    return "\n".join(lines)
