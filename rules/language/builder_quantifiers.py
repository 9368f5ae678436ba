"""Quantifiers, aggregates and functions of the Python builder."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias, TypeGuard

from rules.language import syntax
from rules.language.builder_handles import Relation
from rules.language.builder_places import Places
from rules.language.builder_terms import Entity, Term, Variable, expression

__all__ = ["Body", "Over", "Quantifiers", "bound"]

Over: TypeAlias = Entity | Variable | Sequence[Entity | Variable]
Body: TypeAlias = Term | bool | int | float | Callable[..., Any]


class Quantifiers:
    """Expressions that are no operators."""

    def __init__(self, places: Places) -> None:
        self._places = places

    def some(self, over: Over, body: Body) -> Term:
        """Whether it holds for some objects: `R.some(Guarantor, lambda g: earns(g) > 3)`."""
        return self._quantified("some", over, body)

    def all(self, over: Over, body: Body) -> Term:
        """Whether it holds for all objects: `R.all((Guarantor, Month), lambda g, m: ...)`."""
        return self._quantified("all", over, body)

    def count(self, over: Over, body: Body) -> Term:
        """How many objects it holds for."""
        return self._quantified("count", over, body)

    def sum(self, over: Over, body: Body, *, where: Body | None = None) -> Term:
        """The sum over the objects for which `where` holds."""
        return self._quantified("sum", over, body, where)

    def min(self, over: Over, body: Body, *, where: Body | None = None) -> Term:
        """The least value over objects; for the smaller of some values see `minimum`."""
        return self._quantified("min", over, body, where)

    def max(self, over: Over, body: Body, *, where: Body | None = None) -> Term:
        """The greatest value over objects; for the greater of some values see `maximum`."""
        return self._quantified("max", over, body, where)

    def mean(self, over: Over, body: Body, *, where: Body | None = None) -> Term:
        """The mean over the objects for which `where` holds."""
        return self._quantified("mean", over, body, where)

    def minimum(self, *values: object) -> Term:
        """The smallest of some values, `min(a, b)` in a rule text."""
        return self._applied("min", values)

    def maximum(self, *values: object) -> Term:
        """The greatest of some values, `max(a, b)` in a rule text."""
        return self._applied("max", values)

    def if_else(self, condition: object, then: object, otherwise: object) -> Term:
        """`if condition then a else b`."""
        parts = [expression(item, self._places) for item in (condition, then, otherwise)]
        span = self._places.here()
        node = syntax.IfElse(condition=parts[0], then=parts[1], otherwise=parts[2], span=span)
        return Term(node, self._places, is_truth=_is_truth(then) and _is_truth(otherwise))

    def any_of(self, conditions: Iterable[object]) -> Term:
        """Whether some of these conditions hold: for loops, `R.any_of(x > n for n in ...)`."""
        return self._joined(syntax.Disjunction, list(conditions), False)

    def all_of(self, conditions: Iterable[object]) -> Term:
        """Whether all of these conditions hold."""
        return self._joined(syntax.Conjunction, list(conditions), True)

    def _joined(
        self,
        kind: type[syntax.Conjunction] | type[syntax.Disjunction],
        conditions: Sequence[object],
        empty: bool,
    ) -> Term:
        span = self._places.here()
        nodes = tuple(expression(item, self._places) for item in conditions)
        node: syntax.Expression = kind(operands=nodes, span=span)
        if not nodes:
            node = syntax.Truth(value=empty, span=span)
        return Term(nodes[0] if len(nodes) == 1 else node, self._places, is_truth=True)

    def _applied(self, function: str, values: Sequence[object]) -> Term:
        span = self._places.here()
        nodes = tuple(expression(item, self._places) for item in values)
        word = syntax.Word(text=function, span=span)
        return Term(syntax.Apply(function=word, arguments=nodes, span=span), self._places)

    def _quantified(self, kind: str, over: Over, body: Body, where: Body | None = None) -> Term:
        span = self._places.here()
        variables, (term, condition) = bound(over, (body, where), self._places)
        if not variables:
            raise TypeError(f"{kind} is about the objects of an entity: R.{kind}(Guarantor, ...)")
        node = syntax.Quantified(
            kind=syntax.Word(text=kind, span=span),
            bindings=tuple(item.parameter for item in variables),
            where=None if condition is None else expression(condition, self._places),
            body=expression(term, self._places),
            span=span,
        )
        return Term(node, self._places, is_truth=kind in ("some", "all"))


def bound(
    over: Over, bodies: Sequence[object], places: Places
) -> tuple[tuple[Variable, ...], list[Any]]:
    """The variables over some objects, and what is said of them.

    Args:
        over: variables; or entities, whose variables are called like the parameters of the
            functions among the bodies.
        bodies: terms, values, functions of the variables, None.
        places: where it is written.

    Raises:
        TypeError: entities without a function, or one with other parameters.
    """
    items = (over,) if isinstance(over, Entity | Variable) else tuple(over)
    for item in items:
        if not isinstance(item, Entity | Variable):
            raise TypeError(f"expected entities or variables, found {item!r}")
    functions = [item for item in bodies if _is_function(item)]
    if not functions:
        variables = tuple(item for item in items if isinstance(item, Variable))
        if len(variables) < len(items):
            raise TypeError(
                "over an entity stands a function of its objects: "
                f"R.some({items[0]!r}, lambda x: ...); or use variables: R.variables('x', "
                f"{items[0]!r})"
            )
        return variables, list(bodies)
    names = list(inspect.signature(functions[0]).parameters)
    if len(names) != len(items):
        entities = ", ".join(map(repr, items)) or "no entity"
        raise TypeError(f"a function of {', '.join(names) or 'nothing'} stands over {entities}")
    variables = tuple(
        item if isinstance(item, Variable) else Variable(name, item, places)
        for name, item in zip(names, items, strict=True)
    )
    return variables, [item(*variables) if _is_function(item) else item for item in bodies]


def _is_function(item: object) -> TypeGuard[Callable[..., Any]]:
    return callable(item) and not isinstance(item, Term | Relation)


def _is_truth(item: object) -> bool:
    return item.is_truth if isinstance(item, Term) else isinstance(item, bool)
