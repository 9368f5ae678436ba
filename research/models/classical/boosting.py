"""Gradient boosting of trees over histograms (Friedman, 2001; Ke et al., LightGBM, 2017)."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from numpy.typing import ArrayLike

from research.arguments import require
from research.models.classical.growing import from_boosted
from research.models.classical.model import (
    as_arrays,
    classes,
    from_scores,
    matrix,
    numbers,
    one_thread_for_few,
    scikit_learn,
)
from research.models.classical.traversal import arrays_of, leaves, totals
from research.models.classical.trees import Tree
from research.models.network import Variables


@dataclasses.dataclass(frozen=True, kw_only=True)
class Boosting:
    """The sum of trees, each grown on the gradient of the loss at the sum of those before.

    Attributes:
        loss: "log_loss" makes a classifier, "squared_error" a regression.
        rounds: trees at most; for K > 2 classes, K trees a round.
        learning_rate: factor of every tree's values.
        max_leaves: of a tree.
        max_depth: of a tree; None for no bound.
        min_samples_leaf: training examples that every leaf needs.
        l2: penalty on the values of leaves.
        patience: rounds without improvement on a tenth of the examples, kept apart, after
            which to stop; None trains all rounds on all examples.
    """

    loss: str = "log_loss"
    rounds: int = 100
    learning_rate: float = 0.1
    max_leaves: int = 31
    max_depth: int | None = None
    min_samples_leaf: int = 20
    l2: float = 0.0
    patience: int | None = None

    def __post_init__(self) -> None:
        require(
            self.loss in ("log_loss", "squared_error"),
            f"found the loss {self.loss!r}, expected log_loss or squared_error",
        )

    def scikit(self, seed: int) -> Any:
        """scikit-learn's estimator with these options, not fitted."""
        scikit_learn("gradient boosting")
        from sklearn.ensemble import (
            HistGradientBoostingClassifier,
            HistGradientBoostingRegressor,
        )

        classifies = self.loss == "log_loss"
        family = HistGradientBoostingClassifier if classifies else HistGradientBoostingRegressor
        return family(
            loss=self.loss,
            max_iter=self.rounds,
            learning_rate=self.learning_rate,
            max_leaf_nodes=self.max_leaves,
            max_depth=self.max_depth,
            min_samples_leaf=self.min_samples_leaf,
            l2_regularization=self.l2,
            early_stopping=self.patience is not None,
            n_iter_no_change=self.patience or 1,
            random_state=seed,
        )

    def fit(self, inputs: ArrayLike, targets: ArrayLike, seed: int) -> Variables:
        """See `ClassicalModel.fit`; inputs may be NaN. `unstacked(params)` gives the trees."""
        rows = matrix(inputs, missing=True)
        checked = classes if self.loss == "log_loss" else numbers
        with one_thread_for_few(len(rows)):
            fitted = self.scikit(seed).fit(rows, checked(targets, len(rows)))
        # No public attribute has the trees. Those of the classes take turns.
        trees = [from_boosted(one.nodes) for turn in fitted._predictors for one in turn]
        start = np.asarray(fitted._baseline_prediction, np.float32).reshape(-1)
        arrays = arrays_of([_placed(t, i % len(start), len(start)) for i, t in enumerate(trees)])
        return Variables({**arrays, "start": start}, {})

    def predict(self, variables: Variables, inputs: Any) -> dict[str, Array]:
        """See `ClassicalModel.predict`; also `leaves` int32 `[B, T]`."""
        trees = as_arrays(variables)
        reached = leaves(trees, jnp.asarray(inputs))
        scores = totals(trees, reached) + trees["start"]
        if self.loss == "squared_error":
            return {"leaves": reached.T, "mean": scores[:, 0]}
        return {"leaves": reached.T, "logits": from_scores(scores)}


def _placed(tree: Tree, output: int, outputs: int) -> Tree:
    """The tree with zeros for all outputs but one."""
    value = np.zeros((tree.nodes, outputs), np.float32)
    value[:, output] = tree.value[:, 0]
    return dataclasses.replace(tree, value=value)
