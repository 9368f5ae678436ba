"""The texts by part, and which of them are negative: the same for all that reads them."""

from __future__ import annotations

import numpy as np
from ml_collections import ConfigDict

from research.data.datasets import sentiment
from research.data.datasets.sentiment import Snippets
from research.data.splits import split, split_groups

Data = dict[str, Snippets]  # by part


def options(*, limit: int = 0, labels: int = 0) -> ConfigDict:
    """What `by_part` and `negative` want to know.

    Args:
        limit: texts to use of all; 0 for all.
        labels: texts of the training part to use; 0 for all.
    """
    return ConfigDict(
        {
            "train": 0.7,
            "validation": 0.1,
            "test": 0.2,
            "limit": limit,
            "labels": labels,
            "negative": -0.5,  # the mean rating from which on downwards a text is negative
        }
    )


def by_part(config: ConfigDict) -> Data:
    """The distinct texts; sentences of one review or editorial stay together."""
    chosen, seed = config.data, config.seed
    snippets = _some(sentiment.load().distinct(), chosen.limit, seed=seed)
    fractions = {part: chosen[part] for part in ("train", "validation", "test")}
    rows = split_groups(snippets.groups, fractions, seed=seed, strata=snippets.sources)
    parts = {part: snippets.take(found) for part, found in rows.items()}
    return {**parts, "train": _some(parts["train"], chosen.labels, seed=seed)}


def negative(config: ConfigDict, part: Snippets) -> np.ndarray:
    """Whether people find each text negative, bool `[N]`."""
    return np.asarray(part.ratings <= config.data.negative)


def _some(snippets: Snippets, size: int, *, seed: int) -> Snippets:
    """A sample in which each source has its share; all for size 0, or more than there are."""
    if not 0 < size < len(snippets):
        return snippets
    share = size / len(snippets)
    parts = split(snippets.sources, {"kept": share, "left": 1 - share}, seed=seed)
    return snippets.take(parts["kept"])
