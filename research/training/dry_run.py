"""What a training would be, compiled but not run: shapes, shardings, FLOPs, memory."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Collection, Sequence
from typing import Any

import jax

from research.data.feeds import Feed
from research.tasks.task import Task
from research.training.dispatching import dispatch_length
from research.training.executors import executor
from research.training.memory import Memory, size
from research.training.overview import Table, overview
from research.training.sharding import Parallel
from research.training.step import Step, Stepping


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """A compiled training.

    Attributes:
        executor: "jit", "shard_map" or "pmap".
        device: kind of one device.
        mesh: sizes of the mesh's axes by name.
        batch: shape and dtype of each array of a whole batch.
        steps_per_call: steps of one dispatch.
        parameters: the table of parameters.
        memory: on each device.
        flops_per_step: matrix products and convolutions, on all devices together.
        compile_seconds: how long XLA took.
    """

    executor: str
    device: str
    mesh: dict[str, int]
    batch: dict[str, str]
    steps_per_call: int
    parameters: Table
    memory: Memory
    flops_per_step: float
    compile_seconds: float

    def __str__(self) -> str:
        axes = ", ".join(f"{name}={count}" for name, count in self.mesh.items())
        memory = self.memory
        limit = "" if memory.limit is None else f", of {size(memory.limit)}"
        lines = [
            self.parameters.text(max_rows=60),
            "",
            f"executor   {self.executor}, mesh {axes}, {self.device}",
            *(f"batch      {name} {shape}" for name, shape in self.batch.items()),
            f"step       {self.flops_per_step:.3g} FLOPs, {self.steps_per_call} a dispatch, "
            f"compiled in {self.compile_seconds:.1f} s",
            f"memory     {size(memory.total)} on each device{limit}: {size(memory.state)} state, "
            f"{size(memory.examples)} examples, {size(memory.temporary or 0)} temporary",
        ]
        return "\n".join(lines)


def plan(
    task: Task,
    feed: Feed,
    *,
    steps_per_call: int | str = 1,
    every: Collection[int] = (),
    stepping: Stepping = Stepping(),
    parallel: Parallel = Parallel(),
    devices: Sequence[jax.Device] | None = None,
) -> Plan:
    """Compiles a training for some devices; allocates nothing on them.

    Args:
        task: see `fit`.
        feed: of the examples.
        steps_per_call: see `fit`.
        every: steps from one boundary to the next of each kind, for "auto".
        stepping: see `fit`.
        parallel: see `fit`.
        devices: all by default; also those of a `jax.experimental.topologies` description,
            which need not be there.

    Raises:
        ArgumentError: for what `fit` would refuse.
        DoesNotFit: when the memory does not suffice.
    """
    machine = executor(Step(task, stepping), feed, parallel, devices=devices)
    count = dispatch_length(machine, steps_per_call, every=every)
    began = time.monotonic()
    program = machine.program(machine.load(0, count))
    compile_seconds = time.monotonic() - began
    memory = machine.memory(program)
    memory.check()
    return Plan(
        executor=parallel.executor,
        device=next(iter(machine.mesh.devices.flat)).device_kind,
        mesh=dict(machine.mesh.shape),
        batch={name: _shape(array, feed.batch_size) for name, array in feed.head(1).items()},
        steps_per_call=count,
        parameters=overview(machine.abstract.state.variables.params),
        memory=memory,
        flops_per_step=machine.flops_per_step,
        compile_seconds=compile_seconds,
    )


def _shape(array: Any, batch_size: int) -> str:
    return f"{array.dtype}[{', '.join(map(str, (batch_size, *array.shape[1:])))}]"
