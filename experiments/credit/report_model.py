"""The section on the model: how well it ranks, whether its percentages hold, how it learned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.report import (
    Cell,
    Column,
    Html,
    Section,
    definitions,
    element,
    figure,
    join,
    learning_curves,
    reliability,
    roc,
    side_by_side,
    table,
)
from experiments.report.formats import count, decimal

__all__ = ["PARTS", "section"]

PARTS = {"train": "Training", "validation": "Validation", "test": "Test"}


def section(
    evaluation: Mapping[str, Any],
    history: Sequence[Mapping[str, Any]],
    best_step: int,
    *,
    predictions: NDArray[np.floating[Any]],
) -> Section:
    """Ranking, calibration and learning, beside the baselines.

    Args:
        evaluation: `examples`, `models` and `calibration`, as `evaluate` returns them.
        history: learning curves, records `{"step", "train", "validation"}`.
        best_step: the step whose parameters were kept.
        predictions: calibrated probabilities of default, `[N]`.
    """
    models, calibration = evaluation["models"], evaluation["calibration"]
    curves = {m["name"]: (m["roc"]["false"], m["roc"]["true"]) for m in models}
    return Section(
        title="How good the model is",
        lede=(
            "The rules rest on the predicted probability of default: it must rank applications "
            "well, and its percentages must mean what they say."
        ),
        body=join(
            (
                _measures(models),
                side_by_side(
                    (
                        figure(
                            roc(curves),
                            title="Ranking",
                            caption="Defaults found against good loans suspected, "
                            "over all thresholds.",
                        ),
                        figure(
                            reliability(
                                calibration["before"],
                                calibration["after"],
                                predictions=predictions,
                            ),
                            title="Calibration",
                            caption="On the diagonal, of loans with a predicted risk of 30% "
                            "three in ten default.",
                        ),
                        figure(
                            learning_curves(history, best_step),
                            title="Learning",
                            caption="The parameters of the best validation step were kept.",
                        ),
                        _training(evaluation["examples"], history, best_step),
                    )
                ),
            )
        ),
    )


def _training(
    examples: Mapping[str, int], history: Sequence[Mapping[str, Any]], best_step: int
) -> Html:
    numbers = {f"{name} applications": examples[part] for part, name in PARTS.items()}
    numbers |= {"Steps trained": max(r["step"] for r in history)}
    numbers |= {"Step that was kept": best_step}
    return element(
        "div",
        element("h3", "Training"),
        definitions({name: count(n) for name, n in numbers.items()}),
        element(
            "p",
            "The model learns on the first part; the second says when to stop and whether its "
            "probabilities need a correction. Everything on this page is measured on the test "
            "part.",
            class_="caption",
        ),
    )


def _measures(models: Sequence[Mapping[str, Any]]) -> Html:
    measures = {
        "auc": ("AUC ↑", max, "Chance that a default is ranked above a good loan"),
        "brier": ("Brier score ↓", min, "Mean squared error of the probability"),
        "log_loss": ("Log-loss ↓", min, "Mean negative log-likelihood, in nats"),
        "accuracy": ("Accuracy ↑", max, "Share of loans on the right side of 50%"),
    }
    best = {key: pick(m[key] for m in models) for key, (_, pick, _) in measures.items()}
    columns = [Column(title="Model")]
    columns += [Column(title=t, number=True, hint=hint) for t, _, hint in measures.values()]
    rows: list[list[Cell | str]] = [
        [m["name"], *(Cell(content=decimal(m[k]), best=m[k] == best[k]) for k in measures)]
        for m in models
    ]
    return table(columns, rows, caption="Test set; the best of each column stands out")
