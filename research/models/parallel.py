"""Modules that see a part of the batch: what crosses the devices, and when.

Under `jit` with sharding a function sees the whole batch and XLA splits the work. Under
`shard_map` and `pmap` it sees one device's share, and whatever is a sum over the batch
must be summed over the devices too. The same code serves both.
"""

from __future__ import annotations

from typing import TypeVar

import jax

DATA_AXIS = "data"

T = TypeVar("T")


def manual() -> bool:
    """Whether the function being traced sees one device's share of the batch."""
    mesh = jax.sharding.get_abstract_mesh()
    return not mesh.empty and DATA_AXIS in mesh.manual_axes


def across_devices(tree: T) -> T:
    """Sums a device's sums over all devices; under `jit` they are complete already."""
    summed: T = jax.lax.psum(tree, DATA_AXIS) if manual() else tree
    return summed
