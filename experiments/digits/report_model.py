"""The section on the network: what it confuses, beside the baselines, and how it learned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.report import (
    Cell,
    Column,
    Section,
    confusion_matrix,
    definitions,
    element,
    figure,
    learning_curves,
    side_by_side,
    table,
)
from experiments.report.formats import count, decimal, percent

__all__ = ["section"]

_PARTS = {"train": "Training", "validation": "Validation", "test": "Test"}


def section(
    evaluation: Mapping[str, Any],
    history: Sequence[Mapping[str, Any]],
    best_step: int,
    *,
    labels: NDArray[np.integer[Any]],
    read: NDArray[np.integer[Any]],
) -> Section:
    """Confusions, accuracy beside the baselines, learning curves.

    Args:
        evaluation: `examples` and `models`, as `evaluate` returns them.
        history: learning curves, records `{"step", "train", "validation"}`.
        best_step: the step whose parameters were kept.
        labels: the digit on each test scan, `[N]`.
        read: what the network read, `[N]`.
    """
    models, examples = evaluation["models"], evaluation["examples"]
    best = max(m["accuracy"] for m in models), min(m["log_loss"] for m in models)
    rows: list[list[Cell | str]] = [
        [
            m["name"],
            Cell(content=percent(m["accuracy"]), best=m["accuracy"] == best[0]),
            Cell(content=decimal(m["log_loss"]), best=m["log_loss"] == best[1]),
        ]
        for m in models
    ]
    columns = (
        Column(title="Model"),
        Column(title="Accuracy ↑", number=True),
        Column(title="Log-loss ↓", number=True, hint="Mean negative log-likelihood, in nats"),
    )
    numbers = {f"{name} scans": examples[part] for part, name in _PARTS.items()}
    numbers |= {"Steps trained": max(r["step"] for r in history)}
    numbers |= {"Step that was kept": best_step}
    return Section(
        title="How well digits are read",
        body=side_by_side(
            (
                confusion_matrix(
                    labels,
                    read,
                    classes=[str(digit) for digit in range(10)],
                    caption="Written (rows) and read (columns)",
                ),
                table(columns, rows, caption="Test set; the best of each column stands out"),
                figure(learning_curves(history, best_step), title="Learning"),
                element(
                    "div",
                    element("h3", "Training"),
                    definitions({name: count(n) for name, n in numbers.items()}),
                ),
            )
        ),
    )
