"""`pmap`: JAX's older way to run the program of one device on all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from research.models.parallel import DATA_AXIS
from research.training.executors.shard_map import ShardMapExecutor
from research.training.sharding import replicated
from research.training.state import Carry


class PmapExecutor(ShardMapExecutor):
    """The same program under `jax.pmap`, JAX's older way, which it maintains as a wrapper."""

    def _compiled(self, arguments: Any) -> Callable[..., tuple[Carry, jax.Array]]:
        mapped = jax.pmap(
            self._steps,
            axis_name=DATA_AXIS,
            in_axes=(None, None, 0, 0),
            out_axes=(None, None),
            donate_argnums=0,
            devices=list(self.mesh.devices.flat),
        )
        if jax.process_count() > 1:
            # Its compiled form knows global shapes only, its calls local arrays only.
            return lambda *arguments: jax.tree.map(self._everywhere, mapped(*arguments))
        program: Any = mapped.lower(*arguments).compile()
        return program

    def _placed(self, loaded: Any, vote: int) -> tuple[Any, Any]:
        def by_device(leaf: np.ndarray) -> np.ndarray:
            split = leaf.reshape(leaf.shape[0], self._local, self._share, *leaf.shape[2:])
            return np.ascontiguousarray(split.swapaxes(0, 1))

        return jax.tree.map(by_device, loaded), self._votes(vote)

    def _voted(self, vote: int) -> Any:
        return np.full((self._local, 1), vote, np.int32)

    @property
    def _local(self) -> int:
        """Devices of this process."""
        return (self._rows.stop - self._rows.start) // self._share

    def _everywhere(self, local: jax.Array) -> jax.Array:
        """A process's replicated array as every process's."""
        shards = [shard.data for shard in local.addressable_shards]
        sharding = replicated(self.mesh)
        return jax.make_array_from_single_device_arrays(local.shape, sharding, shards)
