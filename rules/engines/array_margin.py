"""Margins over whole columns: the array form of `robustness.py`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import numpy as np

from rules.engines import kleene
from rules.engines.array_ops import Array
from rules.engines.decisions import DEFAULT
from rules.engines.lowering import Code, Lowering
from rules.engines.robustness import can_change
from rules.language import ir

__all__ = ["margin"]

ZERO, HALF, ONE, INFINITE = map(np.float32, (0, 0.5, 1, np.inf))


def margin(ruleset: ir.Ruleset, lowering: Lowering, outcome: Array, rule: Array) -> Array:
    """float32 `[...]`: how far the nearest flip that could change the outcome is.

    Differentiable almost everywhere; the gradient of an infinite or unknown part is 0.

    Args:
        ruleset: a rule set with a decision.
        lowering: of this rule set over the batch.
        outcome: int32 `[...]`, as in `Decisions`.
        rule: int32 `[...]`, as in `Decisions`.
    """
    ops, robustness = lowering.ops, _Robustness(lowering, ruleset)
    nearest: Array = INFINITE
    for rank in range(len(ruleset.ranked)):
        distance = robustness.magnitude(robustness(ruleset.ranked[rank].condition))
        counts = _counts(ruleset, lowering, rank, outcome, rule)
        nearer = ops.conjoin(counts, ops.less(distance, nearest))
        nearest = ops.select(nearer, distance, nearest)
    undecided = ops.less(rule, np.int32(DEFAULT))
    return ops.select(undecided, ZERO, nearest)


def _counts(
    ruleset: ir.Ruleset, lowering: Lowering, rank: int, outcome: Array, rule: Array
) -> Array:
    """Bool `[...]`: whether a flip of the rule of this rank could change the outcome."""
    ops, decision, item = lowering.ops, ruleset.decision, ruleset.ranked[rank]
    assert decision is not None
    if decision.policy not in ("first", "priority"):
        known = kleene.known(ops, lowering.truth(item.condition))
        return np.bool_(True) if known is None else known
    ahead = ops.disjoin(ops.less(np.int32(rank), rule), ops.equal(rule, np.int32(DEFAULT)))
    same = ops.equal(outcome, np.int32(decision.outcomes.index(item.outcome)))
    counts = ops.conjoin(ahead, ops.invert(same))
    if can_change(decision, [other.outcome for other in ruleset.ranked], rank):
        counts = ops.disjoin(counts, ops.equal(rule, np.int32(rank)))
    return counts


class _Robustness:
    """float32 `[...]` robustness of conditions, any finite value where one is unknown."""

    def __init__(self, lowering: Lowering, ruleset: ir.Ruleset) -> None:
        self._lowering = lowering
        self._ops = lowering.ops
        self._derived = {
            item.name: item.clauses
            for item in ruleset.derived
            if isinstance(item.type, ir.BoolType)
        }
        self._memo: dict[ir.Expr, Array] = {}

    def __call__(self, expr: ir.Expr) -> Array:
        if expr not in self._memo:
            self._memo[expr] = self._robustness(expr)
        return self._memo[expr]

    def magnitude(self, value: Array) -> Array:
        # Not `abs`: its derivative is 0 at 0, where the slack of an open bound lies.
        return self._ops.select(self._ops.less(value, ZERO), self._ops.negate(value), value)

    def _robustness(self, expr: ir.Expr) -> Array:
        ops = self._ops
        match expr:
            case ir.Not(operand=operand):
                return ops.negate(self(operand))
            case ir.And(operands=operands):
                return self._nearest(operands, INFINITE, ops.less_equal)
            case ir.Or(operands=operands):
                return self._farthest(operands)
            case ir.Ref(name=name) if name in self._derived:
                return self._farthest(self._derived[name])
            case ir.Choose(condition=condition, then=then, otherwise=otherwise):
                chosen = self._lowering.truth(condition).true
                return ops.select(chosen, self(then), self(otherwise))
            case ir.Compare(op=op, left=left, right=right) if isinstance(
                left.type, ir.FloatType | ir.IntType
            ):
                return self._slack(op, self._number(left), self._number(right))
            case _:
                true = self._lowering.truth(expr).true
                return ops.select(true, INFINITE, -INFINITE)

    def _farthest(self, operands: Sequence[ir.Expr]) -> Array:
        ops = self._ops
        return self._nearest(operands, -INFINITE, lambda a, b: ops.less_equal(b, a))

    def _nearest(
        self, operands: Sequence[ir.Expr], neutral: np.float32, before: Callable[..., Array]
    ) -> Array:
        """The first of the known operands under an order."""
        ops = self._ops
        distances = []
        for operand in operands:
            known = kleene.known(ops, self._lowering.truth(operand))
            distance = self(operand)
            distances.append(distance if known is None else ops.select(known, distance, neutral))
        return functools.reduce(lambda a, b: ops.select(before(a, b), a, b), distances)

    def _number(self, expr: ir.Expr) -> Array:
        lowered = self._lowering.lower(expr)
        if isinstance(lowered, Code):
            return self._ops.convert(lowered.value, np.float32)
        return self._ops.select(self._ops.equal(lowered, lowered), lowered, ZERO)

    def _slack(self, op: str, left: Array, right: Array) -> Array:
        ops = self._ops
        scale: Array = ONE
        for side in (self.magnitude(left), self.magnitude(right)):
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
                return ops.negate(self.magnitude(distance))
            case _:
                return self.magnitude(distance)
