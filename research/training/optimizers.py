"""Optimizers, built from plain numbers."""

from __future__ import annotations

import jax
import optax


def adamw(
    *,
    learning_rate: float,
    steps: int,
    warmup: int = 0,
    weight_decay: float = 0.0,
    clip: float = 1.0,
) -> optax.GradientTransformation:
    """AdamW (Loshchilov and Hutter, 2019) under linear warm-up and cosine decay to zero.

    Args:
        learning_rate: peak.
        steps: length of the schedule.
        warmup: steps of linear increase from zero.
        weight_decay: decoupled, on matrices and kernels only (biases and scales keep none).
        clip: largest global norm of the gradient.
    """
    schedule = optax.warmup_cosine_decay_schedule(0.0, learning_rate, warmup, steps)
    return optax.chain(
        optax.clip_by_global_norm(clip),
        optax.adamw(
            schedule,
            weight_decay=weight_decay,
            mask=lambda params: jax.tree.map(lambda leaf: leaf.ndim > 1, params),
        ),
    )
