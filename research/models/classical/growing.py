"""From scikit-learn's fitted trees to ours."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from research.models.classical.trees import Floats, Tree


def from_tree(fitted: Any) -> Tree:
    """Takes over a `sklearn.tree` decision tree, by its attribute `tree_`."""
    own = np.arange(fitted.node_count)
    leaf = fitted.children_left < 0
    return Tree.of(
        feature=np.where(leaf, -1, fitted.feature),
        threshold=rounded_down(np.where(leaf, 0.0, fitted.threshold)),
        left=np.where(leaf, own, fitted.children_left),
        right=np.where(leaf, own, fitted.children_right),
        missing_left=np.where(leaf, False, np.asarray(fitted.missing_go_to_left, bool)),
        value=fitted.value[:, 0, :],
        support=fitted.n_node_samples,
    )


def from_boosted(nodes: Any) -> Tree:
    """Takes over one tree of `HistGradientBoosting...`: the record array of its nodes."""
    own = np.arange(len(nodes))
    leaf = nodes["is_leaf"].astype(bool)
    # An index is unsigned there, and nothing in particular at a leaf.
    return Tree.of(
        feature=np.where(leaf, -1, nodes["feature_idx"].astype(np.int64)),
        threshold=rounded_down(np.where(leaf, 0.0, nodes["num_threshold"])),
        left=np.where(leaf, own, nodes["left"]),
        right=np.where(leaf, own, nodes["right"]),
        missing_left=np.where(leaf, False, nodes["missing_go_to_left"].astype(bool)),
        value=nodes["value"][:, None],
        support=nodes["count"],
    )


def rounded_down(thresholds: ArrayLike) -> Floats:
    """The largest float32 that is at most the float64 threshold.

    scikit-learn compares float32 inputs with float64 thresholds; with these, comparing
    float32 numbers gives the same answer for every input.
    """
    exact = np.asarray(thresholds, np.float64)
    with np.errstate(over="ignore"):
        near = exact.astype(np.float32)
    return np.where(near > exact, np.nextafter(near, np.float32(-np.inf)), near)
