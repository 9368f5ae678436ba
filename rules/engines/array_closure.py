"""Linear recursion in two arguments, as matrices: `P = A* B C*`, or `P = B + A P C`.

A clause `P(x, z) if a(x, y) and P(y, z)` multiplies by a from the left, one with
`P(x, y) and c(y, z)` by c from the right, one with `P(x, y) and P(y, z)` closes P itself. The
least solution is then a product of closures (Lehmann, "Algebraic structures for transitive
closure", 1977), see `array_rows.py`. A clause `P(x, z) if a(x, p) and P(p, q) and c(q, z)`
multiplies from both sides, which takes rounds, but none that makes more than bits.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from rules.engines.array_joins import parts
from rules.language import ir
from rules.language.walk import names, walk

__all__ = ["Closure", "closure_of"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Closure:
    """A derived truth about two objects of one entity, as clauses of matrices.

    Attributes:
        base: truths over the parameters x and z.
        left: truths over x and y, for each clause that multiplies from the left.
        right: truths over y and z, for each clause that multiplies from the right.
        square: whether a clause joins the relation with itself.
        both: truths over x and p, then over q and z, for each clause that multiplies from both
            sides, none of them if there are others of `left`, `right` and `square`.

    Truths stand beside what the clause calls y, p or q.
    """

    base: tuple[ir.Expr, ...]
    left: tuple[tuple[ir.Expr, str], ...]
    right: tuple[tuple[ir.Expr, str], ...]
    square: bool
    both: tuple[tuple[ir.Expr, str, ir.Expr, str], ...] = ()


def closure_of(item: ir.Derived) -> Closure | None:
    """What a recursive truth is as matrices; None when it is not of this form."""
    if len(item.parameters) != 2 or len({binding.entity for binding in item.parameters}) != 1:
        return None
    base: list[ir.Expr] = []
    left: list[tuple[ir.Expr, str]] = []
    right: list[tuple[ir.Expr, str]] = []
    both: list[tuple[ir.Expr, str, ir.Expr, str]] = []
    square = False
    for clause in item.clauses:
        if item.name not in names(clause):
            base.append(clause)
            continue
        if (sides := _sides(item, clause)) is not None:
            both.append(sides)
            continue
        factor = _factor(item, clause)
        if factor is None:
            return None
        side, truths, between = factor
        if side == "square":
            square = True
        else:
            (left if side == "left" else right).append((_and(truths), between))
    if both and (left or right or square):
        return None
    return Closure(
        base=tuple(base), left=tuple(left), right=tuple(right), square=square, both=tuple(both)
    )


def _factor(item: ir.Derived, clause: ir.Expr) -> tuple[str, list[ir.Expr], str] | None:
    """Which side a recursive clause multiplies from, by what, and its name for y."""
    if not (isinstance(clause, ir.Quantified) and clause.kind == "some"):
        return None
    if len(clause.bindings) != 1 or clause.bindings[0].entity != item.parameters[0].entity:
        return None
    x, z, y = (binding.name for binding in (*item.parameters, *clause.bindings))
    parted = _parted(item, clause)
    if parted is None:
        return None
    truths, own = parted
    about = _variables(truths)
    match sorted(own, key=lambda pair: pair != (x, y)):
        case [pair] if pair == (y, z) and truths and z not in about:
            return "left", truths, y
        case [pair] if pair == (x, y) and truths and x not in about:
            return "right", truths, y
        case [first, second] if first == (x, y) and second == (y, z) and not truths:
            return "square", truths, y
        case _:
            return None


def _sides(item: ir.Derived, clause: ir.Expr) -> tuple[ir.Expr, str, ir.Expr, str] | None:
    """The two factors of a recursive clause that multiplies from both sides."""
    if not (isinstance(clause, ir.Quantified) and clause.kind == "some"):
        return None
    if {binding.entity for binding in clause.bindings} != {item.parameters[0].entity}:
        return None
    parted = _parted(item, clause)
    if parted is None or len(parted[1]) != 1 or len(clause.bindings) != 2:
        return None
    truths, [pair] = parted
    p, q = pair
    if {p, q} != {binding.name for binding in clause.bindings}:
        return None
    x, z = (binding.name for binding in item.parameters)
    left = [truth for truth in truths if _variables([truth]) <= {x, p}]
    right = [truth for truth in truths if _variables([truth]) <= {q, z} and truth not in left]
    if not left or not right or len(left) + len(right) != len(truths):
        return None
    return _and(left), p, _and(right), q


def _parted(
    item: ir.Derived, clause: ir.Quantified
) -> tuple[list[ir.Expr], list[tuple[str, ...]]] | None:
    """What a clause joins: other truths, and the arguments about which it asks itself."""
    truths, own = [], []
    for operand in parts(clause.body, ir.And):
        if item.name not in names(operand):
            truths.append(operand)
        elif isinstance(operand, ir.Ref):
            own.append(tuple(getattr(argument, "name", "") for argument in operand.arguments))
        else:
            return None
    return truths, own


def _variables(truths: Sequence[ir.Expr]) -> set[str]:
    return {node.name for truth in truths for node in walk(truth) if isinstance(node, ir.Variable)}


def _and(truths: list[ir.Expr]) -> ir.Expr:
    return truths[0] if len(truths) == 1 else ir.And(operands=tuple(truths))
