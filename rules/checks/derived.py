"""Derived values and truths: from syntax to IR."""

from __future__ import annotations

from collections.abc import Sequence

from rules.checks.binding import Binder, Place
from rules.checks.collect import Collector
from rules.checks.declarations import derived_type
from rules.checks.entities import refuse_arity, refuse_function_name
from rules.checks.expressions import infer, truth
from rules.checks.promotion import coerce, unbounded
from rules.checks.scope import describe
from rules.errors import RuleError
from rules.language import ir, syntax

__all__ = ["type_derived"]


def type_derived(declarations: Sequence[syntax.DeriveDeclaration], binder: Binder) -> ir.Derived:
    """Checks the declarations of one derived name.

    All clauses get the parameter names of the first.

    Raises:
        RuleError: everything wrong with them.
    """
    first = declarations[0]
    errors, clauses = Collector(), []
    names = [item.name.text for item in first.parameters]
    parameters: tuple[ir.Binding, ...] = ()
    with errors.catch():
        refuse_arity(first.name, len(names))
        if names:
            refuse_function_name(first.name)
    for node in declarations:
        with errors.catch():
            place = binder.place(node, names)
            clauses.append(_clause(node, place))
            parameters = place.parameters
    errors.raise_caught()
    return ir.Derived(
        name=first.name.text,
        type=unbounded(clauses[0].type),
        clauses=tuple(clauses),
        parameters=parameters,
        span=first.span,
    )


def _clause(node: syntax.DeriveDeclaration, place: Place) -> ir.Expr:
    scope = place.scope
    if node.is_clause:
        return place.closed(truth(node.value, scope))
    if node.type is not None:
        declared = derived_type(node.type, scope.entities)
        return coerce(infer(node.value, scope, declared), declared)
    value = infer(node.value, scope)
    if isinstance(value.type, ir.StringType | ir.ObjectType):
        raise RuleError(
            f"{describe(value.type)} is never derived",
            span=node.value.span,
            hint="compare it: derive a truth, derive ... if ... = ...",
        )
    return value
