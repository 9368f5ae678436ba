"""Random forests (Breiman, 2001)."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array
from numpy.typing import ArrayLike

from research.models.classical.decision_tree import (
    averaged,
    check_criterion,
    examples,
    scikit_criterion,
)
from research.models.classical.growing import from_tree
from research.models.classical.model import scikit_learn
from research.models.classical.traversal import arrays_of
from research.models.network import Variables


@dataclasses.dataclass(frozen=True, kw_only=True)
class RandomForest:
    """The mean of trees, each grown on a bootstrap sample from random features at each split.

    Attributes:
        trees: how many.
        criterion: the impurity (see `DecisionTree`); "mse" makes a regression.
        max_depth: comparisons on the longest way; None for no bound.
        min_samples_leaf: training examples that every leaf needs.
        features: share of the features that are tried at a split; None for the square root
            of their number.
        jobs: threads that grow trees; the forest doesn't depend on it.
    """

    trees: int = 100
    criterion: str = "gini"
    max_depth: int | None = None
    min_samples_leaf: int = 1
    features: float | None = None
    jobs: int | None = None

    def __post_init__(self) -> None:
        check_criterion(self.criterion)

    def scikit(self, seed: int) -> Any:
        """scikit-learn's estimator with these options, not fitted."""
        scikit_learn("a random forest")
        from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

        family = RandomForestRegressor if self.criterion == "mse" else RandomForestClassifier
        return family(
            n_estimators=self.trees,
            criterion=scikit_criterion(self.criterion),
            max_depth=self.max_depth,
            min_samples_leaf=self.min_samples_leaf,
            max_features="sqrt" if self.features is None else self.features,
            n_jobs=self.jobs,
            random_state=seed,
        )

    def fit(self, inputs: ArrayLike, targets: ArrayLike, seed: int) -> Variables:
        """See `ClassicalModel.fit`; inputs may be NaN. `unstacked(params)` gives the trees."""
        fitted = self.scikit(seed).fit(*examples(self.criterion, inputs, targets))
        return Variables(arrays_of([from_tree(tree.tree_) for tree in fitted.estimators_]), {})

    def predict(self, variables: Variables, inputs: Any) -> dict[str, Array]:
        """See `ClassicalModel.predict`; also `leaves` `[B, T]` and `frequencies` `[B, K]`."""
        return averaged(self.criterion, variables, jnp.asarray(inputs))
