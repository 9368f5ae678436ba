"""The section on the model: how well it ranks, whether its percentages hold, how it learned."""

from __future__ import annotations

import dataclasses
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

__all__ = ["PARTS", "Words", "section"]

PARTS = {"train": "Training", "validation": "Validation", "test": "Test"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Words:
    """How the section speaks of an experiment's cases.

    Attributes:
        cases: many of them: "applications".
        positive: what one is of which the event holds: "a default".
        negative: what another one is: "a good loan".
        lede: what the decisions need of the model.
        ranking: below the ROC curve.
        calibration: below the reliability curve.
    """

    cases: str
    positive: str
    negative: str
    lede: str
    ranking: str
    calibration: str


def section(
    evaluation: Mapping[str, Any],
    history: Sequence[Mapping[str, Any]],
    best_step: int,
    *,
    predictions: NDArray[np.floating[Any]],
    words: Words,
) -> Section:
    """Ranking, calibration and learning, beside the baselines.

    Args:
        evaluation: `examples`, `models` and `calibration`, as `evaluate` returns them.
        history: learning curves, records `{"step", "train", "validation"}`.
        best_step: the step whose parameters were kept.
        predictions: calibrated probabilities of the event, `[N]`.
        words: of the experiment.
    """
    models, calibration = evaluation["models"], evaluation["calibration"]
    curves = {m["name"]: (m["roc"]["false"], m["roc"]["true"]) for m in models}
    return Section(
        title="How good the model is",
        lede=words.lede,
        body=join(
            (
                _measures(models, words),
                side_by_side(
                    (
                        figure(
                            roc(curves),
                            title="Ranking",
                            caption=words.ranking,
                        ),
                        figure(
                            reliability(
                                calibration["before"],
                                calibration["after"],
                                predictions=predictions,
                            ),
                            title="Calibration",
                            caption=words.calibration,
                        ),
                        figure(
                            learning_curves(history, best_step),
                            title="Learning",
                            caption="The parameters of the best validation step were kept.",
                        ),
                        _training(evaluation["examples"], history, best_step, words),
                    )
                ),
            )
        ),
    )


def _training(
    examples: Mapping[str, int], history: Sequence[Mapping[str, Any]], best_step: int, words: Words
) -> Html:
    numbers = {f"{name} {words.cases}": examples[part] for part, name in PARTS.items()}
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


def _measures(models: Sequence[Mapping[str, Any]], words: Words) -> Html:
    measures = {
        "auc": ("AUC ↑", max, f"Chance that {words.positive} is ranked above {words.negative}"),
        "brier": ("Brier score ↓", min, "Mean squared error of the probability"),
        "log_loss": ("Log-loss ↓", min, "Mean negative log-likelihood, in nats"),
        "accuracy": ("Accuracy ↑", max, f"Share of {words.cases} on the right side of 50%"),
    }
    best = {key: pick(m[key] for m in models) for key, (_, pick, _) in measures.items()}
    columns = [Column(title="Model")]
    columns += [Column(title=t, number=True, hint=hint) for t, _, hint in measures.values()]
    rows: list[list[Cell | str]] = [
        [m["name"], *(Cell(content=decimal(m[k]), best=m[k] == best[k]) for k in measures)]
        for m in models
    ]
    return table(columns, rows, caption="Test set; the best of each column stands out")
