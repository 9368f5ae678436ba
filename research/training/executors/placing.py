"""Host arrays, the same in every process, as arrays on the devices."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from jax.sharding import NamedSharding


def place(tree: Any, shardings: Any) -> Any:
    """Puts host arrays onto the devices.

    Args:
        tree: of arrays.
        shardings: one for all, or a tree of them.
    """

    def one(leaf: Any, sharding: NamedSharding) -> jax.Array:
        host = np.asarray(leaf)
        return jax.make_array_from_callback(host.shape, sharding, lambda index: host[index])

    if isinstance(shardings, NamedSharding):
        return jax.tree.map(lambda leaf: one(leaf, shardings), tree)
    return jax.tree.map(one, tree, shardings)


def local_rows(sharding: NamedSharding, batch_size: int) -> slice:
    """Which rows of a batch this process's devices hold."""
    indices = sharding.addressable_devices_indices_map((batch_size,)).values()
    bounds = [index[0].indices(batch_size) for index in indices if index is not None]
    return slice(min(low for low, _, _ in bounds), max(high for _, high, _ in bounds))
