"""Optimizers from plain data: names and numbers in, optax out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import optax

from research.arguments import did_you_mean, require
from research.training.optimizers import paths
from research.training.optimizers.methods import METHODS, require_number
from research.training.optimizers.schedules import Schedule, require_options, schedule_by_name


class Optimizer(optax.GradientTransformationExtraArgs):  # type: ignore[misc]
    """An optax transformation that knows its learning rate.

    Attributes:
        learning_rate: a pure function of the number of updates made so far, before
            multipliers by path.
    """

    learning_rate: Schedule

    def __new__(
        cls, transformation: optax.GradientTransformation, learning_rate: Schedule
    ) -> Optimizer:
        """Wraps the transformation."""
        self = super().__new__(cls, *optax.with_extra_args_support(transformation))
        self.learning_rate = learning_rate
        return self

    def learning_rate_of(self, state: Any) -> jax.Array:
        """The learning rate of the next update, float32 scalar, whatever was skipped or repeated.

        Args:
            state: of this optimizer.
        """
        made = optax.tree.get(
            state,
            "count",
            filtering=lambda path, _: path[-1].tuple_name == optax.ScaleByScheduleState.__name__,
        )
        return jnp.asarray(self.learning_rate(made), jnp.float32)


def optimizer(
    name: str,
    *,
    learning_rate: float,
    steps: int | None = None,
    schedule: str | Mapping[str, Any] = "constant",
    weight_decay: float = 0.0,
    decayed: Sequence[str] | None = None,
    clip: float | None = None,
    clip_by: str = "norm",
    multipliers: Sequence[tuple[str, float]] = (),
    frozen: Sequence[str] = (),
    **options: Any,
) -> Optimizer:
    """An optimizer by name.

    The gradient is clipped, made a direction by the named method, and multiplied by minus
    the learning rate and its multiplier. Rules by path are regular expressions, searched
    in paths such as `layers/0/kernel`.

    Args:
        name: `gradient_descent` or `sgd` (the same move: what is a batch is the caller's
            business), `momentum`, `nesterov`, `adagrad`, `rmsprop`, `adam`, `adamw`,
            `lion`, `adafactor`, `muon` (matrices; all else by AdamW).
        learning_rate: peak of the schedule.
        steps: length of the training, for schedules that end.
        schedule: a name, or a mapping with `name` and its numbers; see
            `research.training.optimizers.schedules`.
        weight_decay: decoupled (times learning rate times parameter) for adamw, lion,
            adafactor and muon; for the others the L2 penalty, added to the clipped gradient.
        decayed: rules for what decays; None for all that has two dimensions or more
            (kernels, not biases and scales).
        clip: largest size of the gradient, None for no clipping.
        clip_by: what `clip` bounds: the global `norm`, each `value`, or (`adaptive`) each
            unit's norm relative to its parameters' (Brock et al., 2021).
        multipliers: pairs (rule, factor of the learning rate); the first found counts.
        frozen: rules for what is not trained: no update, no optimizer state, no part in
            the gradient's norm.
        **options: of the method, such as `b2`; all have the usual defaults.

    Raises:
        ArgumentError: for an unknown name or option, a number out of its range, or (from
            `init`) a rule that no parameter's path has.
    """
    require(
        name in METHODS,
        f"optimizer is {name!r}, expected {', '.join(METHODS)}{did_you_mean(str(name), METHODS)}",
    )
    method = METHODS[name]
    require_options(method.direction, options, f"optimizer {name!r}")
    require_number("weight_decay", weight_decay, least=0.0)
    rate = schedule_by_name(schedule, learning_rate, steps=steps)
    for pair in multipliers:
        require(
            not isinstance(pair, str) and len(pair) == 2,
            f"multipliers has {pair!r}, expected pairs (regular expression, factor)",
        )
        require_number(f"the multiplier of {pair[0]!r}", pair[1], least=0.0)
    rules = {
        "decayed": paths.compiled(decayed or (), "decayed"),
        "multipliers": paths.compiled([rule for rule, _ in multipliers], "multipliers"),
        "frozen": paths.compiled(frozen, "frozen"),
    }

    decay = optax.add_decayed_weights(
        weight_decay, paths.matrices if decayed is None else paths.found(rules["decayed"])
    )
    parts = [method.direction(**options)]
    if weight_decay > 0:
        parts.insert(1 if method.decoupled else 0, decay)
    if clip is not None:
        parts.insert(0, _clipping(clip, clip_by))
    parts.append(optax.scale_by_learning_rate(rate))
    if multipliers:
        factors = [factor for _, factor in multipliers]
        parts.append(paths.scale_by_path(list(zip(rules["multipliers"], factors, strict=True))))
    inner = optax.chain(*parts)
    if frozen:
        inner = paths.frozen(inner, rules["frozen"])

    def init(params: Any) -> Any:
        for what, patterns in rules.items():
            paths.require_found(patterns, params, what)
        return inner.init(params)

    return Optimizer(optax.GradientTransformationExtraArgs(init, inner.update), rate)


def adamw(
    *,
    learning_rate: float,
    steps: int,
    warmup: int = 0,
    weight_decay: float = 0.0,
    clip: float = 1.0,
) -> Optimizer:
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
    return optimizer(
        "adamw",
        learning_rate=learning_rate,
        steps=steps,
        schedule={"name": "cosine", "warmup": warmup},
        weight_decay=weight_decay,
        clip=clip,
    )


def _clipping(clip: float, clip_by: str) -> optax.GradientTransformation:
    ways = {
        "norm": optax.clip_by_global_norm,
        "value": optax.clip,
        "adaptive": optax.adaptive_grad_clip,
    }
    require(clip_by in ways, f"clip_by is {clip_by!r}, expected {', '.join(ways)}")
    require(clip > 0, f"clip is {clip}, expected more than 0, or None for no clipping")
    return ways[clip_by](clip)
