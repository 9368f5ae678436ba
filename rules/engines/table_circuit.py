"""Truths as a circuit of `and` and `or` over comparisons with constants.

Conditions are taken apart down to comparisons of a value with a constant; `not` is pushed
down to these. What remains has no negation, so where a condition holds and where it could
hold are the same circuit, run once on where its comparisons hold and once on where they
could. Every part is computed once, whatever the number of its uses.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias, TypeVar

import numpy as np

from rules.engines.array_numbers import literal, text_codes
from rules.engines.lowered import Code
from rules.engines.values import FLOAT_MAX, TINY
from rules.language import ir
from rules.language.strata import is_recursive

__all__ = ["FALSE", "FAN_IN", "TRUE", "Circuit", "Gate", "Literal", "circuit"]

FALSE, TRUE = 0, 1  # nodes
FAN_IN = 4

Bound: TypeAlias = float | int
_B = TypeVar("_B", int, float)


class Literal(NamedTuple):
    """Whether a value is within bounds, or whether it is known or missing.

    Attributes:
        field: the value.
        kind: "within", "known" or "missing".
        low, high: inclusive; beyond each other where no value is within.
    """

    field: ir.Expr
    kind: str
    low: Bound = 0
    high: Bound = 0


class Gate(NamedTuple):
    """The `and` or the `or` of two to `FAN_IN` nodes."""

    op: str
    inputs: tuple[int, ...]


Node: TypeAlias = Literal | Gate | None  # None: FALSE and TRUE


class Circuit(NamedTuple):
    """Some truths of a rule set.

    Attributes:
        nodes: each after those it reads; the first two are FALSE and TRUE.
        outputs: the node of each truth asked for.
    """

    nodes: list[Node]
    outputs: list[int]


def circuit(ruleset: ir.Ruleset, conditions: Sequence[ir.Expr]) -> Circuit:
    """The circuit of some conditions.

    Args:
        ruleset: what derives the names that they read.
        conditions: truths without free variables.
    """
    builder = _Builder(ruleset)
    return Circuit(builder.nodes, [builder.node(item, True) for item in conditions])


class _Builder:
    """Nodes in the making; `wanted` is whether an expression or its negation is asked for."""

    def __init__(self, ruleset: ir.Ruleset) -> None:
        self.nodes: list[Node] = [None, None]
        self._index: dict[Literal | Gate, int] = {}
        self._memo: dict[tuple[ir.Expr | str, bool], int] = {}
        self._codes = text_codes(ruleset)
        given = {item.name for item in ruleset.inputs}
        self._params: Mapping[str, ir.Param] = {
            item.name: item for item in ruleset.params if item.name not in given
        }
        # In the order of dependence, so that a chain of any length needs no deep recursion.
        for group in ruleset.strata:
            (item, *_) = group
            truth = isinstance(item.type, ir.BoolType) and not item.parameters
            if truth and not is_recursive(group):
                for wanted in (True, False):
                    inputs = [self.node(clause, wanted) for clause in item.clauses]
                    node = self._join("or" if wanted else "and", inputs)
                    self._memo[item.name, wanted] = node

    def node(self, expr: ir.Expr, wanted: bool) -> int:
        """The node of a truth."""
        key = expr, wanted  # looked up once: its hash is that of the whole tree
        if (found := self._memo.get(key)) is None:
            found = self._memo[key] = self._node(expr, wanted)
        return found

    def _node(self, expr: ir.Expr, wanted: bool) -> int:
        match expr:
            case ir.Const(value=value):
                return TRUE if bool(value) == wanted else FALSE
            case ir.Ref(name=name) if (name, wanted) in self._memo:
                return self._memo[name, wanted]
            case ir.Ref(name=name) if name in self._params:
                return TRUE if bool(self._params[name].value) == wanted else FALSE
            case ir.Not(operand=operand):
                return self.node(operand, not wanted)
            case ir.And(operands=operands) | ir.Or(operands=operands):
                op = "and" if isinstance(expr, ir.And) == wanted else "or"
                return self._join(op, [self.node(operand, wanted) for operand in operands])
            case ir.IsUnknown(operand=operand) if not isinstance(operand.type, ir.BoolType):
                return self._literal(Literal(operand, "missing" if wanted else "known"))
            case ir.Compare():
                return self._compare(expr, wanted)
            case _:
                return self._whole(expr, wanted)

    def _whole(self, expr: ir.Expr, wanted: bool) -> int:
        """A truth that is not taken apart: a field of 0, 1 and missing."""
        return self._literal(Literal(expr, "within", int(wanted), int(wanted)))

    def _compare(self, expr: ir.Compare, wanted: bool) -> int:
        op, field, constant = expr.op, expr.left, self._constant(expr.right)
        if constant is None:
            op, field, constant = _FLIPPED[op], expr.right, self._constant(expr.left)
        if constant is None:
            return self._whole(expr, wanted)
        op = op if wanted else _NEGATED[op]
        ranges = _float_ranges if isinstance(constant, np.floating) else _code_ranges
        return self._join(
            "or", [self._literal(Literal(field, "within", *r)) for r in ranges(op, constant)]
        )

    def _constant(self, expr: ir.Expr) -> np.generic | None:
        """The number or code that an expression always is; None when there is none."""
        if isinstance(expr, ir.Ref) and expr.name in self._params:
            expr = ir.Const(value=self._params[expr.name].value, type=expr.type)
        if not isinstance(expr, ir.Const) or isinstance(expr.type, ir.BoolType):
            return None
        value = literal(expr.value, expr.type, self._codes)
        scalar: np.generic = value.value if isinstance(value, Code) else value
        return None if isinstance(scalar, np.floating) and math.isnan(scalar) else scalar

    def _literal(self, item: Literal) -> int:
        return self._add(item)

    def _join(self, op: str, inputs: Sequence[int]) -> int:
        neutral, decisive = (TRUE, FALSE) if op == "and" else (FALSE, TRUE)
        flat: dict[int, None] = {}
        for node in inputs:
            gate = self.nodes[node]
            nested = isinstance(gate, Gate) and gate.op == op
            flat.update(dict.fromkeys(gate.inputs if nested else (node,)))  # type: ignore[union-attr]
        flat.pop(neutral, None)
        if decisive in flat:
            return decisive
        nodes = sorted(flat)
        while len(nodes) > FAN_IN:
            parts = [nodes[start : start + FAN_IN] for start in range(0, len(nodes), FAN_IN)]
            nodes = [self._gate(op, part) for part in parts]
        return self._gate(op, nodes) if nodes else neutral

    def _gate(self, op: str, inputs: Sequence[int]) -> int:
        return inputs[0] if len(inputs) == 1 else self._add(Gate(op, tuple(inputs)))

    def _add(self, item: Literal | Gate) -> int:
        index = self._index.setdefault(item, len(self.nodes))
        if index == len(self.nodes):
            self.nodes.append(item)
        return index


_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}
_NEGATED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "!=", "!=": "="}


def _code_ranges(op: str, constant: np.generic) -> list[tuple[int, int]]:
    value = int(constant)
    return _ranges(op, value, value - 1, value + 1, ir.INT_MIN, ir.INT_MAX)


def _float_ranges(op: str, constant: np.generic) -> list[tuple[float, float]]:
    value = np.float32(constant)
    before, after = -_successor(-value), _successor(value)
    return _ranges(op, float(value), float(before), float(after), -FLOAT_MAX, FLOAT_MAX)


def _ranges(op: str, value: _B, before: _B, after: _B, least: _B, most: _B) -> list[tuple[_B, _B]]:
    found = {
        "<": [(least, before)],
        "<=": [(least, value)],
        ">": [(after, most)],
        ">=": [(value, most)],
        "=": [(value, value)],
        "!=": [(least, before), (after, most)],
    }[op]
    # Where no value is within, bounds that are numbers of the type.
    return [(low, high) if low <= high else (most, least) for low, high in found]


def _successor(number: np.float32) -> np.float32:
    """The next larger number of docs/numbers.md, where those up to TINY are 0."""
    if number == 0:
        number = np.float32(TINY)
    with np.errstate(over="ignore"):
        after = np.nextafter(number, np.float32(math.inf))
    return np.float32(0) if abs(after) <= TINY else after
