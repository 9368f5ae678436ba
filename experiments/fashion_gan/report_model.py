"""The sections on the model: how far samples are from real images, and whether it copies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from experiments.fashion_gan.evaluation import QUANTILES
from experiments.report import (
    Cell,
    Column,
    Html,
    Section,
    figure,
    join,
    learning_curves,
    side_by_side,
    table,
)
from experiments.report.formats import count, decimal, percent

__all__ = ["copying", "section"]

_NAMES = {"samples": "Samples", "test": "Test images"}
_SPACES = {"pixels": "by grey values", "features": "by the judge's features"}


def section(
    evaluation: Mapping[str, Any], history: Sequence[Mapping[str, Any]], best_step: int
) -> Section:
    """Generators side by side, and the way there.

    Args:
        evaluation: as `evaluation.measure` returns it.
        history: learning curves, records `{"step", "train", "validation"}`.
        best_step: the step whose parameters were kept.
    """
    rows: list[list[Cell | str]] = [
        [
            row["name"],
            decimal(row["frechet"]),
            percent(row["precision"], 0),
            percent(row["recall"], 0),
        ]
        for row in evaluation["generators"]
    ]
    columns = (
        Column(title="Images"),
        Column(title="Fréchet distance ↓", number=True, hint="Between Gaussians fitted to both"),
        Column(title="Precision ↑", number=True, hint="Share of images that look real"),
        Column(title="Recall ↑", number=True, hint="Share of real images that they come near"),
    )
    return Section(
        title="How far from real",
        lede=(
            f"{count(evaluation['samples'])} images each beside as many of the test set, in the "
            "features of a classifier of real garments, accuracy "
            f"{percent(evaluation['judge_accuracy'])}. It is not the Inception network, so "
            "the distances are not those of papers."
        ),
        body=side_by_side(
            (
                table(columns, rows, caption="Generated, made by a baseline, and real"),
                figure(
                    learning_curves(history, best_step, metric="kernel_distance"),
                    title="Distance to validation images",
                    caption="Kernel distance (MMD), which needs no large sample; the step with "
                    "the least was kept.",
                ),
            )
        ),
    )


def copying(quantiles: Mapping[str, Mapping[str, Sequence[float]]], pairs: Html) -> Section:
    """Whether samples are nearer to the training images than unseen real images are.

    Args:
        quantiles: of distances to the nearest training image, by space and kind.
        pairs: samples with their nearest training images.
    """
    columns = [Column(title="To the nearest training image")]
    columns += [Column(title=percent(level, 0), number=True) for level in QUANTILES]
    rows: list[list[Cell | str]] = [
        [f"{_NAMES[kind]}, {_SPACES[space]}", *(decimal(value) for value in values)]
        for space, kinds in quantiles.items()
        for kind, values in kinds.items()
    ]
    return Section(
        title="Does it copy?",
        lede=(
            "If it did, samples would lie nearer to training images than real images do that it "
            "never saw. Below, the accepted samples nearest to a training image, above that."
        ),
        body=join((table(columns, rows, caption="Quantiles of distances"), pairs)),
    )
