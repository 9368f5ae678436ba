"""Comparisons of symbolic numbers."""

from __future__ import annotations

import dataclasses

import z3

from rules.checks.solver.formulas import Formula, conj, neg
from rules.checks.solver.keys import successor
from rules.checks.solver.numbers import Constant
from rules.checks.solver.space import Number, Space

__all__ = ["Comparison", "compare"]


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """A truth that says whether left >= right, or left = right, of two that vary."""

    held: z3.BoolRef
    is_equality: bool
    operands: tuple[Number, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """See `numbers.Tie`."""
        return (self.held.decl().name(),)

    def exact(self) -> z3.BoolRef:
        """See `numbers.Tie`."""
        left, right = (operand.key() for operand in self.operands)
        return self.held == (left == right if self.is_equality else left >= right)


def compare(space: Space, op: str, left: Number, right: Number) -> Formula:
    """Whether the comparison holds of two numbers of one kind."""
    match op:
        case ">=":
            return _not_below(space, left, right)
        case "<=":
            return _not_below(space, right, left)
        case ">":
            return neg(_not_below(space, right, left))
        case "<":
            return neg(_not_below(space, left, right))
        case "!=":
            return neg(_same(space, left, right))
        case _:
            return _same(space, left, right)


def _not_below(space: Space, left: Number, right: Number) -> Formula:
    """Whether left >= right."""
    if isinstance(right, Constant):
        return left.at_least(right.value)
    if isinstance(left, Constant):
        return neg(right.at_least(successor(left.value, is_float=left.is_float)))
    if left.low >= right.high or left is right:
        return True
    return False if left.high < right.low else _tied(space, left, right, is_equality=False)


def _same(space: Space, left: Number, right: Number) -> Formula:
    if isinstance(left, Constant):
        left, right = right, left
    if isinstance(right, Constant):
        above = left.at_least(successor(right.value, is_float=right.is_float))
        return conj(left.at_least(right.value), neg(above))
    if left.high < right.low or right.high < left.low:
        return False
    return True if left is right else _tied(space, left, right, is_equality=True)


def _tied(space: Space, left: Number, right: Number, *, is_equality: bool) -> z3.BoolRef:
    key = ("compare", is_equality, id(left), id(right))
    if key not in space.made:
        held = space.boolean("same" if is_equality else "not below")
        space.made[key] = held, (left, right)
        space.ties.append(Comparison(held=held, is_equality=is_equality, operands=(left, right)))
    found: z3.BoolRef = space.made[key][0]
    return found
