"""Operations on several numbers that vary: what follows from the bounds of the operands."""

from __future__ import annotations

import dataclasses
import itertools
import operator
from collections.abc import Sequence
from types import MappingProxyType

import z3

from rules.checks.solver.concrete import compute, operation_name
from rules.checks.solver.exact import float_tie, int_tie
from rules.checks.solver.formulas import Formula, conj, neg
from rules.checks.solver.keys import successor, to_value
from rules.checks.solver.numbers import Variable
from rules.checks.solver.space import Box, Number
from rules.language import ir

__all__ = ["Operation"]

# Beyond float32, and beyond the days there are, only the sign of a result matters.
_EXACT = MappingProxyType(
    {
        "+": operator.add,
        "-": operator.sub,
        "*": operator.mul,
        "/": operator.truediv,
        "date +": operator.add,
        "date -": operator.sub,
    }
)


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Operation:
    """An operation on numbers that vary, and its result."""

    node: ir.Expr
    operands: tuple[Number, ...]
    result: Variable
    defined: Formula

    @property
    def names(self) -> tuple[str, ...]:
        """See `numbers.Tie`."""
        own = (self.result.name,)
        return own if isinstance(self.defined, bool) else (*own, self.defined.decl().name())

    @property
    def divides(self) -> bool:
        """Whether there is no result where the second operand is zero."""
        return operation_name(self.node) in ("/", "mod")

    @property
    def divisor_is_zero(self) -> Formula:
        """Whether it is."""
        divisor = self.operands[1]
        return conj(
            divisor.at_least(0), neg(divisor.at_least(successor(0, is_float=divisor.is_float)))
        )

    def at(self, keys: Sequence[int]) -> int | None:
        """The key of the result for operands with these keys; None where there is none."""
        return compute(self.node, self.operands, keys)

    def never_defined(self, boxes: Sequence[Box]) -> bool:
        """Whether there is no result for any operands within boxes; False if that is hard."""
        return (
            all(low == high for low, high in boxes) and self.at([low for low, _ in boxes]) is None
        )

    def always_defined(self, boxes: Sequence[Box]) -> bool:
        """Whether there is a result for all operands within boxes; False if that is hard."""
        image = self.image(boxes)
        return image is not None and self.result.low <= image[0] <= image[1] <= self.result.high

    def image(self, boxes: Sequence[Box]) -> Box | None:
        """The keys between which the results are, where there are any; None if that is hard.

        Between the ends of its operands no operation leaves what it gives there: it is
        monotone in each of them, if not always in one direction, and rounding keeps order.
        Ends beyond what the result can be stand for operands without a result.
        """
        if all(low == high for low, high in boxes):
            point = self.at([low for low, _ in boxes])
            return None if point is None else (point, point)
        if operation_name(self.node) == "mod" or (self.divides and boxes[1][0] <= 0 <= boxes[1][1]):
            return None
        corners = [self._corner(keys) for keys in itertools.product(*(set(box) for box in boxes))]
        return min(corners), max(corners)

    def _corner(self, keys: Sequence[int]) -> int:
        key = self.at(keys)
        if key is not None:
            return key
        parts = zip(keys, self.operands, strict=True)
        exact = _EXACT[operation_name(self.node)](
            *(to_value(k, is_float=n.is_float) for k, n in parts)
        )
        return self.result.high + 1 if exact > 0 else self.result.low - 1

    def exact(self) -> z3.BoolRef:
        """See `numbers.Tie`."""
        tie = float_tie if isinstance(self.node.type, ir.FloatType) else int_tie
        return tie(self.node, self.operands, self.result, self.defined)
