"""Metrics of variables over all examples of a set."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from research.data.loading import padded
from research.models.network import Variables
from research.tasks.estimator import Estimator
from research.tasks.task import Batch, Task
from research.training.executors import Compile, place
from research.training.sharding import replicated


class Evaluator:
    """Computes `variables -> metrics`, means over all examples, in batches of one shape.

    Args:
        task: gives `evaluate`.
        examples: host arrays by name, leading axis N, the same in every process. They may
            have a `weight` of their own.
        mesh: over whose axis or axes each batch is split.
        axes: those.
        batch_size: at most; the last batch is padded with weight 0.
    """

    def __init__(
        self,
        task: Task | Estimator,
        examples: Batch,
        *,
        mesh: Mesh,
        axes: tuple[str, ...],
        batch_size: int = 1024,
    ) -> None:
        count = len(next(iter(examples.values())))
        shares = int(np.prod([mesh.shape[axis] for axis in axes]))
        size = -(-min(batch_size, count) // shares) * shares
        weights = np.asarray(examples.get("weight", np.ones(count)), np.float32)
        split = NamedSharding(mesh, PartitionSpec(axes))
        self._batches = [
            place(
                {name: np.asarray(array)[rows] for name, array in examples.items()}
                | {"weight": weights[rows] * mask},
                split,
            )
            for rows, mask in zip(*padded(count, size), strict=True)
        ]
        self._sums = jax.jit(task.evaluate, out_shardings=replicated(mesh))
        self._program: Callable[..., Any] | None = None

    def metrics(self, variables: Variables) -> set[str]:
        """Their names, for variables like these."""
        return set(jax.eval_shape(self._sums, variables, self._batches[0])) - {"weight"}

    def compile(self, variables: Variables, *, compiling: Compile = lambda build: build()) -> None:
        """Compiles for variables like these, unless that is done."""
        if self._program is None:
            lower = self._sums.lower
            self._program = compiling(lambda: lower(variables, self._batches[0]).compile())

    def begin(
        self, variables: Variables, *, poll: Callable[[], None] = lambda: None
    ) -> Callable[[], dict[str, float]]:
        """Starts computing the metrics; what it returns waits for them.

        `poll` is called before each batch and may raise to end it.
        """
        self.compile(variables)
        assert self._program is not None
        parts = []
        for batch in self._batches:
            poll()
            parts.append(self._program(variables, batch))
        return functools.partial(_means, parts)

    def __call__(self, variables: Variables) -> dict[str, float]:
        """The metrics."""
        return self.begin(variables)()


def _means(parts: list[dict[str, jax.Array]]) -> dict[str, float]:
    # Added on the host, in order: an addition on the device would be a program of its own.
    sums = jax.tree.map(lambda *leaves: sum(leaves), *jax.device_get(parts))
    weight = sums.pop("weight")
    return {name: float(value / weight) for name, value in sums.items()}
