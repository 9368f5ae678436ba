"""How well scores tell what people find positive and negative: over all, and by source."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from experiments.headline import Headline
from experiments.sentiment.baselines import CLEAR
from experiments.sentiment.output import evaluation_summary
from experiments.sentiment.texts import Data
from research.data.datasets.sentiment import SOURCES, Snippets
from research.tasks import metrics


def evaluation(
    found: Mapping[str, np.ndarray], data: Data, negative: np.ndarray, *, parameters: int
) -> dict[str, Any]:
    """The models side by side, as `evaluate` returns them.

    Args:
        found: the scores of each on the test texts `[N]`, ours first.
        data: by part.
        negative: whether people find each test text negative, bool `[N]`.
        parameters: of ours.
    """
    test = data["test"]
    models = [figures(name, score, test, negative) for name, score in found.items()]
    headline = Headline.of_first(
        models,
        "accuracy",
        data=f"VADER's ratings, {len(test):,} held-out texts",
        parameters=parameters,
        metric="polarity accuracy",
    )
    result = {
        "examples": {part: len(snippets) for part, snippets in data.items()},
        "models": models,
        "headline": dataclasses.asdict(headline),
    }
    return {**result, "summary": evaluation_summary(result)}


def figures(name: str, score: np.ndarray, test: Snippets, negative: np.ndarray) -> dict[str, Any]:
    """Figures of one model.

    Args:
        name: of the model.
        score: how positive each text seems, above 0 for positive `[N]`.
        test: the texts with their ratings.
        negative: whether people find each negative, bool `[N]`.

    Returns:
        `name`; `accuracy`, the share of texts of a clear polarity that the score's sign tells;
        `correlation` (Pearson) with the mean rating; `auc` of telling negative texts from others;
        `by_source`, the first two for each source that there is.
    """
    return {
        "name": name,
        **_of(score, test.ratings),
        "auc": metrics.roc_auc(-score, negative),
        "by_source": {
            source: _of(score[test.sources == number], test.ratings[test.sources == number])
            for number, source in enumerate(SOURCES)
            if (test.sources == number).any()
        },
    }


def _of(score: np.ndarray, ratings: np.ndarray) -> dict[str, float]:
    clear = np.abs(ratings) >= CLEAR
    right = (score > 0) == (ratings > 0)
    # Of scores that are all the same there is no correlation: 0.
    varied = np.ptp(score) > 0 and np.ptp(ratings) > 0
    return {
        "accuracy": float(right[clear].mean()),
        "correlation": float(np.corrcoef(score, ratings)[0, 1]) if varied else 0.0,
    }
