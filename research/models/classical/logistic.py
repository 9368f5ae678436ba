"""Logistic regression: two classes or more, with L2, L1 or elastic-net penalty."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from numpy.typing import ArrayLike, NDArray

from research.models.classical.linear import check_penalties
from research.models.classical.model import as_arrays, classes, linear_logits, matrix
from research.models.classical.proximal import Floats, minimise
from research.models.network import Variables


@dataclasses.dataclass(frozen=True, kw_only=True)
class LogisticRegression:
    """Linear logits that minimise `mean log-loss + l1 |w|_1 + l2 |w|^2 / 2`.

    Two classes have one score, the log-odds; K > 2 have K and a softmax. scikit-learn's
    penalties are `l1 = r / (C N)` and `l2 = (1 - r) / (C N)` with `l1_ratio` r.

    Attributes:
        l1: makes coefficients exactly zero.
        l2: shrinks them. Without a penalty, classes that a plane separates have no minimum.
    """

    l1: float = 0.0
    l2: float = 1e-3

    def __post_init__(self) -> None:
        check_penalties(self.l1, self.l2)

    def fit(self, inputs: ArrayLike, targets: ArrayLike, seed: int) -> Variables:
        """See `ClassicalModel.fit`; `kernel` `[D, S]`, `bias` `[S]`, S scores, in float64."""
        del seed  # nothing is random
        rows = matrix(inputs).astype(np.float64)
        labels = classes(targets, len(rows))
        centre = rows.mean(axis=0)  # the bias isn't penalised, so this changes nothing but speed
        problem = _Problem(rows - centre, labels, self.l2)
        weights = problem.minimum() if self.l1 == 0 else problem.sparse_minimum(self.l1)
        kernel, bias = weights[:-1], weights[-1] - centre @ weights[:-1]
        return Variables({"kernel": np.float32(kernel), "bias": np.float32(bias)}, {})

    def predict(self, variables: Variables, inputs: Any) -> dict[str, Array]:
        """See `ClassicalModel.predict`."""
        return {"logits": linear_logits(as_arrays(variables), jnp.asarray(inputs))}


class _Problem:
    """The smooth part of the loss, of weights `[D + 1, S]`, the last row the bias."""

    def __init__(self, rows: Floats, labels: NDArray[np.int64], l2: float) -> None:
        count = labels.max() + 1
        self.rows = np.concatenate([rows, np.ones((len(rows), 1))], axis=1)
        self.two = count == 2
        self.one_hot = np.eye(count)[labels]
        self.penalised = np.ones((self.rows.shape[1], 1))
        self.penalised[-1] = 0
        self.l2 = l2
        self.shape = (self.rows.shape[1], 1 if self.two else count)

    def __call__(self, weights: Floats) -> tuple[float, Floats]:
        """Value and gradient."""
        scores = self.rows @ weights
        if self.two:
            scores = np.concatenate([np.zeros_like(scores), scores], axis=1)
        scores = scores - scores.max(axis=1, keepdims=True)
        logarithms = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        residual = (np.exp(logarithms) - self.one_hot)[:, 1 if self.two else 0 :]
        kept = self.l2 * self.penalised * weights
        value = -(logarithms * self.one_hot).sum() / len(self.rows) + 0.5 * (kept * weights).sum()
        return float(value), self.rows.T @ residual / len(self.rows) + kept

    def minimum(self) -> Floats:
        """Of the smooth part by itself."""
        from scipy.optimize import minimize

        def flat(theta: Floats) -> tuple[float, Floats]:
            value, gradient = self(theta.reshape(self.shape))
            return value, gradient.ravel()

        start = np.zeros(self.shape).ravel()
        limits = {"maxiter": 10_000, "maxfun": 20_000, "ftol": 0.0, "gtol": 1e-9, "maxcor": 30}
        found = minimize(flat, start, jac=True, method="L-BFGS-B", options=limits)
        weights: Floats = found.x.reshape(self.shape)
        return weights

    def sparse_minimum(self, l1: float) -> Floats:
        """With the L1 penalty on all but the bias."""
        # The softmax's second derivative is at most 1/2, that of one logit 1/4.
        steepest = np.linalg.eigvalsh(self.rows.T @ self.rows / len(self.rows))[-1]
        return minimise(
            lambda weights: self(weights)[1],
            np.zeros(self.shape),
            curvature=float(steepest) * (0.25 if self.two else 0.5) + self.l2,
            l1=l1 * self.penalised,
        )
