"""What the rules get to know of a sample, measured beside real garments."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from experiments.fashion_gan.judge import Judge
from experiments.fashion_gan.trays import TRAY, in_trays
from rules.engines.xla import CompiledRuleset

_FAR = 1e6  # from nobody; an infinite distance would count as unknown


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Inspection:
    """The judge, and the real garments that samples are held against.

    Attributes:
        judge: knows the items.
        training: what could have been copied, `[M, P]`, see `thumbnails`.
        scores: of the critic for held-out real garments, ascending `[Q]`.
    """

    judge: Judge
    training: jax.Array
    scores: jax.Array

    def measure(self, images: jax.Array, logits: jax.Array) -> dict[str, jax.Array]:
        """What can be said of each image alone; pure.

        Args:
            images: `[B, 28, 28, 1]`, -1 to 1.
            logits: of the critic, `[B]`.

        Returns:
            `item` int32 `[B]`, `confidence`, `realism` and `copy_distance` float32 `[B]`, and
            the judge's `features` `[B, D]`.
        """
        judged = self.judge.look(images)
        shares = jnp.linspace(0, 1, len(self.scores))
        return {
            "item": judged["probabilities"].argmax(-1).astype(jnp.int32),
            "confidence": judged["probabilities"].max(-1),
            "realism": jnp.interp(logits, self.scores, shares),
            "copy_distance": copy_distances(images, self.training),
            "features": judged["features"],
        }

    def present(
        self, images: jax.Array, logits: jax.Array, decider: CompiledRuleset
    ) -> dict[str, jax.Array]:
        """What the rules see of a tray of images; pure.

        Which images are good enough to be twins of is asked of the rules themselves, so
        that this stands in the rules only.

        Args:
            images: `[B, 28, 28, 1]`, in the order they were made.
            logits: of the critic, `[B]`.
            decider: compiled with the derived truth `good`.
        """
        measured = self.measure(images, logits)
        features = measured.pop("features")
        unknown = jnp.full(len(images), jnp.nan, jnp.float32)
        good = decider({**measured, "twin_distance": unknown}).derived["good"] == 1
        return {**measured, "twin_distance": twin_distances(features, good)}


def thumbnails(images: Any) -> Any:
    """Means of 2x2 pixels as rows `[N, 196]`, from 0 to 1.

    A copy with a little noise, or moved by half a pixel, is still one.
    """
    size, height, width, _ = images.shape
    blocks = images.reshape(size, height // 2, 2, width // 2, 2)
    return (blocks.mean((2, 4)).reshape(size, -1) + 1) / 2


def copy_distances(images: jax.Array, training: jax.Array) -> jax.Array:
    """Root mean square difference in grey to the nearest training image, `[B]`; pure.

    Args:
        images: `[B, 28, 28, 1]`, -1 to 1.
        training: thumbnails `[M, P]`.
    """
    small = thumbnails(images)
    # Nearest by |x|^2 - 2 x.y + |y|^2, then computed anew: there, near ones lose their digits.
    products = (training**2).sum(1) - 2 * small @ training.T
    return jnp.sqrt(((small - training[products.argmin(1)]) ** 2).mean(1))


def twin_distances(features: jax.Array, good: jax.Array) -> jax.Array:
    """Distance to the nearest good image further up the tray, `[B]`; pure.

    Args:
        features: `[B, D]`.
        good: bool `[B]`, whose twin one may not be.
    """
    squared = ((features[:, None] - features[None]) ** 2).sum(-1)
    earlier = jnp.tril(jnp.ones_like(squared, bool), -1) & good[None, :]
    return jnp.minimum(jnp.sqrt(jnp.where(earlier, squared, jnp.inf).min(1)), _FAR)


def limits(measured: Mapping[str, NDArray[Any]], *, strictness: float) -> dict[str, float]:
    """Params of the rules, such that each of two rules rejects that share of real garments.

    Args:
        measured: of held-out real garments, `copy_distance` `[N]` and `features` `[N, D]`.
        strictness: that share.
    """
    features, every = measured["features"], jnp.ones(TRAY, bool)
    twins = [
        np.asarray(twin_distances(jnp.asarray(tray), every[: len(tray)]))
        for tray in np.split(features, range(TRAY, len(features), TRAY))
    ]
    return {
        "copied": float(np.quantile(measured["copy_distance"], strictness)),
        "twins": float(np.quantile(np.concatenate(twins), strictness)),
    }


def measured_in_trays(
    inspection: Inspection, images: NDArray[np.float32], logits: NDArray[np.float32]
) -> dict[str, NDArray[Any]]:
    """`Inspection.measure` for any number of images, on the host."""
    measure = jax.jit(inspection.measure)
    measured: dict[str, NDArray[Any]] = in_trays(
        lambda columns: measure(columns["images"], columns["logits"]),
        {"images": images, "logits": logits},
    )
    return measured
