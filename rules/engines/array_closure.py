"""Linear recursion in two arguments, as matrices: `P = A* B C*`.

A clause `P(x, z) if a(x, y) and P(y, z)` multiplies by a from the left, one with
`P(x, y) and c(y, z)` by c from the right, one with `P(x, y) and P(y, z)` closes P itself. The
least solution then needs no rounds: Gauss-Jordan elimination over the boolean semiring, with
32 columns in a word, is Warshall's algorithm ("A theorem on boolean matrices", 1962; for
semirings: Lehmann, "Algebraic structures for transitive closure", 1977).
"""

from __future__ import annotations

import dataclasses

import numpy as np

from rules.engines.array_joins import parts
from rules.engines.array_ops import Array, ArrayOps
from rules.language import ir
from rules.language.walk import names, walk

__all__ = ["Closure", "closure_of", "star_times"]

NONE, ONE, BIT = np.uint32(0), np.uint32(1), np.uint32(31)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Closure:
    """A derived truth about two objects of one entity, as clauses of matrices.

    Attributes:
        base: truths over the parameters x and z.
        left: truths over x and y, for each clause that multiplies from the left.
        right: truths over y and z, for each clause that multiplies from the right.
        square: whether a clause joins the relation with itself.
        between: for each item of `left` and `right`, what the clause calls y.
    """

    base: tuple[ir.Expr, ...]
    left: tuple[tuple[ir.Expr, str], ...]
    right: tuple[tuple[ir.Expr, str], ...]
    square: bool


def closure_of(item: ir.Derived) -> Closure | None:
    """What a recursive truth is as matrices; None when it is not of this form."""
    if len(item.parameters) != 2 or len({binding.entity for binding in item.parameters}) != 1:
        return None
    base: list[ir.Expr] = []
    left: list[tuple[ir.Expr, str]] = []
    right: list[tuple[ir.Expr, str]] = []
    square = False
    for clause in item.clauses:
        if item.name not in names(clause):
            base.append(clause)
            continue
        factor = _factor(item, clause)
        if factor is None:
            return None
        side, truths, between = factor
        if side == "square":
            square = True
        else:
            (left if side == "left" else right).append((_and(truths), between))
    return Closure(base=tuple(base), left=tuple(left), right=tuple(right), square=square)


def _factor(item: ir.Derived, clause: ir.Expr) -> tuple[str, list[ir.Expr], str] | None:
    """Which side a recursive clause multiplies from, by what, and its name for y."""
    if not (isinstance(clause, ir.Quantified) and clause.kind == "some"):
        return None
    if len(clause.bindings) != 1 or clause.bindings[0].entity != item.parameters[0].entity:
        return None
    x, z, y = (binding.name for binding in (*item.parameters, *clause.bindings))
    truths, own = [], []
    for operand in parts(clause.body, ir.And):
        if item.name not in names(operand):
            truths.append(operand)
        elif isinstance(operand, ir.Ref):
            own.append(tuple(getattr(argument, "name", None) for argument in operand.arguments))
        else:
            return None
    about = {node.name for truth in truths for node in walk(truth) if isinstance(node, ir.Variable)}
    match sorted(own, key=lambda pair: pair != (x, y)):
        case [pair] if pair == (y, z) and truths and z not in about:
            return "left", truths, y
        case [pair] if pair == (x, y) and truths and x not in about:
            return "right", truths, y
        case [first, second] if first == (x, y) and second == (y, z) and not truths:
            return "square", truths, y
        case _:
            return None


def _and(truths: list[ir.Expr]) -> ir.Expr:
    return truths[0] if len(truths) == 1 else ir.And(operands=tuple(truths))


def star_times(ops: ArrayOps, left: Array, right: Array) -> Array:
    """Bool `[..., n, m]`: `A* B`, what any number of steps of A and then one of B lead to.

    Args:
        ops: the primitives to compute with.
        left: bool `[..., n, n]`, A.
        right: bool `[..., n, m]`, B; faster when it is the very array A.
    """
    size, width = right.shape[-2:]
    steps = ops.to_bits(left)
    words = steps.shape[-1]
    rows = steps if left is right else ops.join(steps, ops.to_bits(right))
    column = tuple(range(rows.ndim - 1))

    def eliminate(pivot: Array, rows: Array) -> Array:
        # Each row that leads to the pivot gets what the pivot's row has.
        word = ops.at(rows, ops.shift_right(pivot, np.uint32(5)), rows.ndim - 1)
        leads = ops.bit_and(ops.shift_right(word, ops.bit_and(pivot, BIT)), ONE)
        mask = ops.place(ops.subtract(NONE, leads), rows.shape, column)
        row = ops.at(rows, pivot, rows.ndim - 2)
        spread = ops.place(row, rows.shape, (*column[:-1], rows.ndim - 1))
        return ops.bit_or(rows, ops.bit_and(mask, spread))

    rows = ops.repeat(size, eliminate, rows)
    return ops.from_bits(rows if left is right else rows[..., words:], width)
