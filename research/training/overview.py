"""The parameters of a model as a table: shape, type, where they lie, how large they are."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import jax
import jax.numpy as jnp

from research.training.paths import by_path

_HEADS = ("parameter", "shape", "dtype", "sharding", "size", "bytes/device")
_RIGHT = (4, 5)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """One array.

    Attributes:
        path: its keys, joined by `/`.
        shape: of the whole array.
        dtype: its name.
        sharding: the mesh axes by which each dimension is split, `replicated`, or `-` where
            the array has no sharding yet.
        size: number of elements.
        bytes_per_device: of the largest share that a device holds.
    """

    path: str
    shape: tuple[int, ...]
    dtype: str
    sharding: str
    size: int
    bytes_per_device: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Table:
    """All arrays of a tree, in its order."""

    rows: tuple[Row, ...]

    @property
    def size(self) -> int:
        """Elements of all arrays."""
        return sum(row.size for row in self.rows)

    @property
    def bytes_per_device(self) -> int:
        """Of all arrays."""
        return sum(row.bytes_per_device for row in self.rows)

    def text(self, max_rows: int | None = None) -> str:
        """Aligned lines with a total.

        Args:
            max_rows: of the largest arrays, in the tree's order; None shows all.
        """
        shown = self.rows
        if max_rows is not None and len(shown) > max_rows:
            largest = sorted(range(len(shown)), key=lambda at: -shown[at].size)[:max_rows]
            shown = tuple(shown[at] for at in sorted(largest))
        lines = [_HEADS, *(_cells(row) for row in shown)]
        if hidden := len(self.rows) - len(shown):
            rest = self.size - sum(row.size for row in shown)
            lines.append((f"... {hidden} smaller", "", "", "", f"{rest:,}", ""))
        lines.append(("total", "", "", "", f"{self.size:,}", _bytes(self.bytes_per_device)))
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(
            "  ".join(
                cell.rjust(width) if at in _RIGHT else cell.ljust(width)
                for at, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in lines
        )

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "size": self.size,
            "bytes_per_device": self.bytes_per_device,
            "parameters": [
                {**dataclasses.asdict(row), "shape": list(row.shape)} for row in self.rows
            ],
        }


def overview(tree: Any) -> Table:
    """The table of a tree.

    Args:
        tree: nested containers of arrays, or of `jax.ShapeDtypeStruct`, with shardings or not.
    """
    return Table(rows=tuple(_row(path, leaf) for path, leaf in by_path(tree).items()))


def _row(path: str, leaf: Any) -> Row:
    sharding = getattr(leaf, "sharding", None)
    shape = tuple(leaf.shape)
    share = shape if sharding is None else sharding.shard_shape(shape)
    return Row(
        path=path,
        shape=shape,
        dtype=str(leaf.dtype),
        sharding=_said(sharding, len(shape)),
        size=math.prod(shape),
        bytes_per_device=math.prod(share) * _item_size(leaf.dtype),
    )


def _item_size(dtype: Any) -> int:
    if jnp.issubdtype(dtype, jax.dtypes.prng_key):
        key = jax.eval_shape(lambda: jax.random.key_data(jax.random.key(0, dtype=dtype)))
        return math.prod(key.shape) * key.dtype.itemsize
    return int(dtype.itemsize)


def _said(sharding: Any, dimensions: int) -> str:
    if sharding is None:
        return "-"
    if sharding.is_fully_replicated:
        return "replicated"
    spec = getattr(sharding, "spec", None)
    if spec is None:
        return str(sharding)
    axes = [*spec, *[None] * (dimensions - len(spec))]
    return ", ".join("+".join(axis) if isinstance(axis, tuple) else axis or "-" for axis in axes)


def _cells(row: Row) -> tuple[str, ...]:
    shape = " x ".join(map(str, row.shape)) or "scalar"
    return (
        row.path,
        shape,
        row.dtype,
        row.sharding,
        f"{row.size:,}",
        _bytes(row.bytes_per_device),
    )


def _bytes(count: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.4g} {unit}"
        count /= 1024
    return f"{count:,.1f} TiB"
