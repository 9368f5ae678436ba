"""Anomaly scores: by whom, how good, and how rare one is among known digits."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from ml_collections import ConfigDict
from numpy.typing import NDArray

from research.models.unsupervised import PCA, KMeans
from research.tasks import Estimator, metrics

Pictures = NDArray[np.float32]
Score = Callable[[Pictures], NDArray[np.floating[Any]]]
_STEPS = 1000


@dataclasses.dataclass(frozen=True, kw_only=True)
class Known:
    """The scores of known digits.

    Attributes:
        quantiles: in steps of a thousandth, from the least to the largest, ascending `[1001]`.
    """

    quantiles: tuple[float, ...]

    @classmethod
    def of(cls, scores: NDArray[np.floating[Any]]) -> Known:
        """Of scores `[N]`."""
        found = np.quantile(np.asarray(scores, np.float64), np.linspace(0, 1, _STEPS + 1))
        return cls(quantiles=tuple(map(float, found)))

    def rarity(self, scores: jax.Array) -> jax.Array:
        """The share of known digits with a lower score, `[B]`; pure JAX."""
        table = jnp.asarray(self.quantiles, jnp.float32)
        return jnp.interp(scores, table, jnp.linspace(0, 1, len(table)))

    def excess(self, scores: jax.Array) -> jax.Array:
        """The score as a multiple of what 99 % of them stay below, `[B]`; pure JAX."""
        return scores / max(self.quantiles[round(0.99 * _STEPS)], float(np.finfo(np.float32).tiny))

    def to_json(self) -> dict[str, Any]:
        """Plain data, exact."""
        return {"quantiles": list(self.quantiles)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Known:
        """The inverse of `to_json`."""
        return cls(quantiles=tuple(data["quantiles"]))


def detectors(config: ConfigDict, train: Pictures) -> dict[str, Score]:
    """What else learns from the same pictures: PCA, k-means, scikit-learn's isolation forest.

    Args:
        config: of the experiment.
        train: pictures `[N, 28, 28, 1]`.

    Returns:
        By name, functions of pictures to scores `[N]`, larger for stranger ones.
    """
    from sklearn.ensemble import IsolationForest

    found = {
        "PCA": _fitted(PCA(components=config.model.components), train, config.seed),
        "k-means": _fitted(KMeans(clusters=config.model.clusters, restarts=1), train, config.seed),
    }
    forest = IsolationForest(random_state=config.seed).fit(_flat(train))
    found["Isolation forest"] = lambda pictures: -forest.score_samples(_flat(pictures))
    return found


def _fitted(estimator: Estimator, train: Pictures, seed: int) -> Score:
    variables = estimator.fit({"inputs": train}, {}, seed)
    predict = jax.jit(lambda pictures: estimator.predict(variables, pictures)["score"])
    return lambda pictures: np.asarray(predict(pictures))


def measures(name: str, score: Score, strange: Mapping[str, Pictures]) -> dict[str, Any]:
    """The area under the ROC curve against everything strange, and against each kind of it.

    Args:
        name: of the detector.
        score: its function.
        strange: pictures by what they are; the first are as they should be.
    """
    usual, *others = (score(pictures) for pictures in strange.values())
    kinds = list(strange)[1:]

    def auroc(scores: NDArray[np.floating[Any]]) -> float:
        both = np.concatenate([usual, scores])
        return metrics.roc_auc(both, np.arange(len(both)) >= len(usual))

    return {
        "name": name,
        "auroc": auroc(np.concatenate(others)),
        "by_kind": {kind: auroc(scores) for kind, scores in zip(kinds, others, strict=True)},
    }


def _flat(pictures: Pictures) -> Pictures:
    return pictures.reshape(len(pictures), -1)
