"""Fitted decision trees as plain arrays: to evaluate, to store, to read as rules."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from research.arguments import require

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

_DTYPES: Mapping[str, type[Any]] = {
    "feature": np.int32,
    "threshold": np.float32,
    "left": np.int32,
    "right": np.int32,
    "missing_left": np.bool_,
    "value": np.float32,
    "support": np.int32,
}


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Tree:
    """A binary decision tree of M nodes, the root first and children after their parents.

    At an inner node, an example goes left if its feature is at most the threshold, compared
    as float32 numbers, and where `missing_left` says if the feature is NaN.

    Attributes:
        feature: int32 `[M]`, the input compared; -1 at a leaf.
        threshold: float32 `[M]`; may be infinite; 0 at a leaf.
        left: int32 `[M]`, the child for inputs up to the threshold; a leaf's own index.
        right: int32 `[M]`, the other child; a leaf's own index.
        missing_left: bool `[M]`, whether a missing input goes left.
        value: float32 `[M, K]`: frequencies of the K classes, or means or scores.
        support: int32 `[M]`, how many training examples reached the node.

    Raises:
        ArgumentError: when the arrays are no tree.
    """

    feature: Ints
    threshold: Floats
    left: Ints
    right: Ints
    missing_left: Bools
    value: Floats
    support: Ints

    def __post_init__(self) -> None:
        nodes = len(self.value)
        for name, dtype in _DTYPES.items():
            array = getattr(self, name)
            expected = (nodes, *self.value.shape[1:2]) if name == "value" else (nodes,)
            require(
                nodes > 0 and self.value.ndim == 2 and array.shape == expected,
                f"{name} of a tree is {array.shape}, expected [M] and value [M, K], M above 0",
            )
            require(
                array.dtype == dtype,
                f"{name} of a tree is {array.dtype}, expected {dtype.__name__}: Tree.of converts",
            )
        own = np.arange(nodes)
        inner = self.feature >= 0
        children = np.sort(np.concatenate([self.left[inner], self.right[inner]]))
        require(
            bool(((self.left > own) & (self.right > own))[inner].all())
            and bool(((self.left == own) & (self.right == own))[~inner].all())
            and bool(np.array_equal(children, own[1:])),
            "left and right are no tree: every node but the first needs one parent, before it, "
            "and a leaf (feature -1) is its own child",
        )
        require(not np.isnan(self.threshold).any(), "thresholds hold NaN")

    @classmethod
    def of(cls, **arrays: Any) -> Tree:
        """A tree of arrays, lists or tuples by the names of the attributes.

        Raises:
            ArgumentError: when one is missing, or they are no tree.
        """
        missing = [name for name in _DTYPES if name not in arrays]
        require(not missing, f"the data of a tree lack {', '.join(missing)}")
        return cls(**{name: np.asarray(arrays[name], kind) for name, kind in _DTYPES.items()})

    @property
    def nodes(self) -> int:
        """M, inner nodes and leaves."""
        return len(self.feature)

    @property
    def outputs(self) -> int:
        """K, numbers at a leaf."""
        return int(self.value.shape[1])

    @functools.cached_property
    def leaves(self) -> Ints:
        """The nodes that are leaves, from left to right, int32 `[L]`."""
        order: list[int] = []
        waiting = [0]
        while waiting:
            node = waiting.pop()
            if self.feature[node] < 0:
                order.append(node)
            else:
                waiting += [int(self.right[node]), int(self.left[node])]
        return np.array(order, np.int32)

    @functools.cached_property
    def levels(self) -> Ints:
        """How far each node is from the root, int32 `[M]`."""
        levels = np.zeros(self.nodes, np.int32)
        for node in np.flatnonzero(self.feature >= 0):
            levels[[self.left[node], self.right[node]]] = levels[node] + 1
        return levels

    @property
    def depth(self) -> int:
        """Comparisons on the longest way to a leaf."""
        return int(self.levels.max())

    def apply(self, inputs: ArrayLike) -> Ints:
        """The leaf of each example `[N, D]`, int32 `[N]`: the plain reference, on the host."""
        rows = np.asarray(inputs, np.float32)
        node = np.zeros(len(rows), np.int32)
        for _ in range(self.depth):
            value = rows[np.arange(len(rows)), np.maximum(self.feature[node], 0)]
            left = np.where(np.isnan(value), self.missing_left[node], value <= self.threshold[node])
            node = np.where(left, self.left[node], self.right[node])
        return node

    def to_json(self) -> dict[str, Any]:
        """Plain data, exact; infinite thresholds as texts, which JSON can hold."""
        data = {name: getattr(self, name).tolist() for name in _DTYPES}
        finite = np.isfinite(self.threshold)
        data["threshold"] = [
            number if fine else str(number)
            for number, fine in zip(data["threshold"], finite, strict=True)
        ]
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Tree:
        """The inverse of `to_json`.

        Raises:
            ArgumentError: when the data are no tree.
        """
        return cls.of(**data)


def stacked(trees: Sequence[Tree]) -> dict[str, np.ndarray]:
    """T trees as arrays `[T, M, ...]` by name, M of the largest, and their sizes `[T]`.

    What fills a smaller tree up are leaves that nothing reaches.

    Raises:
        ArgumentError: when there is no tree, or they differ in their number of outputs.
    """
    require(
        len({tree.outputs for tree in trees}) == 1,
        f"found {len(trees)} trees with outputs {sorted({tree.outputs for tree in trees})}, "
        "expected at least one tree, and the same outputs in all",
    )
    nodes = max(tree.nodes for tree in trees)
    own = np.arange(nodes, dtype=np.int32)
    fill = {"feature": -1, "left": own, "right": own}
    arrays: dict[str, np.ndarray] = {"size": np.array([t.nodes for t in trees], np.int32)}
    for name, dtype in _DTYPES.items():
        shape = (len(trees), nodes, *getattr(trees[0], name).shape[1:])
        array = np.empty(shape, dtype)
        array[:] = fill.get(name, 0)
        for row, tree in zip(array, trees, strict=True):
            row[: tree.nodes] = getattr(tree, name)
        arrays[name] = array
    return arrays


def unstacked(arrays: Mapping[str, ArrayLike]) -> tuple[Tree, ...]:
    """The trees that `stacked` was given, in their order; other arrays are ignored."""
    sizes = np.asarray(arrays["size"]).tolist()
    kept = {name: np.asarray(arrays[name]) for name in _DTYPES}
    return tuple(
        Tree(**{name: array[row, :size] for name, array in kept.items()})
        for row, size in enumerate(sizes)
    )
