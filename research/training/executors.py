"""Compiling a task's step: K steps a dispatch, data-parallel over the devices.

Examples stay on the devices; a dispatch sends only the indices of its batches. The
state is donated, and nothing comes back to the host until the loop asks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from research.arguments import require
from research.data.loading import padded
from research.models.network import Variables
from research.tasks.task import Batch, Metrics, Task, TrainState


class Carry(NamedTuple):
    """What a dispatch reads and writes: the state, and sums of the steps' metrics."""

    state: TrainState
    sums: Metrics


def data_mesh(devices: Sequence[jax.Device] | None = None) -> Mesh:
    """All devices along one axis, `data`; Auto axis types, as flax layers need."""
    devices = jax.devices() if devices is None else devices
    return jax.make_mesh((len(devices),), ("data",), (AxisType.Auto,), devices=devices)


class Executor:
    """Runs a task on fixed examples under `jit` with sharding.

    Args:
        task: gives the pure step.
        examples: arrays by name, leading axis N; replicated onto the devices.
        batch_size: must be divisible by the number of devices.
        mesh: see `data_mesh`.

    Raises:
        ArgumentError: when the batch doesn't divide over the devices.
    """

    def __init__(
        self, task: Task, examples: Batch, *, batch_size: int, mesh: Mesh | None = None
    ) -> None:
        mesh = data_mesh() if mesh is None else mesh
        require(
            batch_size % mesh.size == 0,
            f"batch_size {batch_size} does not divide over {mesh.size} devices: use "
            f"{max(batch_size // mesh.size, 1) * mesh.size}",
        )
        self._task = task
        self._replicated = NamedSharding(mesh, PartitionSpec())
        self._by_example = NamedSharding(mesh, PartitionSpec("data"))
        self._examples = jax.device_put(examples, self._replicated)
        self._batch_size = batch_size
        self._run = jax.jit(self._steps, donate_argnums=0)

    def start(self, state: TrainState) -> Carry:
        """The carry before the first dispatch, on the devices, with the sums at zero."""
        one = jnp.zeros(self._batch_size, jnp.int32)
        carry_of = jax.eval_shape(self._one, Carry(state, {}), self._examples, one)
        sums = {name: jnp.zeros(leaf.shape, leaf.dtype) for name, leaf in carry_of.sums.items()}
        return self.place(Carry(state, sums))

    def place(self, carry: Carry) -> Carry:
        """Puts a restored carry onto the devices."""
        placed: Carry = jax.device_put(carry, self._replicated)
        return placed

    def __call__(self, carry: Carry, indices: np.ndarray) -> Carry:
        """Makes K updates on the batches named by `indices` int32 `[K, B]`; `carry` is consumed."""
        return self._run(carry, self._examples, indices)

    def _one(self, carry: Carry, examples: Batch, index: jax.Array) -> Carry:
        batch = {
            name: jax.lax.with_sharding_constraint(array[index], self._by_example)
            for name, array in examples.items()
        }
        state, metrics = self._task.step(carry.state, batch)
        return Carry(state, {k: carry.sums.get(k, 0.0) + v for k, v in metrics.items()})

    def _steps(self, carry: Carry, examples: Batch, indices: jax.Array) -> Carry:
        # Outside a scan for K = 1: XLA's CPU compiler runs a convolution inside a loop
        # body 6 to 17 times slower.
        if indices.shape[0] == 1:
            return self._one(carry, examples, indices[0])
        carry, _ = jax.lax.scan(
            lambda carry, index: (self._one(carry, examples, index), None), carry, indices
        )
        return carry


def evaluator(
    task: Task, examples: Batch, *, batch_size: int = 1024
) -> Callable[[Variables], dict[str, float]]:
    """Makes `variables -> metrics`, means over all examples, in batches of one shape.

    Args:
        task: gives `evaluate`.
        examples: arrays by name, leading axis N.
        batch_size: at most; the last batch is padded with weight 0.
    """
    count = len(next(iter(examples.values())))
    batches = [
        jax.device_put(
            {name: array[rows] for name, array in examples.items()}
            | {"weight": mask.astype(np.float32)}
        )
        for rows, mask in zip(*padded(count, min(batch_size, count)), strict=True)
    ]
    evaluate = jax.jit(task.evaluate)

    def run(variables: Variables) -> dict[str, float]:
        parts = [evaluate(variables, batch) for batch in batches]
        sums = jax.device_get(jax.tree.map(lambda *leaves: sum(leaves), *parts))
        weight = sums.pop("weight")
        return {name: float(value / weight) for name, value in sums.items()}

    return run
