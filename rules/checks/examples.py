"""The test blocks of a rule text: from syntax to IR."""

from __future__ import annotations

from rules.checks.collect import Collector, PoisonedError
from rules.checks.decisions import check_outcome
from rules.checks.expressions import infer, truth
from rules.checks.promotion import coerce
from rules.checks.scope import Scope
from rules.engines.values import within
from rules.errors import RuleError, did_you_mean
from rules.language import ir, syntax

__all__ = ["type_test"]

Value = float | int | bool | str | None
Expectation = ir.ExpectOutcome | ir.ExpectRule | ir.ExpectTruth


def type_test(
    node: syntax.TestDeclaration,
    *,
    inputs: frozenset[str],
    rules: frozenset[str],
    decision: ir.Decision | None,
    scope: Scope,
) -> ir.Test:
    """Checks a test block.

    Args:
        node: the block.
        inputs: names of the declared inputs.
        rules: names of the rules.
        decision: what is decided; None when the text has no decision, or one with an error.
        scope: the names an expectation may read.

    Raises:
        RuleError: everything wrong with it.
    """
    errors = Collector()
    given: dict[str, Value] = {}
    for assignment in node.given:
        with errors.catch():
            name = assignment.name.text
            if name in given:
                raise RuleError(f"{name} is given twice", span=assignment.name.span)
            given[name] = None
            given[name] = _given(assignment, inputs, scope)
    expectations: list[Expectation] = []
    for item in node.expectations:
        with errors.catch():
            expectations.append(
                _firing(item, rules, scope)
                if isinstance(item, syntax.Firing)
                else _holds(item, rules, decision, scope)
            )
    errors.raise_caught()
    return ir.Test(
        title=node.title.text,
        given=tuple(ir.Given(name=name, value=value) for name, value in given.items()),
        expectations=tuple(expectations),
        span=node.span,
    )


def _given(assignment: syntax.Assignment, inputs: frozenset[str], scope: Scope) -> Value:
    word = assignment.name
    if word.text not in inputs:
        if word.text in scope.types:
            raise RuleError(
                f"{word.text} is derived, so it cannot be given",
                span=word.span,
                hint="give the inputs it is derived from",
            )
        raise RuleError(
            f"there is no input {word.text}",
            span=word.span,
            hint=did_you_mean(word.text, sorted(inputs)),
        )
    type_ = scope.types[word.text]
    if type_ is None:
        raise PoisonedError(f"{word.text} has an error of its own", span=word.span)
    if assignment.value is None:
        return None
    # A value is written without names, so only the members of the input's own enum resolve.
    literal = infer(assignment.value, Scope(types={}, decision=None, text=scope.text), type_)
    typed = coerce(literal, type_)
    assert isinstance(typed, ir.Const)
    if not within(type_, typed.value):
        raise RuleError(
            f"this value is outside the bounds of {word.text}, so it would count as missing",
            span=assignment.value.span,
            hint=f"write {word.text} = unknown to test a missing value",
        )
    return typed.value


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
