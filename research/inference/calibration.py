"""Making predicted probabilities mean what they say."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike, NDArray

from research.arguments import require

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Fit = Callable[[Floats, Ints], "Calibration"]
_FOLDS = 5


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
    def fit(cls, logits: ArrayLike, labels: ArrayLike) -> Calibration:
        """Fits on examples the model was not trained on.

        Of no change, a scale, and a scale with biases, takes the one with the lowest
        log-loss over five folds, the simplest of equals: where the model is calibrated
        already, or examples are very few, fitting would only add noise.

        Args:
            logits: `[N, K]`.
            labels: int `[N]`.

        Raises:
            ArgumentError: when they don't fit each other.
        """
        rows, chosen = np.asarray(logits, np.float64), np.asarray(labels)
        require(
            rows.ndim == 2 and chosen.shape == rows.shape[:1],
            f"found logits {rows.shape} and labels {chosen.shape}, expected [N, K] and [N]",
        )
        require(bool(np.isfinite(rows).all()), "logits hold NaN or infinity: did training diverge?")
        require(
            chosen.dtype.kind in "iu" and bool(((chosen >= 0) & (chosen < rows.shape[1])).all()),
            f"labels must be integers from 0 to {rows.shape[1] - 1}",
        )
        if len(rows) < _FOLDS:
            return cls()
        folds = [np.arange(len(rows)) % _FOLDS == k for k in range(_FOLDS)]

        def held_out_loss(fit: Fit) -> float:
            fitted = [fit(rows[~fold], chosen[~fold]) for fold in folds]
            losses = [_losses(f, rows[k], chosen[k]) for f, k in zip(fitted, folds, strict=True)]
            return float(np.concatenate(losses).mean())

        return min(_CANDIDATES, key=held_out_loss)(rows, chosen)


def _scaled(rows: Floats, labels: Ints, *, bias: bool) -> Calibration:
    # Minimises the log-loss (convex) plus a pull towards no change, worth one example,
    # without which separable examples would drive the scale to infinity.
    from scipy.optimize import minimize

    count, classes = rows.shape
    one_hot = np.eye(classes)[labels]

    def objective(theta: Floats) -> tuple[float, Floats]:
        log_probabilities = _log_softmax(rows * theta[0] + theta[1:])
        residual = np.exp(log_probabilities) - one_hot
        pull = theta - start
        value = -(log_probabilities * one_hot).sum() + 0.5 * pull @ pull
        gradient = np.append((residual * rows).sum(), residual.sum(axis=0) * bias) + pull
        return value / count, gradient / count

    start = np.append(1.0, np.zeros(classes))
    bounds = [(1e-3, None)] + [(None, None)] * classes
    theta = minimize(objective, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    shift = theta[1:] - theta[1:].mean()
    return Calibration(scale=float(theta[0]), bias=tuple(map(float, shift)) if bias else ())


def _losses(calibration: Calibration, rows: Floats, labels: Ints) -> Floats:
    bias = np.array(calibration.bias) if calibration.bias else 0.0
    log_probabilities = _log_softmax(rows * calibration.scale + bias)
    return -log_probabilities[np.arange(len(rows)), labels]


def _log_softmax(rows: Floats) -> Floats:
    shifted = rows - rows.max(axis=1, keepdims=True)
    log_probabilities: Floats = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return log_probabilities


# From the simplest on.
_CANDIDATES: tuple[Fit, ...] = (
    lambda rows, labels: Calibration(),
    functools.partial(_scaled, bias=False),
    functools.partial(_scaled, bias=True),
)
