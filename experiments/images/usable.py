"""Whether a picture can be read at all: how much is drawn, and whether its like was learnt."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from research.tasks import metrics

_DIGITS = 6


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Likeness:
    """How far a picture's features are from those of the nearest class.

    The Mahalanobis distance to the class means under one covariance (Lee et al., "A Simple
    Unified Framework for Detecting Out-of-Distribution Samples and Adversarial Attacks", 2018).

    Attributes:
        whitening: `[D, D]`, after which features of one class have the covariance 1.
        means: of the classes, whitened, `[K, D]`.
    """

    whitening: NDArray[np.float32]
    means: NDArray[np.float32]

    def distance(self, features: jax.Array) -> jax.Array:
        """Of features `[B, D]`, float32 `[B]`, in standard deviations; pure JAX."""
        whitened = features.astype(jnp.float32) @ self.whitening
        return jnp.sqrt(((whitened[:, None] - self.means) ** 2).sum(-1)).min(-1)

    @classmethod
    def fit(cls, features: NDArray[Any], labels: NDArray[np.integer[Any]]) -> Likeness:
        """Of training pictures: features `[N, D]`, labels `[N]` with every class among them."""
        rows = np.asarray(features, np.float64)
        means = np.stack([rows[labels == label].mean(0) for label in np.unique(labels)])
        within = rows - means[np.searchsorted(np.unique(labels), labels)]
        covariance = within.T @ within / len(rows)
        # A feature that never moves has no spread to measure distances by.
        covariance += 1e-4 * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
        whitening = np.linalg.cholesky(np.linalg.inv(covariance))
        return cls(
            whitening=whitening.astype(np.float32), means=(means @ whitening).astype(np.float32)
        )

    def to_json(self) -> dict[str, Any]:
        """Plain data, to six digits."""
        return {
            name: [[float(f"{number:.{_DIGITS}g}") for number in row] for row in array.tolist()]
            for name, array in (("whitening", self.whitening), ("means", self.means))
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Likeness:
        """The inverse of `to_json`."""
        return cls(**{name: np.array(data[name], np.float32) for name in ("whitening", "means")})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Usability:
    """Up to which distance pictures are read, and how well that tells them apart.

    Attributes:
        far: the limit; all but `refused` of the validation pictures are nearer.
        refused: share of usable pictures that may be refused, as asked for.
        foreign_refused: share of pictures of something else beyond the limit.
        auc: chance that a picture of something else is farther than one of ours.
    """

    far: float
    refused: float
    foreign_refused: float
    auc: float


def ink(pixels: jax.Array) -> jax.Array:
    """Share of pixels uint8 `[B, H, W, C]` that are not background, float32 `[B]`."""
    return (pixels > 0).mean(axis=(-3, -2, -1), dtype=jnp.float32)


def usability(
    own: NDArray[np.floating[Any]], foreign: NDArray[np.floating[Any]], *, refused: float
) -> Usability:
    """Sets the limit by one's own pictures only; the foreign ones measure what it does.

    Args:
        own: distances of validation pictures, `[N]`.
        foreign: of pictures of something else, `[M]`.
        refused: share of one's own to refuse.
    """
    limit = float(np.quantile(own, 1 - refused))
    distances = np.concatenate([own, foreign])
    return Usability(
        far=limit,
        refused=refused,
        foreign_refused=float((foreign > limit).mean()),
        auc=metrics.roc_auc(distances, np.arange(len(distances)) >= len(own)),
    )
