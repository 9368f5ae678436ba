"""What the sentiment experiment shows on the console."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from experiments.decisions import rendered


def evaluation_summary(evaluation: dict[str, Any]) -> str:
    """The models side by side, over all and by source."""
    view = Table(box=None, pad_edge=False)
    view.add_column(f"test ({evaluation['examples']['test']:,} texts)")
    sources = list(evaluation["models"][0]["by_source"])
    for heading in ("polarity", *sources, "r", "AUC"):
        view.add_column(heading, justify="right")
    for model in evaluation["models"]:
        by_source = (model["by_source"][source]["accuracy"] for source in sources)
        view.add_row(
            model["name"],
            *(f"{value:.4f}" for value in (model["accuracy"], *by_source)),
            *(f"{model[name]:.3f}" for name in ("correlation", "auc")),
        )
    return rendered(view)
