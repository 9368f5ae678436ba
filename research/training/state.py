"""What training reads and writes at every step: one pytree of arrays."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from research.models.network import Tree, Variables
from research.tasks.task import Metrics


class LossScale(NamedTuple):
    """Dynamic loss scaling, for float16 gradients that would vanish otherwise.

    Micikevicius et al., "Mixed Precision Training" (2018).

    Attributes:
        factor: float32 scalar, by which the loss is multiplied before the gradient.
        good_steps: int32 scalar, steps since the factor changed.
    """

    factor: jax.Array
    good_steps: jax.Array


class Health(NamedTuple):
    """What the guard has seen.

    Attributes:
        bad_step: int32 scalar, the step that the guard stopped before; -1 for none.
        skipped: int32 scalar, steps without an update so far.
        in_a_row: int32 scalar, how many of them were the last steps.
        loss: float32 scalar, running mean of the loss; negative infinity before step 1.
    """

    bad_step: jax.Array
    skipped: jax.Array
    in_a_row: jax.Array
    loss: jax.Array

    @classmethod
    def new(cls) -> Health:
        """Before the first step."""
        return cls(jnp.int32(-1), jnp.int32(0), jnp.int32(0), jnp.float32(-jnp.inf))


class TrainState(NamedTuple):
    """All that one step reads and writes.

    Attributes:
        step: int32 scalar, number of steps made.
        variables: the networks' variables.
        optimizer: the optimizers' states, one per update of the task.
        seed: uint32 scalar; with `step` it determines every random draw of the step.
        average: the exponential moving average of the params, or None.
        scale: for float16, or None.
        health: what the guard has seen.
    """

    step: jax.Array
    variables: Variables
    optimizer: tuple[Any, ...]
    seed: jax.Array
    average: Tree | None
    scale: LossScale | None
    health: Health

    @property
    def evaluated(self) -> Variables:
        """What evaluation and inference use: the average where there is one."""
        params = self.variables.params if self.average is None else self.average
        return Variables(params, self.variables.statistics)


class Carry(NamedTuple):
    """What a dispatch reads and writes.

    Attributes:
        state: of the training.
        sums: metrics by name, summed over the steps since the last report.
        steps: float32 scalar, how many steps that are.
    """

    state: TrainState
    sums: Metrics
    steps: jax.Array
