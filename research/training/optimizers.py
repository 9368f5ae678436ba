"""Optimizers, built from plain numbers."""

from __future__ import annotations

import jax
import optax

from research.arguments import require


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

    Raises:
        ArgumentError: when a number is out of its range.
    """
    require(learning_rate > 0, f"learning_rate is {learning_rate}, expected more than 0")
    require(0 <= warmup < steps, f"warmup is {warmup}, expected 0 or more and less than {steps=}")
    schedule = optax.warmup_cosine_decay_schedule(0.0, learning_rate, warmup, steps)
    return optax.chain(
        optax.clip_by_global_norm(clip),
        optax.adamw(
            schedule,
            weight_decay=weight_decay,
            mask=lambda params: jax.tree.map(lambda leaf: leaf.ndim > 1, params),
        ),
    )
