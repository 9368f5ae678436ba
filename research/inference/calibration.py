"""Making predicted probabilities mean what they say."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike


@dataclasses.dataclass(frozen=True, kw_only=True)
class Calibration:
    """Scaled and shifted logits: `softmax(scale * logits + bias)`.

    One scale is temperature scaling (Guo et al., 2017); with biases it is bias-corrected
    temperature scaling (Alexandari et al., 2020), for two classes the same as Platt's.

    Attributes:
        scale: positive; the inverse temperature.
        bias: one number per class, summing to zero; empty means none.
    """

    scale: float = 1.0
    bias: tuple[float, ...] = ()

    def __call__(self, logits: jax.Array) -> jax.Array:
        """Probabilities `[..., K]` of logits `[..., K]`."""
        shifted = logits * self.scale
        if self.bias:
            shifted = shifted + jnp.asarray(self.bias, logits.dtype)
        return jax.nn.softmax(shifted, axis=-1)

    def to_json(self) -> dict[str, Any]:
        """Plain data, exact."""
        return {"scale": self.scale, "bias": list(self.bias)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Calibration:
        """The inverse of `to_json`."""
        return cls(scale=data["scale"], bias=tuple(data["bias"]))

    @classmethod
    def fit(cls, logits: ArrayLike, labels: ArrayLike, *, bias: bool = True) -> Calibration:
        """Fits on examples the model was not trained on.

        Minimises the log-loss (convex) plus a weak pull towards no change, worth one
        example, without which separable examples would drive the scale to infinity.

        Args:
            logits: `[N, K]`.
            labels: int `[N]`.
            bias: whether to fit the biases too.
        """
        from scipy.optimize import minimize

        rows = np.asarray(logits, np.float64)
        chosen = np.asarray(labels)
        count, classes = rows.shape
        one_hot = np.eye(classes)[chosen]

        def objective(theta: np.ndarray) -> tuple[float, np.ndarray]:
            shifted = rows * theta[0] + theta[1:]
            shifted -= shifted.max(axis=1, keepdims=True)
            log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
            residual = np.exp(log_probabilities) - one_hot
            pull = theta - start
            value = -(log_probabilities * one_hot).sum() + 0.5 * pull @ pull
            gradient = np.append((residual * rows).sum(), residual.sum(axis=0)) + pull
            if not bias:
                gradient[1:] = 0.0
            return value / count, gradient / count

        start = np.append(1.0, np.zeros(classes))
        bounds = [(1e-3, None)] + [(None, None)] * classes
        theta = minimize(objective, start, jac=True, method="L-BFGS-B", bounds=bounds).x
        shift = theta[1:] - theta[1:].mean()
        return cls(scale=float(theta[0]), bias=tuple(map(float, shift)) if bias else ())
