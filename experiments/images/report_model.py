"""The section on the network: what it confuses, beside the baselines, and how it learned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import ArrayLike

from experiments.report import (
    Cell,
    Column,
    Html,
    Section,
    confusion_matrix,
    definitions,
    element,
    figure,
    join,
    learning_curves,
    side_by_side,
    table,
)
from experiments.report.formats import NOTHING, count, decimal, percent

__all__ = ["section"]

_PARTS = {"train": "Training", "validation": "Validation", "test": "Test"}


def section(
    evaluation: Mapping[str, Any],
    history: Sequence[Mapping[str, Any]],
    best_step: int,
    *,
    labels: ArrayLike,
    read: ArrayLike,
    classes: Sequence[str],
    title: str,
    noun: str,
) -> Section:
    """Confusions, accuracy beside the baselines, learning curves.

    Args:
        evaluation: `examples` and `models`, as `evaluate` returns them, and if there are any
            `published` figures.
        history: learning curves, records `{"step", "train", "validation"}`.
        best_step: the step whose parameters were kept.
        labels: what is on each test picture, `[N]`.
        read: what the network read, `[N]`.
        classes: their names.
        title: of the section.
        noun: what is classified: `scans`.
    """
    examples = evaluation["examples"]
    numbers = {f"{name} {noun}": examples[part] for part, name in _PARTS.items()}
    numbers |= {"Steps trained": max(r["step"] for r in history)}
    numbers |= {"Step that was kept": best_step}
    return Section(
        title=title,
        body=join(
            (
                confusion_matrix(
                    labels,
                    read,
                    classes=classes,
                    caption="What is on the picture (rows), and what was read (columns)",
                ),
                side_by_side(
                    (
                        _models(evaluation["models"], evaluation.get("published", ())),
                        figure(learning_curves(history, best_step), title="Learning"),
                        element(
                            "div",
                            element("h3", "Training"),
                            definitions({name: count(n) for name, n in numbers.items()}),
                        ),
                    )
                ),
            )
        ),
    )


def _models(models: Sequence[Mapping[str, Any]], published: Sequence[Mapping[str, Any]]) -> Html:
    losses = [m["log_loss"] for m in models if m["log_loss"] is not None]
    best = max(m["accuracy"] for m in models), min(losses)
    rows: list[list[Cell | str]] = [
        [
            m["name"],
            Cell(content=percent(m["accuracy"], 2), best=m["accuracy"] == best[0]),
            Cell(content=_nats(m["log_loss"]), best=m["log_loss"] == best[1]),
        ]
        for m in models
    ]
    rows += [
        [
            join((f["name"], element("div", f["source"], class_="quiet"))),
            percent(f["accuracy"]),
            NOTHING,
        ]
        for f in published
    ]
    columns = (
        Column(title="Model"),
        Column(title="Accuracy ↑", number=True),
        Column(title="Log-loss ↓", number=True, hint="Mean negative log-likelihood, in nats"),
    )
    caption = "Test set; the best measured of each column stands out"
    return table(columns, rows, caption=caption + ("; below, published figures" * bool(published)))


def _nats(loss: float | None) -> str:
    return "∞" if loss is None else decimal(loss)
