"""The parts of a condition as conjunctions of literals.

A condition has four parts (see program.py), each a disjunction of conjunctions. Negation is
pushed to the facts; `some` becomes variables of the conjunction; `all` is `not some not`.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from rules.engines.rete.program import Comparison, FactType, Literal, Term
from rules.language import ir
from rules.language.walk import children

if TYPE_CHECKING:
    from rules.engines.rete.normal_form import Normaliser

__all__ = ["Conjunction", "Conjunctions", "Domain", "Item", "Scope", "free_variables"]

MAX_LITERALS = 10  # of a conjunction; durable_rules takes 16 patterns, domains and `go` included
MAX_ALTERNATIVES = 20  # of a disjunction
MAX_CONJUNCTIONS = 8  # that an operand of a conjunction may be multiplied out to

COMPLEMENT = {"<": ">=", ">=": "<", ">": "<=", "<=": ">", "=": "!=", "!=": "="}
MIRROR = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!="}


@dataclasses.dataclass(frozen=True, slots=True)
class Domain:
    """A variable, the entity of its objects, and whether these must surely be present."""

    variable: str
    entity: str
    sure: bool


Item: TypeAlias = Literal | Comparison | Domain
Conjunction: TypeAlias = tuple[Item, ...]
Scope: TypeAlias = Mapping[str, str]  # what the variables of an expression are called here


class Conjunctions:
    """The parts of the expressions of one predicate."""

    def __init__(self, owner: Normaliser, dense: bool, *, computes: bool = False) -> None:
        """Takes who makes predicates of our own.

        Args:
            owner: where they are made.
            dense: whether they are dense.
            computes: whether Python compares values, also with constants.
        """
        self._owner = owner
        self._dense = dense
        self._computes = computes

    def parts(self, expr: ir.Expr, scope: Scope, truth: bool, sure: bool) -> list[Conjunction]:
        """Where an expression is surely, or possibly, true or false."""
        expr = self._owner.constant(expr) or expr
        match expr:
            case ir.Const(value=value):
                return [()] if value is truth else []
            case ir.Not(operand=operand):
                return self.parts(operand, scope, not truth, sure)
            case ir.And() | ir.Or() if isinstance(expr, ir.And) is truth:
                return self._product(expr, scope, truth, sure)
            case ir.And() | ir.Or():
                return self._sum(expr, scope, truth, sure)
            case ir.Choose():
                named = self._named(expr.condition, scope)
                choice = _choice(dataclasses.replace(expr, condition=named), truth, sure)
                return self.parts(choice, scope, truth, sure)
            case ir.Quantified(kind=kind) if (kind == "some") is truth:
                return self._join(expr, scope, truth, sure)
            case ir.Quantified():
                # `all` is true, and `some` false, where there is no counterexample.
                example = _example(expr)
                name, terms = self._owner.auxiliary(example, scope, dense=False)
                return [(self._stored(name, terms, False, sure),)]
            case ir.Ref(name=name):
                return [(self._stored(name, self._owner.terms(expr, scope), truth, sure),)]
            case ir.Compare():
                return [self._compared(expr, scope, truth, sure)]
            case _:
                return [self._computed(expr, scope, truth, sure)]

    def _stored(self, name: str, terms: tuple[Term, ...], truth: bool, sure: bool) -> Literal:
        """The literal for a part of a stored truth, by the table of program.py."""
        dense = self._owner.is_dense(name)
        if sure:
            kind = "true" if truth else "false" if dense else "possible"
            return Literal(FactType(kind, name), terms, negated=not truth and not dense)
        kind = ("false" if dense else "possible") if truth else "true"
        return Literal(FactType(kind, name), terms, negated=dense or not truth)

    def _computed(self, expr: ir.Expr, scope: Scope, truth: bool, sure: bool) -> Conjunction:
        name, terms = self._owner.leaf(expr, scope)
        return (self._stored(name, terms, truth, sure),)

    def _product(
        self, expr: ir.And | ir.Or, scope: Scope, truth: bool, sure: bool
    ) -> list[Conjunction]:
        """Where all operands have the part; by predicates of our own where it gets too large."""
        found = [self.parts(operand, scope, truth, sure) for operand in expr.operands]
        while not _fits(found):
            sizes = [(len(item), max(map(len, item), default=0)) for item in found]
            worst = max(range(len(found)), key=sizes.__getitem__)
            if sizes[worst] == (1, 1):
                break
            found[worst] = [self._apart(expr.operands[worst], scope, truth, sure)]
        else:
            return [sum(row, ()) for row in itertools.product(*found)]
        grouped = _grouped(expr)
        return [sum((self._apart(operand, scope, truth, sure) for operand in grouped), ())]

    def _sum(
        self, expr: ir.And | ir.Or, scope: Scope, truth: bool, sure: bool
    ) -> list[Conjunction]:
        """Where an operand has the part; by predicates of our own where there are many."""
        found = [self.parts(operand, scope, truth, sure) for operand in expr.operands]
        if sum(map(len, found)) > MAX_ALTERNATIVES:
            grouped = _grouped(expr)
            found = [[self._apart(operand, scope, truth, sure)] for operand in grouped]
        return [conjunction for part in found for conjunction in part]

    def _join(
        self, expr: ir.Quantified, scope: Scope, truth: bool, sure: bool
    ) -> list[Conjunction]:
        """Where the body has the part for some objects: variables of the conjunction."""
        inner = dict(scope)
        domains: list[Item] = []
        for binding in expr.bindings:
            inner[binding.name] = self._owner.fresh(binding.name)
            domains.append(Domain(inner[binding.name], binding.entity, sure))
        found = self.parts(expr.body, inner, truth, sure)
        if max(map(len, found), default=0) + len(domains) > MAX_LITERALS:
            found = [self._apart(expr.body, inner, truth, sure)]
        return [(*conjunction, *domains) for conjunction in found]

    def _apart(self, expr: ir.Expr, scope: Scope, truth: bool, sure: bool) -> Conjunction:
        name, terms = self._owner.auxiliary(expr, scope, dense=self._dense)
        return (self._stored(name, terms, truth, sure),)

    def _named(self, expr: ir.Expr, scope: Scope) -> ir.Expr:
        """The same truth by one name, so that it can be read twice at the price of one."""
        if not isinstance(expr, ir.And | ir.Or | ir.Choose | ir.Quantified | ir.Not):
            return expr
        name, _ = self._owner.auxiliary(expr, scope, dense=self._dense)
        arguments = tuple(
            ir.Variable(name=item.name, entity=item.entity, type=ir.ObjectType(item.entity))
            for item in free_variables(expr)
        )
        return ir.Ref(name=name, type=ir.BOOL, arguments=arguments)

    def _compared(self, expr: ir.Compare, scope: Scope, truth: bool, sure: bool) -> Conjunction:
        owner = self._owner
        left, right = (owner.constant(side) or side for side in (expr.left, expr.right))
        op = expr.op
        if isinstance(left, ir.Const):
            left, right, op = right, left, MIRROR[op]
        actual = op if truth else COMPLEMENT[op]
        match left, right:
            case ir.Variable(), ir.Variable() | ir.Const():
                return (Comparison(actual, scope[left.name], owner.term(right, scope)),)
            case ir.Ref(), ir.Const() if _ordered(left.type) and not self._computes:
                # What is possible is what is not surely denied.
                tested = (actual if sure else COMPLEMENT[actual], owner.key(right))
                literal = _value(left, owner.terms(left, scope))
                return (dataclasses.replace(literal, tests=(tested,), negated=not sure),)
            case ir.Ref(), ir.Ref() if self._dense and _ordered(left.type) and left != right:
                sides = [_value(side, owner.terms(side, scope)) for side in (left, right)]
                names = [f"={side.type.name}{side.terms}" for side in sides]
                named = [
                    dataclasses.replace(side, value=name)
                    for side, name in zip(sides, names, strict=True)
                ]
                return (*named, Comparison(actual, *names))
        return self._computed(expr, scope, truth, sure)


def free_variables(expr: ir.Expr) -> tuple[ir.Binding, ...]:
    """The variables that an expression does not bind itself, as first read."""
    match expr:
        case ir.Variable(name=name, entity=entity):
            return (ir.Binding(name=name, entity=entity),)
        case ir.Quantified(bindings=bindings) | ir.Aggregate(bindings=bindings):
            bound = {binding.name for binding in bindings}
        case _:
            bound = set()
    found = (binding for child in children(expr) for binding in free_variables(child))
    return tuple(dict.fromkeys(binding for binding in found if binding.name not in bound))


def _choice(expr: ir.Choose, truth: bool, sure: bool) -> ir.Expr:
    """A choice of truths by `and`, `or` and `not`, right for the part that is asked for.

    Surely: one of the branches is chosen and has the part. Possibly, which is where it is not
    surely the opposite: each branch is possibly not chosen, or has the part.
    """
    picked, other = expr.condition, ir.Not(operand=expr.condition)
    if sure is truth:
        return ir.Or(
            operands=(
                ir.And(operands=(picked, expr.then)),
                ir.And(operands=(other, expr.otherwise)),
            )
        )
    return ir.And(
        operands=(
            ir.Or(operands=(other, expr.then)),
            ir.Or(operands=(picked, expr.otherwise)),
        )
    )


def _example(expr: ir.Quantified) -> ir.Quantified:
    """What makes a `some` true, or an `all` false."""
    if expr.kind == "some":
        return expr
    return dataclasses.replace(expr, kind="some", body=ir.Not(operand=expr.body))


def _value(ref: ir.Ref, terms: tuple[Term, ...]) -> Literal:
    return Literal(FactType("value", ref.name), terms)


def _ordered(type_: ir.Type) -> bool:
    return not isinstance(type_, ir.BoolType | ir.ObjectType)


def _fits(found: Sequence[Sequence[Conjunction]]) -> bool:
    if sum(max(map(len, part), default=0) for part in found) > MAX_LITERALS:
        return False
    return math.prod(map(len, found)) <= MAX_CONJUNCTIONS or max(map(len, found)) <= 1


def _grouped(expr: ir.And | ir.Or) -> Sequence[ir.Expr]:
    """The operands, in groups where they are many."""
    kind, operands = type(expr), list(expr.operands)
    while len(operands) > MAX_LITERALS:
        starts = range(0, len(operands), MAX_LITERALS)
        chunks = [tuple(operands[start : start + MAX_LITERALS]) for start in starts]
        operands = [chunk[0] if len(chunk) == 1 else kind(operands=chunk) for chunk in chunks]
    return operands
