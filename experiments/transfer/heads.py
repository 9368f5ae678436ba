"""What is read from a sentence's embedding: whether it is negative, and its rating."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from research.models import Dropout
from research.models.pretrained import minilm

_STRENGTHS = (1.0, 10.0, 100.0)


class SentenceRater(nnx.Module):
    """MiniLM's encoder with two linear heads on its embedding of length 1.

    Args:
        dropout: probability of dropping a unit of the embedding in training.
        rngs: stream `params` for the initialisers.
    """

    def __init__(self, *, dropout: float, rngs: nnx.Rngs) -> None:
        self.encoder = minilm.encoder(rngs)
        self.dropout = Dropout(dropout)
        self.readout = nnx.Linear(minilm.WIDTH, 2, rngs=rngs)
        self.mean = nnx.Linear(minilm.WIDTH, 1, rngs=rngs)

    def __call__(
        self, inputs: jax.Array, *, train: bool = False, rngs: nnx.Rngs | None = None
    ) -> dict[str, jax.Array]:
        """Maps tokens int32 `[B, T]` to `features` `[B, 384]`, `logits` `[B, 2]`, `mean` `[B]`."""
        features = minilm.normalised(self.encoder(inputs, train=train, rngs=rngs)["features"])
        dropped = self.dropout(features, deterministic=not train, rngs=rngs)
        return {
            "features": features,
            "logits": self.readout(dropped),
            "mean": self.mean(dropped)[..., 0],
        }


@dataclasses.dataclass(frozen=True, kw_only=True)
class Heads:
    """Linear heads, fitted on the embeddings of a frozen encoder.

    Attributes:
        readout: kernel `[384]` and bias of the log-odds of "negative", 385 numbers.
        mean: the same of the rating.
    """

    readout: tuple[float, ...]
    mean: tuple[float, ...]

    @classmethod
    def fit(
        cls, features: np.ndarray, labels: np.ndarray, grades: np.ndarray, *, held_out: np.ndarray
    ) -> Heads:
        """Logistic and ridge regression; the penalty is the best on the rows held out.

        Args:
            features: embeddings `[N, 384]`.
            labels: 0 or 1 `[N]`.
            grades: ratings `[N]`.
            held_out: bool `[N]`.
        """
        from sklearn.linear_model import LogisticRegression, Ridge

        fitted = ~held_out

        def best(models: list[Any], targets: np.ndarray) -> tuple[float, ...]:
            for model in models:
                model.fit(features[fitted], targets[fitted])
            chosen = max(
                models, key=lambda m: float(m.score(features[held_out], targets[held_out]))
            )
            weights = (*np.ravel(chosen.coef_), *np.ravel(chosen.intercept_))
            return tuple(map(float, weights))

        logistic = [LogisticRegression(C=c, max_iter=500) for c in _STRENGTHS]
        ridge = [Ridge(alpha=1 / c) for c in _STRENGTHS]
        return cls(readout=best(logistic, labels), mean=best(ridge, grades))

    def rating(self, features: np.ndarray) -> np.ndarray:
        """The estimated rating `[N]` of embeddings `[N, 384]`."""
        return np.asarray(features @ np.array(self.mean[:-1]) + self.mean[-1])

    def params(self) -> dict[str, Any]:
        """As parameters of `SentenceRater`."""
        odds, rating = np.array(self.readout, np.float32), np.array(self.mean, np.float32)
        both = np.stack([-odds / 2, odds / 2], -1)
        return {
            "readout": {"kernel": jnp.asarray(both[:-1]), "bias": jnp.asarray(both[-1])},
            "mean": {"kernel": jnp.asarray(rating[:-1, None]), "bias": jnp.asarray(rating[-1:])},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Heads:
        """The inverse of `dataclasses.asdict`."""
        return cls(readout=tuple(data["readout"]), mean=tuple(data["mean"]))
