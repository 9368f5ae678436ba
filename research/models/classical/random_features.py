"""An SVM with the RBF kernel approximated by random Fourier features."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float
from numpy.typing import ArrayLike

from research.arguments import require
from research.models.classical.model import as_arrays, linear_logits, matrix
from research.models.classical.svm import LinearSVM, bandwidth, check_penalty
from research.models.network import Variables


@dataclasses.dataclass(frozen=True, kw_only=True)
class RandomFeatureSVM:
    """A linear SVM on `z(x) = sqrt(2 / M) cos(x W + c)`, W ~ N(0, 2 gamma), c ~ U(0, 2 pi).

    `z(x) z(y)` is on average `exp(-gamma |x - y|^2)`, its deviation falls with `1 / sqrt(M)`
    (Rahimi and Recht, 2007). The cost is linear in the examples.

    Attributes:
        components: M.
        penalty: of examples within the margin or on the wrong side; see `LinearSVM`.
        loss: see `LinearSVM`.
        gamma: how fast likeness falls with distance; None for `1 / (D variance of inputs)`.
    """

    components: int = 500
    penalty: float = 1.0
    loss: Literal["hinge", "squared_hinge"] = "squared_hinge"
    gamma: float | None = None

    def __post_init__(self) -> None:
        check_penalty(self.penalty)
        require(self.components > 0, f"components are {self.components}, expected more than 0")

    def fit(self, inputs: ArrayLike, targets: ArrayLike, seed: int) -> Variables:
        """See `ClassicalModel.fit`; `frequencies` `[D, M]`, `phases` `[M]`, and a `LinearSVM`'s."""
        rows = matrix(inputs)
        random = np.random.default_rng(seed)
        spread = np.sqrt(2 * bandwidth(self.gamma, rows.astype(np.float64)))
        drawn = {
            "frequencies": np.float32(
                random.normal(scale=spread, size=(rows.shape[1], self.components))
            ),
            "phases": np.float32(random.uniform(0, 2 * np.pi, self.components)),
        }
        features = np.asarray(random_features(as_arrays(Variables(drawn, {})), jnp.asarray(rows)))
        linear = LinearSVM(penalty=self.penalty, loss=self.loss).fit(features, targets, seed)
        return Variables({**drawn, **linear.params}, {})

    def predict(self, variables: Variables, inputs: Any) -> dict[str, Array]:
        """See `ClassicalModel.predict`; also `features` `[B, M]`."""
        params = as_arrays(variables)
        features = random_features(params, jnp.asarray(inputs))
        return {"features": features, "logits": linear_logits(params, features)}


def random_features(params: dict[str, Array], inputs: Float[Array, "B D"]) -> Float[Array, "B M"]:
    """`sqrt(2 / M) cos(inputs @ frequencies + phases)`."""
    angles = jnp.matmul(inputs, params["frequencies"], precision=lax.Precision.HIGHEST)
    width = params["phases"].shape[0]
    return np.sqrt(2 / width).astype(np.float32) * jnp.cos(angles + params["phases"])
