"""How far comparisons of numbers are from flipping, over whole columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rules.engines.array_ops import Array, ArrayOps
from rules.engines.lowered import Code, Placed
from rules.engines.lowering import Lowering
from rules.language import ir

__all__ = ["INFINITE", "Slacks"]

ZERO, HALF, ONE, INFINITE = map(np.float32, (0, 0.5, 1, np.inf))
NEVER = np.bool_(False)


class Slacks:
    """The signed slack `(a - b) / max(|a|, |b|, 1)` of comparisons, positive where they hold."""

    def __init__(self, lowering: Lowering) -> None:
        self._lowering = lowering
        self._ops = lowering.ops
        self._numbers: dict[ir.Expr, Placed] = {}

    def of(self, expr: ir.Compare) -> Placed:
        """The slack of one comparison, any finite value where it is unknown."""
        sides, axes = self._lowering.space.align(self._number(expr.left), self._number(expr.right))
        return Placed(_slack(self._ops, expr.op, *sides), axes)

    def least(self, op: str, exprs: Sequence[ir.Compare], sign: np.float32) -> Placed:
        """The least, over the known among many comparisons, of their slacks times a sign."""
        lowering, ops = self._lowering, self._ops
        items: list[Placed] = []
        for expr in exprs:
            items += [self._number(expr.left), self._number(expr.right), self._unknown(expr)]
        values, axes = lowering.space.align(*items)

        def distance(left: Array, right: Array, unknown: Array) -> Array:
            slack = ops.multiply(_slack(ops, op, left, right), sign)
            return ops.select(unknown, INFINITE, slack)

        terms = list(zip(values[::3], values[1::3], values[2::3], strict=True))
        return Placed(ops.least_of(distance, terms), axes)

    def magnitude(self, value: Array) -> Array:
        """float32 `[...]`, the absolute value."""
        return _magnitude(self._ops, value)

    def _number(self, expr: ir.Expr) -> Placed:
        if expr not in self._numbers:
            ops, item = self._ops, self._lowering.placed(expr)
            if isinstance(item.value, Code):
                number = ops.convert(item.value.value, np.float32)
            else:
                number = ops.select(ops.equal(item.value, item.value), item.value, ZERO)
            self._numbers[expr] = item._replace(value=number)
        return self._numbers[expr]

    def _unknown(self, expr: ir.Compare) -> Placed:
        masks = []
        for side in (expr.left, expr.right):
            unknown = self._lowering.unknown(side)
            if unknown is not None:
                masks.append(Placed(unknown, self._lowering.placed(side).axes))
        if len(masks) < 2:
            return masks[0] if masks else Placed(NEVER)
        (left, right), axes = self._lowering.space.align(*masks)
        return Placed(self._ops.disjoin(left, right), axes)


def _slack(ops: ArrayOps, op: str, left: Array, right: Array) -> Array:
    scale: Array = ONE
    for side in (_magnitude(ops, left), _magnitude(ops, right)):
        scale = ops.select(ops.less(scale, side), side, scale)
    # Halves, so that the difference of two large numbers does not overflow.
    difference = ops.subtract(ops.multiply(left, HALF), ops.multiply(right, HALF))
    distance = ops.divide(difference, ops.multiply(scale, HALF))
    match op:
        case ">" | ">=":
            return distance
        case "<" | "<=":
            return ops.negate(distance)
        case "=":
            return ops.negate(_magnitude(ops, distance))
        case _:
            return _magnitude(ops, distance)


def _magnitude(ops: ArrayOps, value: Array) -> Array:
    # Not `abs`: its derivative is 0 at 0, where the slack of an open bound lies.
    return ops.select(ops.less(value, ZERO), ops.negate(value), value)
