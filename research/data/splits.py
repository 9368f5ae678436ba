"""Which examples train, validate and test."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from research.arguments import ArgumentError
from research.data.hashing import hash64

Indices = npt.NDArray[np.int64]


def split(
    strata: int | npt.ArrayLike, fractions: Mapping[str, float], *, seed: int
) -> dict[str, Indices]:
    """Splits N examples at random into named parts, each stratum in proportion.

    The order comes from a hash of (seed, index), so one seed gives one split on every
    platform, for ever. Every part gets its fraction of every stratum rounded down or up;
    what rounding leaves over goes where the sum over the strata so far lacks most.

    Args:
        strata: the number of examples, or `[N]` labels whose shares all parts should have.
        fractions: by name of the part; they sum to 1.
        seed: any integer.

    Returns:
        By name, ascending indices, int64; the parts are disjoint and cover `range(N)`.

    Raises:
        ArgumentError: if the fractions are negative or do not sum to 1, if N is negative, or
            if the labels are not one-dimensional.
    """
    names, shares = tuple(fractions), np.asarray(tuple(fractions.values()), np.float64)
    if not names or not np.all(shares >= 0) or not math.isclose(shares.sum(), 1, abs_tol=1e-6):
        raise ArgumentError(
            f"fractions are {dict(fractions)}, expected numbers from 0 that sum to 1 "
            f"(they sum to {shares.sum():g})"
        )
    stratum = _codes(strata)
    order = np.lexsort((hash64(seed, np.arange(stratum.size)), stratum))
    parts: list[list[Indices]] = [[] for _ in names]
    lacking = np.zeros(len(names))
    first = 0
    for size in np.bincount(stratum).tolist():
        counts = _counts(size, shares, lacking)
        lacking += shares * size - counts
        for part, rows in zip(
            parts, np.split(order[first : first + size], np.cumsum(counts)[:-1]), strict=True
        ):
            part.append(rows)
        first += size
    nothing = np.zeros(0, np.int64)
    return {
        name: np.sort(np.concatenate([nothing, *part]))
        for name, part in zip(names, parts, strict=True)
    }


def _codes(strata: int | npt.ArrayLike) -> Indices:
    if isinstance(strata, int | np.integer):
        if strata < 0:
            raise ArgumentError(f"found {strata} examples, expected 0 or more")
        return np.zeros(strata, np.int64)
    labels = np.asarray(strata)
    if labels.ndim != 1:
        raise ArgumentError(f"strata have the shape {labels.shape}, expected one label each, [N]")
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def _counts(
    size: int, shares: npt.NDArray[np.float64], lacking: npt.NDArray[np.float64]
) -> npt.NDArray[np.int64]:
    """Examples of one stratum for each part: the quota rounded down or up."""
    quota = shares * size
    counts = np.floor(quota + 1e-9).astype(np.int64)
    left = size - counts.sum()
    remainder = quota - counts
    # Parts that reached their quota exactly get nothing on top.
    need = np.where(remainder > 1e-9, lacking + remainder, -np.inf)
    counts[np.argsort(-need, kind="stable")[:left]] += 1
    return counts


def split_groups(
    groups: npt.ArrayLike, fractions: Mapping[str, float], *, seed: int, strata: npt.ArrayLike
) -> dict[str, Indices]:
    """Splits N examples so that those of one group never come apart.

    Args:
        groups: `[N]`, equal for examples that belong together.
        fractions: of the groups of each stratum, see `split`.
        seed: any integer.
        strata: `[N]`, the same for all examples of a group; that of its first one counts.

    Returns:
        By name, ascending indices of examples, int64, disjoint and covering `range(N)`.

    Raises:
        ArgumentError: see `split`; or groups and strata are not one for each example.
    """
    found, first, group = np.unique(groups, return_index=True, return_inverse=True)
    labels = np.asarray(strata)
    if np.ndim(groups) != 1 or labels.shape != group.shape:
        raise ArgumentError(
            f"groups have the shape {np.shape(groups)} and strata {labels.shape}, expected [N] both"
        )
    part = np.empty(len(found), np.int64)
    names = tuple(fractions)
    for number, rows in enumerate(split(labels[first], fractions, seed=seed).values()):
        part[rows] = number
    return {name: np.flatnonzero(part[group] == number) for number, name in enumerate(names)}
