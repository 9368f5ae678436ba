"""`shard_map`: the program of one device, its sums across the devices written out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.sharding import PartitionSpec

from research.models.parallel import DATA_AXIS
from research.training.executors.executor import Executor
from research.training.state import Carry


class ShardMapExecutor(Executor):
    """A program for one device's share, with sums across the devices written out."""

    def _compiled(self, arguments: Any) -> Callable[..., tuple[Carry, jax.Array]]:
        everywhere, share = PartitionSpec(), PartitionSpec(DATA_AXIS)
        mapped = jax.shard_map(
            self._steps,
            mesh=self.mesh,
            in_specs=(everywhere, everywhere, PartitionSpec(None, DATA_AXIS), share),
            out_specs=(everywhere, everywhere),
            # The sums over devices are in the step; with the check on, JAX adds its own.
            check_vma=False,
        )
        program: Any = jax.jit(mapped, donate_argnums=0).lower(*arguments).compile()
        return program

    def _positions(self) -> jax.Array:
        first = jax.lax.axis_index(DATA_AXIS) * self._share
        return first + jnp.arange(self._share, dtype=jnp.int32)
