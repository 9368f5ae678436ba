"""The contract between what is trained for (a task) and how (the trainer)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import jax
import optax

from research.models.network import Variables

Batch = dict[str, Any]
Metrics = dict[str, jax.Array]


class Objective(NamedTuple):
    """What an update minimises, as sums over the examples at hand.

    Sums, not means, so that the trainer may add up the parts of a batch that is spread
    over devices, hosts or accumulation steps, and divide once: exactly the whole batch's
    mean, whether it counts examples or tokens.

    Attributes:
        loss: float32 scalar, summed.
        weight: float32 scalar, by which the sums are divided in the end.
        metrics: sums by name, divided by the same weight.
        statistics: what the forward pass moved; the tree of `variables.statistics`.
    """

    loss: jax.Array
    weight: jax.Array
    metrics: Metrics
    statistics: Any


@dataclasses.dataclass(frozen=True, kw_only=True)
class Update:
    """One optimizer's move within a step. A GAN makes two, one after the other.

    Attributes:
        loss: `(variables, batch, keys) -> Objective`, pure; `keys` are typed PRNG keys
            `[B]`, one per example, and nothing else may be random. Every repetition has keys
            of its own, and the last repetitions of a step's updates have the same, so that
            what two of them compute alike is computed once.
        optimizer: any optax transformation.
        part: the key of `params` whose subtree it moves; None moves all.
        repeat: how often in a row.
    """

    loss: Callable[[Variables, Batch, jax.Array], Objective]
    optimizer: optax.GradientTransformation
    part: str | None = None
    repeat: int = 1


class Task(Protocol):
    """What a model is trained for: owns its networks, losses, optimizers and metrics."""

    @property
    def updates(self) -> Sequence[Update]:
        """What one step does, in order."""
        ...

    def check(self, examples: Batch) -> None:
        """Raises `ArgumentError` for examples it can't be trained on; host arrays `[N, ...]`."""
        ...

    def init(self, key: jax.Array) -> Variables:
        """The variables before the first step."""
        ...

    def evaluate(self, variables: Variables, batch: Batch) -> Metrics:
        """Sums over the examples of a batch, weighted by `batch["weight"]` `[B]`.

        Must hold `weight`, the sum of weights, by which the trainer divides.
        """
        ...

    def predict(self, variables: Variables, inputs: Any) -> Metrics:
        """Named outputs for inputs `[B, ...]`, leading axis B."""
        ...
