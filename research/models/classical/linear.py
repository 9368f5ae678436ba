"""Linear regression: least squares, ridge, lasso, elastic net."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array
from numpy.typing import ArrayLike

from research.arguments import require
from research.models.classical.model import matrix, numbers
from research.models.classical.proximal import Floats, minimise
from research.models.network import Variables


@dataclasses.dataclass(frozen=True, kw_only=True)
class LinearRegression:
    """`mean = x w + b` that minimises `mean (y - x w - b)^2 / 2 + l1 |w|_1 + l2 |w|^2 / 2`.

    scikit-learn's `alpha` is `l2 / N` in `Ridge`; in `ElasticNet`, `l1 = alpha r` and
    `l2 = alpha (1 - r)` with `l1_ratio` r.

    Attributes:
        l1: makes coefficients exactly zero.
        l2: shrinks them. With neither, of several minima the one of the least norm.
    """

    l1: float = 0.0
    l2: float = 0.0

    def __post_init__(self) -> None:
        check_penalties(self.l1, self.l2)

    def fit(self, inputs: ArrayLike, targets: ArrayLike, seed: int) -> Variables:
        """See `ClassicalModel.fit`; `kernel` `[D]` and `bias` `[]`, computed in float64."""
        del seed  # nothing is random
        rows = matrix(inputs).astype(np.float64)
        wanted = numbers(targets, len(rows))
        centre, level = rows.mean(axis=0), wanted.mean()
        kernel = self._kernel(rows - centre, wanted - level)
        bias = level - centre @ kernel
        return Variables({"kernel": np.float32(kernel), "bias": np.asarray(bias, np.float32)}, {})

    def _kernel(self, rows: Floats, wanted: Floats) -> Floats:
        count, width = rows.shape
        if self.l1 == 0:
            # The penalty as D more examples; least squares by SVD, also where they don't suffice.
            penalty = np.sqrt(count * self.l2) * np.eye(width) if self.l2 else np.empty((0, width))
            zeros = np.zeros(len(penalty))
            solution: Floats = np.linalg.lstsq(
                np.concatenate([rows, penalty]), np.concatenate([wanted, zeros]), rcond=None
            )[0]
            return solution
        gram = rows.T @ rows / count + self.l2 * np.eye(width)
        correlation = rows.T @ wanted / count
        return minimise(
            lambda kernel: gram @ kernel - correlation,
            np.zeros(width),
            curvature=float(np.linalg.eigvalsh(gram)[-1]),
            l1=self.l1,
        )

    def predict(self, variables: Variables, inputs: Any) -> dict[str, Array]:
        """See `ClassicalModel.predict`."""
        kernel, bias = (jnp.asarray(variables.params[name]) for name in ("kernel", "bias"))
        return {
            "mean": jnp.matmul(jnp.asarray(inputs), kernel, precision=lax.Precision.HIGHEST) + bias
        }


def check_penalties(l1: float, l2: float) -> None:
    """Raises `ArgumentError` for penalties that are negative or no numbers."""
    for name, penalty in (("l1", l1), ("l2", l2)):
        require(
            bool(np.isfinite(penalty)) and penalty >= 0,
            f"{name} is {penalty}, expected at least 0",
        )
