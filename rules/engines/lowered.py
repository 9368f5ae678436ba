"""What expressions are lowered to: arrays over a batch and over the objects of variables.

A float carries its own unknown: NaN, which arithmetic hands on and which no comparison
holds for. Whole numbers, codes, days and objects carry a mask, truths are pairs (see
`kleene.py`). The batch leads, `[...]`; each free variable of an expression adds one axis.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from rules.engines.array_ops import Array, ArrayOps
from rules.engines.kleene import Truth

__all__ = ["Axes", "Axis", "Code", "Lowered", "Placed", "Space", "each"]


class Code(NamedTuple):
    """Whole numbers, days, objects, or codes of names and texts.

    Attributes:
        value: int32 `[...]`.
        known: bool `[...]`; None when it is known everywhere.
    """

    value: Array
    known: Array | None


Lowered: TypeAlias = Any  # Truth for bool, float32 [...] for float, Code for all else


class Axis(NamedTuple):
    """The objects of an entity that a variable stands for."""

    name: str
    entity: str
    size: int


Axes: TypeAlias = tuple[Axis, ...]


class Placed(NamedTuple):
    """A lowered value and what its axes after those of the batch are.

    Attributes:
        value: arrays `[..., *axes]`, or scalars, which stand for every case and object.
        axes: one for each free variable, in any order.
        fixed: whether it is the same in every step of the recursion that is being solved.
    """

    value: Lowered
    axes: Axes = ()
    fixed: bool = True


def each(function: Callable[..., Array], lowered: Lowered, *arguments: Any) -> Lowered:
    """The same kind of value, with each of its arrays mapped to `function(array, *arguments)`."""
    match lowered:
        case Truth(true=value, possible=mask) | Code(value=value, known=mask):
            mapped = None if mask is None else function(mask, *arguments)
            return type(lowered)(function(value, *arguments), mapped)
        case _:
            return function(lowered, *arguments)


class Space:
    """The axes of a batch, and how arrays over different variables come together.

    Args:
        ops: the primitives to compute with.
        shape: of the batch, `[...]`.
    """

    def __init__(self, ops: ArrayOps, shape: tuple[int, ...]) -> None:
        self.ops = ops
        self.shape = shape

    def align(self, *items: Placed) -> tuple[list[Lowered], Axes]:
        """The values, broadcast to the union of their axes."""
        axes = union(items)
        return [self.move(item, axes) for item in items], axes

    def move(self, item: Placed, axes: Axes) -> Lowered:
        """A value over more axes, or over the same in another order; scalars stay as they are."""
        if item.axes == axes:
            return item.value
        order = sorted(range(len(item.axes)), key=lambda index: axes.index(item.axes[index]))
        dims = [*range(len(self.shape)), *(len(self.shape) + i for i in order)]
        target = [
            *range(len(self.shape)),
            *(len(self.shape) + axes.index(item.axes[index]) for index in order),
        ]

        def moved(array: Array) -> Array:
            if array.ndim == 0:  # of constants, or of a single case
                constant = isinstance(array, np.generic)
                return array if constant else self.ops.spread(array, self.full(axes))
            if order != sorted(order):
                array = self.ops.transpose(array, dims)
            return self.ops.place(array, self.full(axes), target)

        return each(moved, item.value)

    def spread(self, item: Placed, axes: Axes) -> Lowered:
        """A value as arrays of full shape, scalars too."""
        return each(self.ops.spread, self.move(item, axes), self.full(axes))

    def full(self, axes: Axes) -> tuple[int, ...]:
        """The shape of arrays over these axes."""
        return (*self.shape, *(axis.size for axis in axes))


def union(items: Sequence[Placed]) -> Axes:
    """All axes of some values; those of the largest first, which then need not move."""
    ordered = sorted(items, key=lambda item: -math.prod(axis.size for axis in item.axes))
    return tuple(dict.fromkeys(axis for item in ordered for axis in item.axes))
