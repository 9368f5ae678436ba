"""Decision trees (CART: Breiman et al., 1984)."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import ArrayLike

from research.arguments import require
from research.models.classical.growing import from_tree
from research.models.classical.model import as_arrays, classes, matrix, numbers, scikit_learn
from research.models.classical.traversal import arrays_of, leaves, totals
from research.models.network import Variables

_NAMES = {"gini": "gini", "entropy": "entropy", "mse": "squared_error"}
_LOWEST_FREQUENCY = 1e-4  # whose logarithm stands for that of lower ones, and of 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class DecisionTree:
    """One tree, grown by the split that lowers the impurity most.

    With frequencies `p` of the classes at a node, or targets `y` with their mean:
    Gini `sum p (1 - p)`, entropy `-sum p log2 p`, squared error `mean (y - mean)^2`.

    Attributes:
        criterion: the impurity; "mse" makes a regression, the others a classifier.
        max_depth: comparisons on the longest way; None for no bound.
        min_samples_leaf: training examples that every leaf needs.
        pruning: the least drop in impurity, as a share of all examples, that a subtree must
            bring per leaf (minimal cost-complexity pruning).
    """

    criterion: str = "gini"
    max_depth: int | None = None
    min_samples_leaf: int = 1
    pruning: float = 0.0

    def __post_init__(self) -> None:
        check_criterion(self.criterion)

    def scikit(self, seed: int) -> Any:
        """scikit-learn's estimator with these options, not fitted."""
        scikit_learn("a decision tree")
        from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

        family = DecisionTreeRegressor if self.criterion == "mse" else DecisionTreeClassifier
        return family(
            criterion=scikit_criterion(self.criterion),
            max_depth=self.max_depth,
            min_samples_leaf=self.min_samples_leaf,
            ccp_alpha=self.pruning,
            random_state=seed,
        )

    def fit(self, inputs: ArrayLike, targets: ArrayLike, seed: int) -> Variables:
        """See `ClassicalModel.fit`; inputs may be NaN. `unstacked(params)` gives the tree."""
        fitted = self.scikit(seed).fit(*examples(self.criterion, inputs, targets))
        return Variables(arrays_of([from_tree(fitted.tree_)]), {})

    def predict(self, variables: Variables, inputs: Any) -> dict[str, Array]:
        """See `ClassicalModel.predict`; also `leaves` and `frequencies` `[B, K]`."""
        return averaged(self.criterion, variables, jnp.asarray(inputs))


def check_criterion(criterion: str) -> None:
    """Raises `ArgumentError` for an unknown criterion."""
    require(criterion in _NAMES, f"found the criterion {criterion!r}, expected {', '.join(_NAMES)}")


def scikit_criterion(criterion: str) -> str:
    """The criterion's name in scikit-learn."""
    return _NAMES[criterion]


def examples(
    criterion: str, inputs: ArrayLike, targets: ArrayLike
) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and targets as they are to be fitted; raises `ArgumentError` where they can't."""
    rows = matrix(inputs, missing=True)
    checked = numbers if criterion == "mse" else classes
    return rows, checked(targets, len(rows))


def averaged(criterion: str, variables: Variables, inputs: Float[Array, "B D"]) -> dict[str, Array]:
    """The mean of the trees.

    Args:
        criterion: whether they classify.
        variables: `params` as `arrays_of` makes them.
        inputs: of a batch.

    Returns:
        `leaves` int32 `[B, T]`, the node reached in each tree; of a regression `mean` `[B]`;
        of a classifier `frequencies` `[B, K]` and `logits`, their logarithms.
    """
    trees = as_arrays(variables)
    reached = leaves(trees, inputs)
    mean = totals(trees, reached) / len(reached)
    if criterion == "mse":
        return {"leaves": reached.T, "mean": mean[:, 0]}
    logits = jnp.log(jnp.maximum(mean, _LOWEST_FREQUENCY))
    return {"leaves": reached.T, "frequencies": mean, "logits": logits}
