"""One training step, written once: a pure function of state and batch.

Whatever surrounds an update is composed here and nowhere else: accumulation over parts
of the batch, sums over the devices, loss scaling, the guard against bad steps, the
moving average. Executors compile it, tasks know nothing of it.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from research.arguments import require
from research.models.network import Variables
from research.models.parallel import across_devices
from research.models.random import example_keys, fold_in
from research.tasks.task import Batch, Metrics, Objective, Task, Update
from research.training.gradient_norm import gradient_norm
from research.training.optimizers import Optimizer, ema
from research.training.paths import by_path
from research.training.state import Health, LossScale, TrainState

_FIRST_SCALE = 2.0**15
_LARGEST_SCALE = 2.0**24
_STEPS_TO_DOUBLE = 2000
_LOSS_MEMORY = 0.98  # a running mean over about fifty steps


@dataclasses.dataclass(frozen=True, kw_only=True)
class Stepping:
    """How a step is made.

    Attributes:
        accumulate: parts that a batch is computed in, one after the other; the gradient
            is exactly the whole batch's, at a fraction of its memory. (Where a network
            normalises by the batch, each part is normalised by itself.)
        ema: decay of the parameters' moving average, which is then evaluated and kept;
            None for none.
        loss_scale: "dynamic", or a fixed factor; for float16. None for none.
        guard: what to do when the loss or the gradient is not finite: "stop" before the
            update, "skip" the update, or "off".
        explosion: a loss (of several updates, the first one's) of more than this many times
            its running mean is as bad as an infinite one; None allows any.
        skips: updates skipped in a row after which to stop after all.

    Raises:
        ArgumentError: when a value can't be used.
    """

    accumulate: int = 1
    ema: float | None = None
    loss_scale: str | float | None = None
    guard: str = "stop"
    explosion: float | None = None
    skips: int = 20

    def __post_init__(self) -> None:
        scale, average = self.loss_scale, self.ema
        require(self.accumulate >= 1, f"accumulate is {self.accumulate}, expected 1 or more")
        require(
            average is None or 0 < average < 1, f"ema is {average}, expected None or 0 < ema < 1"
        )
        require(
            scale in (None, "dynamic") or (isinstance(scale, int | float) and scale > 0),
            f"loss_scale is {scale!r}, expected None, 'dynamic' or a positive number",
        )
        require(
            self.guard in ("stop", "skip", "off"),
            f"guard is {self.guard!r}, expected stop, skip or off",
        )
        require(
            self.explosion is None or self.explosion > 1,
            f"explosion is {self.explosion}, expected None or more than 1",
        )
        require(self.skips >= 1, f"skips is {self.skips}, expected 1 or more")


class Moved(NamedTuple):
    """What one update came to, before anybody judged it."""

    variables: Variables
    optimizer: Any
    metrics: Metrics
    loss: jax.Array
    gradient: Any
    gradient_norm: jax.Array

    def onto(self, state: TrainState, index: int) -> TrainState:
        """The state after this update, the one at `index` among the task's."""
        optimizer = (*state.optimizer[:index], self.optimizer, *state.optimizer[index + 1 :])
        return state._replace(variables=self.variables, optimizer=optimizer)


@dataclasses.dataclass(frozen=True)
class Step:
    """The pure step of a task: `(state, batch, positions) -> (state, metrics)`."""

    task: Task
    options: Stepping = Stepping()

    def init(self, seed: jax.typing.ArrayLike) -> TrainState:
        """The state before the first step; pure, for `jit` and `eval_shape`."""
        variables = self.task.init(jax.random.fold_in(jax.random.key(seed), 0))
        optimizer = tuple(
            update.optimizer.init(_part(variables.params, update)) for update in self.task.updates
        )
        # Copies: donated buffers must not be shared.
        average = jax.tree.map(jnp.copy, variables.params) if self.options.ema else None
        return TrainState(
            step=jnp.zeros((), jnp.int32),
            variables=variables,
            optimizer=optimizer,
            seed=jnp.asarray(seed, jnp.uint32),
            average=average,
            scale=self._first_scale(),
            health=Health.new(),
        )

    def __call__(
        self, state: TrainState, batch: Batch, positions: jax.Array
    ) -> tuple[TrainState, Metrics]:
        """Makes all updates of one step.

        Args:
            state: consumed.
            batch: arrays `[B, ...]`, the whole batch or this device's share.
            positions: int32 `[B]`, of its examples in the whole batch.

        Returns:
            The next state, and scalar metrics of the whole batch: the task's, and
            `gradient_norm` (before clipping), `learning_rate` where the optimizer tells it.
        """
        metrics: Metrics = {}
        moved = state
        usable, losses = jnp.bool_(True), []
        for index, count in self.moves():
            result = self.move(moved, batch, positions, index, count)
            usable &= jnp.isfinite(result.loss) & jnp.isfinite(result.gradient_norm)
            moved = result.onto(moved, index)
            metrics |= result.metrics
            losses.append(result.loss)
        if state.average is not None and self.options.ema is not None:
            average = ema(state.average, moved.variables.params, self.options.ema, state.step)
            moved = moved._replace(average=average)
        return self._judged(state, moved, usable, losses[0]), metrics

    def move(
        self, state: TrainState, batch: Batch, positions: jax.Array, index: int, count: int = 0
    ) -> Moved:
        """One update of a step, for the step itself and for looking into a bad one.

        Args:
            state: at the update.
            batch: arrays `[B, ...]`.
            positions: int32 `[B]`.
            index: of the update among the task's.
            count: which of its repetitions.
        """
        update = self.task.updates[index]
        # Last repetitions draw alike, see `Update`.
        stream = update.repeat - 1 - count
        keys = fold_in(example_keys(state.seed, state.step, positions), stream)
        factor = 1.0 if state.scale is None else state.scale.factor
        gradient, objective = self._gradient(update, state.variables, batch, keys, factor)
        gradient, sums = across_devices((gradient, objective._replace(statistics=())))
        mean = 1 / sums.weight
        gradient = jax.tree.map(lambda leaf: leaf * (mean / factor).astype(leaf.dtype), gradient)
        params = state.variables.params
        old = _part(params, update)
        updates, optimizer = update.optimizer.update(gradient, state.optimizer[index], old)
        new = optax.apply_updates(old, updates)
        variables = Variables(
            new if update.part is None else {**params, update.part: new}, objective.statistics
        )
        prefix = "" if update.part is None else f"{update.part}_"
        metrics = {name: value * mean for name, value in sums.metrics.items()}
        norm = gradient_norm(gradient)
        metrics[f"{prefix}gradient_norm"] = norm
        if isinstance(update.optimizer, Optimizer):
            rate = update.optimizer.learning_rate_of(state.optimizer[index])
            metrics[f"{prefix}learning_rate"] = rate
        return Moved(variables, optimizer, metrics, sums.loss * mean, gradient, norm)

    def moves(self) -> list[tuple[int, int]]:
        """The updates of a step in order: which of the task's, and which of its repetitions."""
        return [
            (index, count)
            for index, update in enumerate(self.task.updates)
            for count in range(update.repeat)
        ]

    def _gradient(
        self, update: Update, variables: Variables, batch: Batch, keys: jax.Array, factor: Any
    ) -> tuple[Any, Objective]:
        """Sums over the examples at hand: of the gradient, times `factor`, and the objective."""

        def scaled(part: Any, statistics: Any, batch: Batch, keys: jax.Array) -> Any:
            params = part if update.part is None else {**variables.params, update.part: part}
            objective = update.loss(Variables(params, statistics), batch, keys)
            return objective.loss * factor, objective

        gradient_of = jax.grad(scaled, has_aux=True)
        part, parts = _part(variables.params, update), self.options.accumulate
        if parts == 1:
            gradient, objective = gradient_of(part, variables.statistics, batch, keys)
            return gradient, objective

        def add(carry: Any, one: Any) -> Any:
            total, sums = carry
            gradient, objective = gradient_of(part, sums.statistics, *one)
            total = jax.tree.map(jnp.add, total, gradient)
            counted = jax.tree.map(
                jnp.add, sums._replace(statistics=()), objective._replace(statistics=())
            )
            return (total, counted._replace(statistics=objective.statistics)), None

        pieces = jax.tree.map(functools.partial(_pieces, count=parts), (batch, keys))
        one = jax.tree.map(lambda leaf: leaf[0], pieces)
        shape = jax.eval_shape(gradient_of, part, variables.statistics, *one)
        total, sums = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shape)
        sums = sums._replace(statistics=variables.statistics)
        # XLA's CPU compiler runs a convolution inside a loop body many times slower.
        unroll = parts if jax.default_backend() == "cpu" else 1
        (gradient, objective), _ = jax.lax.scan(add, (total, sums), pieces, unroll=unroll)
        return gradient, objective

    def _first_scale(self) -> LossScale | None:
        if self.options.loss_scale is None:
            return None
        dynamic = self.options.loss_scale == "dynamic"
        factor = _FIRST_SCALE if dynamic else float(self.options.loss_scale)
        return LossScale(jnp.float32(factor), jnp.int32(0))

    def _judged(
        self, old: TrainState, new: TrainState, usable: jax.Array, loss: jax.Array
    ) -> TrainState:
        """The next state: updated, or as before where the step can't be used."""
        options, health = self.options, old.health
        if options.loss_scale == "dynamic":
            assert old.scale is not None
            new = new._replace(scale=_rescaled(old.scale, usable))
        new = new._replace(step=old.step + 1)
        if options.guard == "off" and options.loss_scale is None:
            return new
        calm = jnp.bool_(True)
        if options.explosion is not None:
            calm = (health.loss <= 0) | (loss <= options.explosion * health.loss)
        running = jnp.where(
            jnp.isneginf(health.loss), loss, _LOSS_MEMORY * health.loss + (1 - _LOSS_MEMORY) * loss
        )
        stopped = health.bad_step >= 0
        good = usable & calm & ~stopped
        # A scale that is too large is no reason to stop: the next one is half of it.
        bad = ~(usable & calm)
        if options.loss_scale == "dynamic":
            assert old.scale is not None
            bad &= ~calm | (old.scale.factor <= 1)
        in_a_row = jnp.where(good, 0, health.in_a_row + 1)
        if options.guard == "stop":
            stop = bad
        elif options.guard == "skip":
            stop = bad & (in_a_row > options.skips)
        else:
            stop = jnp.bool_(False)
        stop = stop & ~stopped
        kept = old._replace(step=new.step, scale=new.scale)
        chosen = jax.tree.map(lambda a, b: jnp.where(good, a, b), new, kept)
        halted = stop | stopped
        return chosen._replace(
            step=jnp.where(halted, old.step, new.step),
            health=Health(
                bad_step=jnp.where(stop, old.step, health.bad_step),
                skipped=health.skipped + (~good & ~halted),
                in_a_row=in_a_row,
                loss=jnp.where(good, running, health.loss),
            ),
        )


def first_not_finite(tree: Any) -> str | None:
    """The path of the first leaf with a NaN or an infinity, `layers/0/kernel`; None for none."""
    for path, leaf in by_path(tree).items():
        if jnp.issubdtype(leaf.dtype, jnp.inexact) and not bool(jnp.isfinite(leaf).all()):
            return path
    return None


def _rescaled(scale: LossScale, usable: jax.Array) -> LossScale:
    good = jnp.where(usable, scale.good_steps + 1, 0)
    due = good >= _STEPS_TO_DOUBLE
    grown = jnp.where(due, jnp.minimum(scale.factor * 2, _LARGEST_SCALE), scale.factor)
    return LossScale(
        jnp.where(usable, grown, jnp.maximum(scale.factor / 2, 1.0)), jnp.where(due, 0, good)
    )


def _part(params: Any, update: Update) -> Any:
    return params if update.part is None else params[update.part]


def _pieces(leaf: jax.Array, *, count: int) -> jax.Array:
    """`[B, ...]` to `[count, B / count, ...]`, piece k with the examples k, k + count, ...

    Strided, so that every device has its share of every piece, and the pieces are the
    same however many devices there are.
    """
    return leaf.reshape(-1, count, *leaf.shape[1:]).swapaxes(0, 1)
