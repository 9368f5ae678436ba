"""Margins over whole columns: the array form of `robustness.py`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rules.engines import kleene
from rules.engines.array_ops import Array
from rules.engines.array_slack import INFINITE, Slacks
from rules.engines.decisions import DEFAULT
from rules.engines.lowered import Placed
from rules.engines.lowering import Lowering
from rules.engines.robustness import can_change
from rules.language import ir
from rules.language.strata import is_recursive
from rules.language.walk import children

__all__ = ["margin"]

ZERO, ONE = np.float32(0), np.float32(1)
WIDE = 16  # comparisons of one kind, beyond which they are computed in a loop


def margin(ruleset: ir.Ruleset, lowering: Lowering, outcome: Array, rule: Array) -> Array:
    """float32 `[...]`: how far the nearest flip that could change the outcome is.

    Differentiable almost everywhere; the gradient of an infinite or unknown part is 0.

    Args:
        ruleset: a rule set with a decision.
        lowering: of this rule set over the batch.
        outcome: integers `[...]`, as in `Decisions`.
        rule: integers `[...]`, as in `Decisions`.
    """
    ops, robustness = lowering.ops, _Robustness(lowering, ruleset)
    outcome, rule = (ops.convert(array, np.int32) for array in (outcome, rule))
    distances: list[Array] = [INFINITE]
    for rank in range(len(ruleset.ranked)):
        distance = robustness.slacks.magnitude(robustness(ruleset.ranked[rank].condition).value)
        counts = _counts(ruleset, lowering, rank, outcome, rule)
        distances.append(ops.select(counts, distance, INFINITE))
    nearest = ops.nearest(distances)
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
    """float32 robustness of conditions, any finite value where one is unknown.

    Over the free variables of the condition, as `Lowering.placed`.
    """

    def __init__(self, lowering: Lowering, ruleset: ir.Ruleset) -> None:
        self.slacks = Slacks(lowering)
        self._lowering = lowering
        self._ops = lowering.ops
        self._space = lowering.space
        self._derived = {
            group[0].name: group[0]
            for group in ruleset.strata
            if isinstance(group[0].type, ir.BoolType) and not is_recursive(group)
        }
        self._memo: dict[ir.Expr | str, Placed] = {}
        self._measured: dict[ir.Expr | str, bool] = {}
        for name, item in self._derived.items():
            # In the order of dependence, as in the lowering.
            self._measured[name] = any(map(self._is_measured, item.clauses))
            if self._measured[name]:
                axes = lowering.axes(item.parameters)
                farthest = self._farthest(item.clauses)
                self._memo[name] = Placed(self._space.spread(farthest, axes), axes)

    def __call__(self, expr: ir.Expr) -> Placed:
        if expr not in self._memo:
            self._memo[expr] = self._robustness(expr)
        return self._memo[expr]

    def _is_measured(self, expr: ir.Expr) -> bool:
        """Whether a condition has a distance at all: whether it compares numbers."""
        if expr not in self._measured:
            match expr:
                case ir.Compare():
                    found = _is_of_numbers(expr)
                case ir.Ref(name=name):
                    found = self._measured.get(name, False)
                case ir.Not() | ir.And() | ir.Or() | ir.Quantified() | ir.Choose():
                    found = any(map(self._is_measured, children(expr)))
                case _:
                    found = False
            self._measured[expr] = found
        return self._measured[expr]

    def _robustness(self, expr: ir.Expr) -> Placed:
        if not self._is_measured(expr):
            truth = self._lowering.placed(expr)
            return Placed(self._ops.select(truth.value.true, INFINITE, -INFINITE), truth.axes)
        match expr:
            case ir.Not(operand=operand):
                inner = self(operand)
                return inner._replace(value=self._ops.negate(inner.value))
            case ir.And(operands=operands):
                return self._nearest(operands)
            case ir.Or(operands=operands):
                return self._farthest(operands)
            case ir.Quantified():
                return self._over_objects(expr)
            case ir.Ref(name=name, arguments=arguments):
                return self._lowering.about(self._memo[name], arguments)
            case ir.Choose(condition=condition, then=then, otherwise=otherwise):
                items = [self._lowering.placed(condition), self(then), self(otherwise)]
                (chosen, *sides), axes = self._space.align(*items)
                return Placed(self._ops.select(chosen.true, *sides), axes)
            case ir.Compare():
                return self.slacks.of(expr)
        raise TypeError(f"found {expr!r}, expected a truth")

    def _nearest(self, operands: Sequence[ir.Expr], sign: np.float32 = ONE) -> Placed:
        """The least of the known operands, each times a sign."""
        ops = self._ops
        items: list[Placed] = []
        for group in _alike(operands):
            if isinstance(group, list):
                items.append(self.slacks.least(group[0].op, group, sign))
                continue
            item = self._known(group, sign * INFINITE)
            items.append(item._replace(value=ops.multiply(item.value, sign)))
        distances, axes = self._space.align(*items)
        return Placed(ops.nearest(distances), axes)

    def _farthest(self, operands: Sequence[ir.Expr]) -> Placed:
        """The greatest of the known operands."""
        nearest = self._nearest(operands, -ONE)
        return nearest._replace(value=self._ops.negate(nearest.value))

    def _known(self, expr: ir.Expr, neutral: np.float32) -> Placed:
        """The robustness of a condition, and a neutral value where it is unknown."""
        item = self._lowering.placed(expr)
        known = kleene.known(self._ops, item.value)
        if known is None:
            return self(expr)
        (where, distance), axes = self._space.align(Placed(known, item.axes), self(expr))
        return Placed(self._ops.select(where, distance, neutral), axes)

    def _over_objects(self, expr: ir.Quantified) -> Placed:
        """The extreme over the objects that are surely there."""
        ops, bound = self._ops, self._lowering.axes(expr.bindings)
        neutral = -INFINITE if expr.kind == "some" else INFINITE
        items = [self._known(expr.body, neutral), *self._lowering.present(bound)]
        (distance, *presence), axes = self._space.align(*items)
        for truth in presence:
            distance = ops.select(truth.true, distance, neutral)
        free = tuple(axis for axis in axes if axis not in bound)
        inner = tuple(axis for axis in axes if axis in bound)
        distance = self._space.spread(Placed(distance, axes), (*free, *inner))
        for _ in inner:
            distance = (ops.greatest if expr.kind == "some" else ops.least)(distance)
        return Placed(distance, free)


def _alike(operands: Sequence[ir.Expr]) -> list[ir.Expr | list[ir.Compare]]:
    """Operands, where there are many comparisons of one kind together."""
    kinds: dict[str, list[ir.Compare]] = {}
    for operand in operands:
        if isinstance(operand, ir.Compare) and _is_of_numbers(operand):
            kinds.setdefault(operand.op, []).append(operand)
    wide = {op: group for op, group in kinds.items() if len(group) > WIDE}
    rest = [
        operand
        for operand in operands
        if not (isinstance(operand, ir.Compare) and _is_of_numbers(operand) and operand.op in wide)
    ]
    return [*rest, *wide.values()]


def _is_of_numbers(expr: ir.Compare) -> bool:
    return isinstance(expr.left.type, ir.FloatType | ir.IntType)
