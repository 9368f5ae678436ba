"""Support vector machines: linear, and with the RBF kernel in its dual form."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any, Literal

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float
from numpy.typing import ArrayLike

from research.arguments import require
from research.models.classical.model import (
    as_arrays,
    classes,
    from_scores,
    linear_logits,
    matrix,
    scikit_learn,
)
from research.models.network import Variables

MOST_EXAMPLES = 5000


@dataclasses.dataclass(frozen=True, kw_only=True)
class LinearSVM:
    """Scores `x w + b` that minimise `|w|^2 / 2 + b^2 / 2 + penalty * sum loss`.

    Two classes have one score; K > 2 have one each, of the class against all others.

    Attributes:
        penalty: of examples within the margin or on the wrong side; scikit-learn's C.
        loss: of a score s for a label of -1 or 1: "hinge" `max(0, 1 - label * s)`, or its
            square.
        steps: of the solver at most.
    """

    penalty: float = 1.0
    loss: Literal["hinge", "squared_hinge"] = "squared_hinge"
    steps: int = 10_000

    def __post_init__(self) -> None:
        check_penalty(self.penalty)

    def scikit(self, seed: int) -> Any:
        """scikit-learn's estimator with these options, not fitted."""
        scikit_learn("a support vector machine")
        from sklearn.svm import LinearSVC

        return LinearSVC(
            C=self.penalty,
            loss=self.loss,
            # Without the dual, as many variables as features: fast where it can be had.
            dual=self.loss == "hinge",
            max_iter=self.steps,
            random_state=seed,
        )

    def fit(self, inputs: ArrayLike, targets: ArrayLike, seed: int) -> Variables:
        """See `ClassicalModel.fit`; `kernel` `[D, S]` and `bias` `[S]` of S scores."""
        rows = matrix(inputs).astype(np.float64)
        fitted = self.scikit(seed).fit(rows, classes(targets, len(rows)))
        kernel, bias = np.float32(fitted.coef_.T), np.float32(fitted.intercept_)
        return Variables({"kernel": kernel, "bias": bias}, {})

    def predict(self, variables: Variables, inputs: Any) -> dict[str, Array]:
        """See `ClassicalModel.predict`; logits are scores, probabilities only once calibrated."""
        return {"logits": linear_logits(as_arrays(variables), jnp.asarray(inputs))}


@dataclasses.dataclass(frozen=True, kw_only=True)
class KernelSVM:
    """`sum a_i exp(-gamma |x - x_i|^2) + b` over support vectors `x_i`: the exact dual.

    Two classes have one score. Of K > 2 each pair is decided, and a class has as logit how
    many it wins, plus less than a half by how clearly: scikit-learn's `decision_function`,
    and with `break_ties=True` its predictions.

    Attributes:
        penalty: of examples within the margin or on the wrong side; scikit-learn's C.
        gamma: how fast likeness falls with distance; None for `1 / (D variance of inputs)`.
    """

    penalty: float = 1.0
    gamma: float | None = None

    def __post_init__(self) -> None:
        check_penalty(self.penalty)

    def scikit(self, seed: int) -> Any:
        """scikit-learn's estimator with these options, not fitted; nothing in it is random."""
        del seed
        scikit_learn("a support vector machine")
        from sklearn.svm import SVC

        gamma = "scale" if self.gamma is None else self.gamma
        return SVC(C=self.penalty, gamma=gamma, tol=1e-4, cache_size=500)

    def fit(self, inputs: ArrayLike, targets: ArrayLike, seed: int) -> Variables:
        """See `ClassicalModel.fit`; at most 5,000 examples.

        `vectors` `[V, D]`, `weights` `[V, P]` and `bias` `[P]` for P decisions, `gamma` `[]`.
        """
        rows = matrix(inputs).astype(np.float64)
        require(
            len(rows) <= MOST_EXAMPLES,
            f"found {len(rows):,} examples, the exact dual takes up to {MOST_EXAMPLES:,}: take "
            "RandomFeatureSVM, whose cost is linear in them",
        )
        fitted = self.scikit(seed).fit(rows, classes(targets, len(rows)))
        gamma = bandwidth(self.gamma, rows)
        arrays = {
            "vectors": np.float32(fitted.support_vectors_),
            "weights": np.float32(_by_pair(fitted)),
            "bias": np.float32(fitted.intercept_),
            "gamma": np.asarray(gamma, np.float32),
        }
        return Variables(arrays, {})

    def predict(self, variables: Variables, inputs: Any) -> dict[str, Array]:
        """See `ClassicalModel.predict`; also `pairs` `[B, P]`, what each decision comes to."""
        params = as_arrays(variables)
        vectors = params["vectors"]
        # Around their mean the squares are small, and little is lost in their difference.
        centre = vectors.mean(axis=0)
        squares = _squares(jnp.asarray(inputs) - centre, vectors - centre)
        # The weights of a decision sum to zero, so 1 may be taken off every likeness; what is
        # left has more digits where all are alike.
        likeness = jnp.expm1(-params["gamma"] * squares)
        weighted = jnp.matmul(likeness, params["weights"], precision=lax.Precision.HIGHEST)
        pairs = weighted + params["bias"]
        if pairs.shape[1] == 1:
            return {"pairs": pairs, "logits": from_scores(pairs)}
        return {"pairs": pairs, "logits": _votes(pairs)}


def check_penalty(penalty: float) -> None:
    """Raises `ArgumentError` unless it is positive."""
    require(
        bool(np.isfinite(penalty)) and penalty > 0, f"penalty is {penalty}, expected more than 0"
    )


def bandwidth(gamma: float | None, rows: np.ndarray) -> float:
    """Gamma of the RBF kernel: as given, or `1 / (D variance)` of the inputs `[N, D]`."""
    if gamma is not None:
        return gamma
    variance = float(rows.var())
    return 1 / (rows.shape[1] * variance) if variance > 0 else 1.0


def _by_pair(fitted: Any) -> np.ndarray:
    """Dual weights `[V, P]`: libsvm keeps those of a vector for all opponents in rows."""
    dual, counts = fitted.dual_coef_, fitted.n_support_
    if len(counts) == 2:
        return np.asarray(dual.T)
    ends = np.cumsum(counts)
    parts = [slice(end - count, end) for end, count in zip(ends, counts, strict=True)]
    pairs = list(itertools.combinations(range(len(counts)), 2))
    weights = np.zeros((dual.shape[1], len(pairs)))
    for column, (one, other) in enumerate(pairs):
        weights[parts[one], column] = dual[other - 1, parts[one]]
        weights[parts[other], column] = dual[one, parts[other]]
    return weights


def _squares(rows: Float[Array, "B D"], vectors: Float[Array, "V D"]) -> Float[Array, "B V"]:
    product = jnp.matmul(rows, vectors.T, precision=lax.Precision.HIGHEST)
    lengths = (rows**2).sum(axis=1)[:, None] + (vectors**2).sum(axis=1)
    return jnp.maximum(lengths - 2 * product, 0)


def _votes(pairs: Float[Array, "B P"]) -> Float[Array, "B K"]:
    count = round((1 + (1 + 8 * pairs.shape[1]) ** 0.5) / 2)
    one, other = np.triu_indices(count, 1)
    first = np.eye(count, dtype=np.float32)[one]
    second = np.eye(count, dtype=np.float32)[other]
    clear = pairs @ (first - second)
    won = jnp.where(pairs < 0, 0.0, 1.0)
    return won @ first + (1 - won) @ second + clear / (3 * (jnp.abs(clear) + 1))
