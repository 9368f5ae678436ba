"""Symbolic values of all kinds, each with whether it is known."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import z3

from rules.checks.solver.comparing import compare
from rules.checks.solver.formulas import Formula, Truth, conj, disj, equal, k3_if, neg, when
from rules.checks.solver.images import Chosen
from rules.checks.solver.keys import key_of, successor
from rules.checks.solver.space import Number, Space
from rules.engines.values import canonical
from rules.language import ir

__all__ = [
    "CODE_BITS",
    "Code",
    "Coded",
    "Numeric",
    "SymbolicValue",
    "choose",
    "compare_values",
    "float_bounds",
    "restrict",
    "within",
]

CODE_BITS = 16

# A member of a list or a text, by a number that stands for it; an int where it is settled.
Code: TypeAlias = int | z3.BitVecRef


class Numeric(NamedTuple):
    """A number, and whether it is known."""

    known: Formula
    number: Number


class Coded(NamedTuple):
    """A name or a text, and whether it is known."""

    known: Formula
    code: Code


SymbolicValue: TypeAlias = Truth | Numeric | Coded


def restrict(value: SymbolicValue, condition: Formula) -> SymbolicValue:
    """The value where the condition holds, else unknown."""
    match value:
        case Truth(holds=holds, possible=possible):
            return Truth(conj(condition, holds), disj(neg(condition), possible))
        case Numeric(known=there, number=number):
            return Numeric(conj(condition, there), number)
        case Coded(known=there, code=code):
            return Coded(conj(condition, there), code)


def within(type_: ir.Type, number: Number) -> Formula:
    """Whether a number lies within the bounds of a type."""
    match type_:
        case ir.IntType(low=low, high=high) | ir.DateType(low=low, high=high):
            return conj(number.at_least(low), neg(number.at_least(high + 1)))
        case ir.FloatType():
            first, last = float_bounds(type_)
            above = True if first is None else number.at_least(first)
            return conj(above, True if last is None else neg(number.at_least(last)))
        case _:
            return True


def float_bounds(type_: ir.FloatType) -> tuple[int | None, int | None]:
    """The keys of the first number within the bounds and of the first one beyond them."""
    low = None if type_.low is None else canonical(type_.low)
    high = None if type_.high is None else canonical(type_.high)
    first = None if low is None else key_of(low)
    last = None if high is None else key_of(high)
    if first is not None and type_.low_open:
        first = successor(first, is_float=True)
    if last is not None and not type_.high_open:
        last = successor(last, is_float=True)
    return first, last


def choose(condition: Truth, then: SymbolicValue, otherwise: SymbolicValue) -> SymbolicValue:
    """The chosen value; unknown where the condition is."""
    if isinstance(then, Truth) and isinstance(otherwise, Truth):
        return k3_if(condition, then, otherwise)
    taken = condition.holds
    there = conj(
        condition.known,
        when(taken, then.known),
        when(neg(taken), otherwise.known),
    )
    if taken is True or taken is False:
        return restrict(then if taken else otherwise, condition.known)
    if isinstance(then, Numeric) and isinstance(otherwise, Numeric):
        number = Chosen(condition=taken, then=then.number, otherwise=otherwise.number)
        return Numeric(there, number)
    assert isinstance(then, Coded) and isinstance(otherwise, Coded)
    return Coded(there, z3.If(taken, _vector(then.code), _vector(otherwise.code)))


def compare_values(space: Space, op: str, left: SymbolicValue, right: SymbolicValue) -> Truth:
    """A comparison: unknown where a side is."""
    there = conj(left.known, right.known)
    held: Formula
    match left, right:
        case Numeric(number=a), Numeric(number=b):
            held = compare(space, op, a, b)
        case Coded(code=a), Coded(code=b):
            same = a == b if isinstance(a, int) and isinstance(b, int) else _vector(a) == b
            held = same if op == "=" else neg(same)
        case Truth(holds=a), Truth(holds=b):
            held = equal(a, b) if op == "=" else neg(equal(a, b))
        case _:
            raise TypeError(f"found {left!r} {op} {right!r}, expected two values of one kind")
    return Truth(conj(there, held), disj(neg(there), held))


def _vector(code: Code) -> z3.BitVecRef:
    return z3.BitVecVal(code, CODE_BITS) if isinstance(code, int) else code
