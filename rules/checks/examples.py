"""The test blocks of a rule text: from syntax to IR."""

from __future__ import annotations

import dataclasses

from rules.checks.binding import Binder
from rules.checks.collect import Collector
from rules.checks.decisions import check_outcome
from rules.checks.expressions import truth
from rules.checks.given import objects_of, type_given
from rules.checks.scope import Scope
from rules.errors import RuleError, did_you_mean
from rules.language import ir, syntax

__all__ = ["type_test"]

Expectation = ir.ExpectOutcome | ir.ExpectRule | ir.ExpectTruth


def type_test(
    node: syntax.TestDeclaration,
    *,
    inputs: frozenset[str],
    params: frozenset[str],
    rules: frozenset[str],
    decision: ir.Decision | None,
    scope: Scope,
    binder: Binder,
) -> ir.Test:
    """Checks a test block.

    Args:
        node: the block.
        inputs: names of the declared inputs.
        params: names of the declared params.
        rules: names of the rules.
        decision: what is decided; None when the text has no decision, or one with an error.
        scope: the names an expectation may read.
        binder: knows the variables of the expectations.

    Raises:
        RuleError: everything wrong with it.
    """
    errors = Collector()
    given: list[ir.Given] = []
    with errors.catch():
        given = type_given(node.given, inputs, params, scope)
    named = objects_of(node.given, scope)
    expectations: list[Expectation] = []
    for item in node.expectations:
        with errors.catch():
            if isinstance(item, syntax.Firing):
                expectations.append(_firing(item, rules, scope))
            else:
                place = binder.place(item)
                here = dataclasses.replace(place.scope, objects=named)
                expectations.append(_holds(item, rules, decision, here))
    errors.raise_caught()
    return ir.Test(
        title=node.title.text,
        given=tuple(given),
        expectations=tuple(expectations),
        span=node.span,
    )


def _firing(node: syntax.Firing, rules: frozenset[str], scope: Scope) -> ir.ExpectRule:
    if node.rule.text not in rules:
        raise RuleError(
            f"there is no rule {node.rule.text}",
            span=node.rule.span,
            hint=did_you_mean(node.rule.text, sorted(rules)),
        )
    because = None
    if node.because is not None:
        fact = syntax.Name(text=node.because.text, span=node.because.span)
        truth(fact, scope)
        because = node.because.text
    return ir.ExpectRule(rule=node.rule.text, fires=node.fires, because=because, span=node.span)


def _holds(
    node: syntax.Holds, rules: frozenset[str], decision: ir.Decision | None, scope: Scope
) -> Expectation:
    match node.condition:
        case syntax.Name(text=name) if name in rules and name not in scope.types:
            hint = f"write {name} fires or {name} does not fire"
            raise RuleError(f"{name} is a rule", span=node.span, hint=hint)
        case syntax.Name(text=name) if (
            decision and name in decision.outcomes and name not in scope.types
        ):
            hint = f"write {decision.name} = {name}"
            raise RuleError(f"{name} is an outcome", span=node.span, hint=hint)
        case syntax.Comparison(
            operators=("=" | "!=" as op,),
            operands=(syntax.Name(text=name), (syntax.Name() | syntax.Text()) as word),
        ) if name == scope.decision:
            outcome = check_outcome(word, decision.outcomes) if decision else word.text
            return ir.ExpectOutcome(op=op, outcome=outcome, span=node.span)
        case syntax.Known(operand=syntax.Name(text=name), known=False) if name == scope.decision:
            return ir.ExpectOutcome(op="is unknown", outcome=None, span=node.span)
    if scope.decision is not None and scope.decision in _names(node.condition):
        raise RuleError(
            f"an expectation about {scope.decision} stands by itself",
            span=node.span,
            hint=f"write {scope.decision} = ..., != ... or is unknown, and a comma between items",
        )
    return ir.ExpectTruth(condition=truth(node.condition, scope), span=node.span)


def _names(expression: syntax.Expression) -> set[str]:
    found = {expression.text} if isinstance(expression, syntax.Name) else set()
    return found.union(*map(_names, syntax.children(expression)))
