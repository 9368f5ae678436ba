"""How near generated samples are to real ones, in a feature space: realism, variety, copying.

Host functions compute in float64, on rows `[N, D]` of features (or pixels).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import ArrayLike, NDArray

from research.arguments import require

Floats = NDArray[np.float64]

_ROWS = 1024  # of a matrix of distances at a time


def frechet_distance(samples: ArrayLike, reference: ArrayLike) -> float:
    r"""Distance between the Gaussians that fit two sets of features.

    $$ |\mu_1 - \mu_2|^2 + tr(C_1 + C_2 - 2 (C_1 C_2)^{1/2}) $$

    Heusel et al., "GANs Trained by a Two Time-Scale Update Rule" (2017), who take the features
    of an Inception network. Small sets give larger figures: compare equal sizes only.

    Args:
        samples: `[N, D]`.
        reference: `[M, D]`.

    Raises:
        ArgumentError: when the two don't fit each other, or have fewer than two rows.
    """
    first, second = _rows(samples, reference)
    require(
        min(len(first), len(second)) > 1,
        f"found {len(first)} and {len(second)} rows, expected two or more of each",
    )
    means = first.mean(0) - second.mean(0)
    one, other = (np.atleast_2d(np.cov(rows, rowvar=False)) for rows in (first, second))
    # tr (C1 C2)^1/2 is the sum of the singular values of C1^1/2 C2^1/2: real, never negative.
    overlap = np.linalg.svd(_root(one) @ _root(other), compute_uv=False).sum()
    return float(means @ means + np.trace(one) + np.trace(other) - 2 * overlap)


def kernel_distance(
    samples: Float[Array, "B D"], reference: Float[Array, "B D"], weight: Float[Array, " B"]
) -> Float[Array, ""]:
    """Squared maximum mean discrepancy under the kernel (x.y / D + 1)^3, for use inside jit.

    Binkowski et al., "Demystifying MMD GANs" (2018): unbiased, whatever the number of rows,
    so that means over batches mean something; around 0, or below, where both are alike.

    Args:
        samples: `[B, D]`.
        reference: as many.
        weight: of both, 0 for a row that isn't there; more than one row has some.

    Returns:
        A float32 scalar.
    """
    samples, reference = samples.astype(jnp.float32), reference.astype(jnp.float32)
    pairs = weight[:, None] * weight[None, :]
    others = pairs * (1 - jnp.eye(len(weight)))

    def mean(one: Array, other: Array, weights: Array) -> Array:
        kernel = (one @ other.T / one.shape[1] + 1) ** 3
        return (kernel * weights).sum() / weights.sum()

    return (
        mean(samples, samples, others)
        + mean(reference, reference, others)
        - 2 * mean(samples, reference, pairs)
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Coverage:
    """How much of the samples looks real, and how much of the real is sampled.

    Attributes:
        precision: share of samples within the reference's manifold.
        recall: share of the reference within the samples' manifold.
    """

    precision: float
    recall: float


def precision_recall(samples: ArrayLike, reference: ArrayLike, *, neighbours: int = 3) -> Coverage:
    """Improved precision and recall.

    Kynkaanniemi et al., "Improved Precision and Recall Metric for Assessing Generative
    Models" (2019): a set's manifold is made of balls around its rows, each as wide as the
    distance to its k-th nearest neighbour in the set.

    Args:
        samples: `[N, D]`.
        reference: `[M, D]`; compare equal sizes only.
        neighbours: k.

    Raises:
        ArgumentError: when the two don't fit each other, or have k rows or fewer.
    """
    first, second = _rows(samples, reference)
    require(
        1 <= neighbours < min(len(first), len(second)),
        f"neighbours is {neighbours}, expected 1 or more and fewer than the {len(first)} and "
        f"{len(second)} rows",
    )
    return Coverage(
        precision=_within(first, second, neighbours), recall=_within(second, first, neighbours)
    )


def nearest(queries: ArrayLike, references: ArrayLike) -> tuple[Floats, NDArray[np.int64]]:
    """Euclidean distance of each query `[N, D]` to its nearest reference `[M, D]`, and which.

    Raises:
        ArgumentError: when the two don't fit each other.
    """
    found, others = _rows(queries, references)
    distances, positions = np.empty(len(found)), np.empty(len(found), np.int64)
    for rows, squared in _squared_distances(found, others):
        positions[rows] = squared.argmin(1)
        # Not from the matrix: there, near rows lose their digits.
        distances[rows] = np.linalg.norm(found[rows] - others[positions[rows]], axis=1)
    return distances, positions


def _within(queries: Floats, references: Floats, neighbours: int) -> float:
    radii = np.empty(len(references))
    for rows, squared in _squared_distances(references, references):
        # The nearest of all is the row itself.
        radii[rows] = np.partition(squared, neighbours, axis=1)[:, neighbours]
    inside = [(squared <= radii).any(1) for _, squared in _squared_distances(queries, references)]
    return float(np.concatenate(inside).mean())


def _squared_distances(queries: Floats, references: Floats) -> Iterator[tuple[slice, Floats]]:
    squares = (references**2).sum(1)
    for first in range(0, len(queries), _ROWS):
        rows = slice(first, first + _ROWS)
        part = queries[rows]
        yield rows, (part**2).sum(1)[:, None] + squares - 2 * part @ references.T


def _rows(one: ArrayLike, other: ArrayLike) -> tuple[Floats, Floats]:
    first, second = np.asarray(one, np.float64), np.asarray(other, np.float64)
    require(
        first.ndim == second.ndim == 2 and first.shape[1] == second.shape[1],
        f"found the shapes {list(first.shape)} and {list(second.shape)}, expected [N, D] and "
        "[M, D]",
    )
    require(min(len(first), len(second)) > 0, "found no rows, expected one or more of each")
    return first, second


def _root(covariance: Floats) -> Floats:
    values, vectors = np.linalg.eigh(covariance)
    root: Floats = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    return root
