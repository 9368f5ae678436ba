"""Truths as predicates: what durable_rules finds, and the leaves that Python computes.

What would make too many or too long conjunctions, and each `some` that is denied, becomes a
predicate of its own (Tseitin, "On the complexity of derivation in propositional calculus",
1968).
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence

from rules.engines.rete.conjunctions import Conjunctions, Domain, Item, Scope, free_variables
from rules.engines.rete.keys import object_code, value_key
from rules.engines.rete.program import Clause, Comparison, FactType, Leaf, Literal, Predicate, Term
from rules.engines.values import Value, canonical
from rules.language import ir
from rules.language.walk import children

__all__ = ["Normaliser"]

MAX_TESTS = 50  # of one type of fact in one predicate; durable_rules takes 64


class Normaliser:
    """Turns truths into predicates.

    Attributes:
        leaves: the truths that Python has to compute, by name, as they are found.
        predicates: those of our own, each after the ones that it reads.
    """

    def __init__(self, ruleset: ir.Ruleset, texts: Mapping[str, int]) -> None:
        """Args: whose truths; the codes of its texts."""
        self.leaves: dict[str, Leaf] = {}
        self.predicates: dict[str, Predicate] = {}
        self._ruleset = ruleset
        self._texts = texts
        self._params = {item.name: item for item in ruleset.params}
        self._inputs = {item.name: item for item in ruleset.inputs}
        self._dense: set[str] = {
            item.name
            for item in ruleset.inputs
            if isinstance(item.type, ir.BoolType) and not item.parameters
        }
        self._names: dict[tuple[str, ir.Expr, bool], str] = {}
        self._fresh = itertools.count()

    def predicate(
        self,
        name: str,
        clauses: Sequence[ir.Expr],
        parameters: Sequence[ir.Binding] = (),
        *,
        recursive: bool = False,
    ) -> Predicate:
        """The predicate of a truth that one of its clauses makes true.

        Args:
            name: of the predicate.
            clauses: expressions of type bool.
            parameters: what they are about; false where these are not present.
            recursive: whether it reads itself, directly or not.
        """
        body = clauses[0] if len(clauses) == 1 else ir.Or(operands=tuple(clauses))
        dense = not parameters and not recursive and self._is_dense(body)
        return self._define(name, body, parameters, dense=dense, present=True)

    def _define(
        self,
        name: str,
        body: ir.Expr,
        parameters: Sequence[ir.Binding],
        *,
        dense: bool,
        present: bool,
    ) -> Predicate:
        made = self._clauses(name, body, parameters, dense, present, Conjunctions(self, dense))
        if _most_tests(made) > MAX_TESTS:
            computing = Conjunctions(self, dense, computes=True)
            made = self._clauses(name, body, parameters, dense, present, computing)
        if dense:
            self._dense.add(name)
        return Predicate(
            name=name, parameters=tuple(parameters), dense=dense, clauses=tuple(dict.fromkeys(made))
        )

    def _clauses(
        self,
        name: str,
        body: ir.Expr,
        parameters: Sequence[ir.Binding],
        dense: bool,
        present: bool,
        conjunctions: Conjunctions,
    ) -> list[Clause]:
        scope = {item.name: self.fresh(item.name) for item in parameters}
        terms = tuple(scope.values())
        made: list[Clause] = []
        found = FactType("true", name), FactType("false" if dense else "possible", name)
        for head, truth, sure in ((found[0], True, True), (found[1], not dense, dense)):
            domains = [
                Domain(scope[item.name], item.entity, sure and present) for item in parameters
            ]
            for conjunction in conjunctions.parts(body, scope, truth, sure):
                made.append(self._clause(head, terms, (*conjunction, *domains)))
        return made

    def auxiliary(
        self, body: ir.Expr, scope: Scope, *, dense: bool
    ) -> tuple[str, tuple[Term, ...]]:
        """A predicate of our own for a part of a condition: its name, and what it is about."""
        bindings = free_variables(body)
        key = ("predicate", body, dense)
        if key not in self._names:
            name = self._names[key] = self.fresh("#")
            made = self._define(name, body, bindings, dense=dense, present=False)
            self.predicates[name] = made
        return self._names[key], tuple(scope[item.name] for item in bindings)

    def leaf(self, condition: ir.Expr, scope: Scope) -> tuple[str, tuple[Term, ...]]:
        """A truth that Python computes: its name, and what it is about."""
        bindings = free_variables(condition)
        key = ("leaf", condition, True)
        if key not in self._names:
            name = self._names[key] = self.fresh("#")
            self.leaves[name] = Leaf(name=name, parameters=bindings, condition=condition)
            self._dense.add(name)
        return self._names[key], tuple(scope[item.name] for item in bindings)

    def is_dense(self, name: str) -> bool:
        """Whether it is stored where a name is surely false, not where it is possible."""
        return name in self._dense

    def _is_dense(self, expr: ir.Expr) -> bool:
        match expr:
            case ir.Quantified():
                return False
            case ir.Ref(name=name):
                return name in self._dense or name in self._params
            case ir.Not() | ir.And() | ir.Or() | ir.Choose():
                return all(map(self._is_dense, children(expr)))
            case _:
                return not free_variables(expr)

    def constant(self, expr: ir.Expr) -> ir.Const | None:
        """A literal, or the value of a param."""
        if isinstance(expr, ir.Const):
            return expr
        if isinstance(expr, ir.Ref) and expr.name in self._params:
            return ir.Const(value=self._params[expr.name].value, type=expr.type)
        return None

    def key(self, constant: ir.Const) -> int:
        """The key of a constant."""
        value: Value | None = constant.value
        if isinstance(value, float):
            value = canonical(value)
        assert value is not None
        return value_key(constant.type, value, self._texts)

    def term(self, argument: ir.Expr, scope: Scope) -> Term:
        """What stands for an argument of a relation, or for a compared object."""
        if isinstance(argument, ir.Variable):
            return scope[argument.name]
        assert isinstance(argument, ir.Const)
        assert isinstance(argument.value, int | str)
        return object_code(argument.type, argument.value)

    def terms(self, ref: ir.Ref, scope: Scope) -> tuple[Term, ...]:
        """What a reference is about."""
        return tuple(self.term(argument, scope) for argument in ref.arguments)

    def fresh(self, name: str) -> str:
        """A name that nothing else has."""
        return f"{name}.{next(self._fresh)}"

    def _clause(self, head: FactType, terms: tuple[Term, ...], items: Sequence[Item]) -> Clause:
        literals = _merged([item for item in items if isinstance(item, Literal)])
        domains = [item for item in items if isinstance(item, Domain)]
        bound = {term for item in literals if not item.negated for term in item.terms}
        for item in domains:
            fixed = self._ruleset.entity[item.entity].domain is not None
            # What a case tells and what is found is always about objects that may be there.
            if item.variable in bound and (fixed or not item.sure):
                continue
            kind = "present" if item.sure and not fixed else "listed"
            literals.append(Literal(FactType(kind, item.entity), (item.variable,)))
        return Clause(
            head=head,
            terms=terms,
            literals=tuple(dict.fromkeys(literals)),
            comparisons=tuple(
                dict.fromkeys(item for item in items if isinstance(item, Comparison))
            ),
        )


def _merged(literals: Sequence[Literal]) -> list[Literal]:
    """One literal for all tests of a value."""
    found: list[Literal] = []
    places: dict[tuple[FactType, tuple[Term, ...]], int] = {}
    for item in literals:
        key = item.type, item.terms
        if item.type.kind != "value" or item.negated:
            found.append(item)
        elif key not in places:
            places[key] = len(found)
            found.append(item)
        else:
            other = found[places[key]]
            found[places[key]] = dataclasses.replace(
                other,
                tests=tuple(dict.fromkeys((*other.tests, *item.tests))),
                value=other.value or item.value,
            )
    return found


def _most_tests(clauses: Sequence[Clause]) -> int:
    """How many tests of one type of fact there are; those that begin alike are shared."""
    tests: dict[FactType, set[object]] = {}
    for literal in (literal for clause in clauses for literal in clause.literals):
        chain = (*enumerate(literal.terms), *sorted(literal.tests))
        own = [item for item in chain if not isinstance(item[1], str)]
        starts = (tuple(own[: length + 1]) for length in range(len(own)))
        tests.setdefault(literal.type, set()).update(starts)
    return max(map(len, tests.values()), default=0)
