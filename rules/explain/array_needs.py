"""What undecided cases of a batch lack, for rules without entities: `needs.py` in columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rules.engines.array_ops import NUMPY
from rules.engines.arrays import spread_columns
from rules.engines.columns import check_columns
from rules.engines.hit_policy import undecided
from rules.engines.lowering import Lowering
from rules.language import ir
from rules.language.printer import expression_text

__all__ = ["Needs", "host_lowering", "truth_matrix"]

Mask = npt.NDArray[np.bool_]


def host_lowering(ruleset: ir.Ruleset, columns: Mapping[str, Any]) -> Lowering:
    """The expressions of a rule set over columns `[B, ...]`, on NumPy; see `np.errstate`."""
    shape = check_columns(ruleset, columns)
    with np.errstate(all="ignore"):
        return Lowering(ruleset, spread_columns(ruleset, columns, NUMPY, shape), NUMPY, shape)


def truth_matrix(ruleset: ir.Ruleset, lowering: Lowering, count: int) -> npt.NDArray[np.int8]:
    """int8 `[B, R]`: 1 where a rule fires, 0 where it does not, -1 where that is unknown."""
    matrix = np.zeros((count, len(ruleset.ranked)), np.int8)
    for rank, rule in enumerate(ruleset.ranked):
        true, possible = lowering.truth(rule.condition)
        matrix[:, rank] = np.where(true, 1, 0 if possible is None else -(possible.astype(np.int8)))
    return matrix


class Needs:
    """What undecided cases lack.

    Attributes:
        rules: bool `[B, R]`, the rules of unknown truth that could change the outcome.
        inputs: by input name, bool `[B]`, where its value is needed and missing.
        undefined: by expression text, bool `[B]`, where it is needed and has no value though
            its operands have one (a division by zero, an overflow, out of bounds).
    """

    def __init__(self, ruleset: ir.Ruleset, columns: Mapping[str, Any], count: int) -> None:
        """Args: a rule set that decides, and columns `[B]` of cases that are undecided."""
        self.inputs: dict[str, Mask] = {}
        self.undefined: dict[str, Mask] = {}
        self._derived: dict[str, Mask] = {
            item.name: np.zeros(count, bool) for item in ruleset.derived
        }
        self._lowering = host_lowering(ruleset, columns)
        self.rules = _could_change(ruleset, truth_matrix(ruleset, self._lowering, count))
        for rank, rule in enumerate(ruleset.ranked):
            self._visit(rule.condition, self.rules[:, rank])
        # What depends on a derived name comes before it here, so each is visited once.
        for item in reversed(ruleset.derived):
            lacking = self._visit_all(item.clauses, self._derived[item.name])
            if not isinstance(item.type, ir.BoolType):
                _note(self.undefined, item.name, lacking)

    def _visit(self, expr: ir.Expr, where: Mask) -> None:
        """Notes where an expression that is unknown gets it from."""
        if not where.any():
            return
        match expr:
            case ir.Ref(name=name):
                _note(self._derived if name in self._derived else self.inputs, name, where)
            case ir.Not(operand=operand):
                self._visit(operand, where)
            case ir.And(operands=operands) | ir.Or(operands=operands):
                self._visit_all(operands, where)
            case ir.Choose(condition=condition, then=then, otherwise=otherwise):
                rest = self._visit_all((condition,), where)
                chosen = self._lowering.truth(condition).true
                self._visit(then, rest & chosen)
                self._visit(otherwise, rest & ~chosen)
            case ir.Compare(left=left, right=right) | ir.Arithmetic(left=left, right=right):
                _note(self.undefined, expression_text(expr), self._visit_all((left, right), where))
            case ir.Call(arguments=arguments):
                _note(self.undefined, expression_text(expr), self._visit_all(arguments, where))
            case ir.ToFloat(operand=operand):
                self._visit(operand, where)

    def _visit_all(self, operands: Sequence[ir.Expr], where: Mask) -> Mask:
        """Visits the operands that are unknown; returns where none is."""
        rest = where
        for operand in operands:
            unknown = self._lowering.unknown(operand)
            if unknown is not None:
                self._visit(operand, where & unknown)
                rest = rest & ~unknown
        return rest


def _note(found: dict[str, Mask], name: str, where: Mask) -> None:
    if where.any():
        found[name] = found[name] | where if name in found else where


def _could_change(ruleset: ir.Ruleset, truths: npt.NDArray[np.int8]) -> Mask:
    """Bool `[B, R]`; the specification is asked once per distinct row."""
    assert ruleset.decision is not None
    outcomes = [rule.outcome for rule in ruleset.ranked]
    patterns, inverse = np.unique(truths, axis=0, return_inverse=True)
    marks = np.zeros(patterns.shape, bool)
    for row, pattern in enumerate(patterns.tolist()):
        named = [{1: True, 0: False, -1: None}[code] for code in pattern]
        marks[row, undecided(ruleset.decision, outcomes, named)] = True
    return marks[inverse.reshape(-1)]
