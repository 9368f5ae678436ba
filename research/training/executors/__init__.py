"""Compiling a step: K steps a dispatch, spread over the devices in one of three ways.

`jit` with sharding lets XLA split one program over the whole batch; `shard_map` and
`pmap` write the program for one device's share. The step is the same function, and so is
what comes out. The carry is donated, and nothing comes back to the host until it asks.
"""

from __future__ import annotations

from collections.abc import Sequence

import jax

from research.data.feeds import Feed
from research.training.executors.executor import Compile, Executor
from research.training.executors.jit import JitExecutor
from research.training.executors.placing import place
from research.training.executors.pmap import PmapExecutor
from research.training.executors.shard_map import ShardMapExecutor
from research.training.sharding import Parallel
from research.training.step import Step

__all__ = ["Compile", "Executor", "executor", "place"]

_KINDS: dict[str, type[Executor]] = {
    "jit": JitExecutor,
    "shard_map": ShardMapExecutor,
    "pmap": PmapExecutor,
}


def executor(
    step: Step, feed: Feed, parallel: Parallel, *, devices: Sequence[jax.Device] | None = None
) -> Executor:
    """The executor that `parallel` names, for a step on the batches of a feed; see `Executor`."""
    return _KINDS[parallel.executor](step, feed, parallel, devices=devices)
