"""The contract between what is trained for (a task) and how (the trainer)."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import jax

from research.models.network import Variables

Batch = dict[str, Any]
Metrics = dict[str, jax.Array]


class TrainState(NamedTuple):
    """All that one step reads and writes: a pytree of arrays.

    Attributes:
        step: int32 scalar, number of updates made.
        variables: the networks' variables; a task with several networks nests them.
        optimizer: the optimizers' state.
        seed: uint32 scalar; with `step` it determines every random draw of the step.
    """

    step: jax.Array
    variables: Variables
    optimizer: Any
    seed: jax.Array

    def key(self, stream: int) -> jax.Array:
        """The random key of this step for one named stream (a small constant)."""
        root = jax.random.key(self.seed)
        return jax.random.fold_in(jax.random.fold_in(root, stream), self.step)


class Task(Protocol):
    """What a model is trained for: owns its networks, losses, optimizers and metrics."""

    def check(self, examples: Batch) -> None:
        """Raises `ArgumentError` for examples it can't be trained on; host arrays `[N, ...]`."""
        ...

    def init(self, seed: int) -> TrainState:
        """The state before the first step."""
        ...

    def step(self, state: TrainState, batch: Batch) -> tuple[TrainState, Metrics]:
        """One update: pure, jit-compatible; metrics are scalars."""
        ...

    def evaluate(self, variables: Variables, batch: Batch) -> Metrics:
        """Sums over the examples of a batch, weighted by `batch["weight"]` `[B]`.

        Must hold `weight`, the sum of weights, by which the trainer divides.
        """
        ...

    def predict(self, variables: Variables, inputs: Any) -> Metrics:
        """Named outputs for inputs `[B, ...]`, leading axis B."""
        ...
