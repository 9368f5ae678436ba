"""Expressions as Python closures: what `semantics.value` finds, without asking what they are.

Truths, comparisons and names are prepared; whatever else there is, `value` evaluates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from rules.engines.semantics import COMPARE, Bound, Facts, value
from rules.engines.values import Value, canonical
from rules.language import ir

__all__ = ["Prepared", "prepare"]

Prepared: TypeAlias = Callable[[Facts, Bound], "Value | None"]


def prepare(expr: ir.Expr) -> Prepared:
    """A function of the facts, and of what the free variables stand for."""
    match expr:
        case ir.Const(value=constant):
            admitted = canonical(constant) if isinstance(constant, float) else constant
            return lambda facts, bound: admitted
        case ir.Ref(name=name, arguments=()):
            return lambda facts, bound: facts.read(name)
        case ir.Ref(name=name, arguments=arguments) if _variables(arguments):
            names = [argument.name for argument in arguments if isinstance(argument, ir.Variable)]
            return lambda facts, bound: facts.read(name, tuple([bound[item] for item in names]))
        case ir.Not(operand=operand):
            return _negation(prepare(operand))
        case ir.And(operands=operands):
            return _connective([prepare(operand) for operand in operands], decisive=False)
        case ir.Or(operands=operands):
            return _connective([prepare(operand) for operand in operands], decisive=True)
        case ir.Compare():
            return _comparison(expr)
        case _:
            return lambda facts, bound: value(expr, facts, bound)


def _variables(arguments: Sequence[ir.Expr]) -> bool:
    return all(isinstance(argument, ir.Variable) for argument in arguments)


def _negation(operand: Prepared) -> Prepared:
    def negation(facts: Facts, bound: Bound) -> bool | None:
        held = operand(facts, bound)
        return None if held is None else not held

    return negation


def _connective(operands: Sequence[Prepared], *, decisive: bool) -> Prepared:
    def connective(facts: Facts, bound: Bound) -> bool | None:
        found: bool | None = not decisive
        for operand in operands:
            held = operand(facts, bound)
            if held is decisive:
                return decisive
            if held is None:
                found = None
        return found

    return connective


def _comparison(expr: ir.Compare) -> Prepared:
    compare, left, right = COMPARE[expr.op], prepare(expr.left), prepare(expr.right)
    match expr:
        case ir.Compare(left=ir.Ref(name=name, arguments=()), right=ir.Const(value=number)):
            constant = canonical(number) if isinstance(number, float) else number

            def threshold(facts: Facts, bound: Bound) -> bool | None:
                found = facts.read(name)
                return None if found is None or constant is None else compare(found, constant)

            return threshold

    def comparison(facts: Facts, bound: Bound) -> bool | None:
        first, second = left(facts, bound), right(facts, bound)
        return None if first is None or second is None else compare(first, second)

    return comparison
