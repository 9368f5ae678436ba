"""Declarations and variables that nothing uses."""

from __future__ import annotations

from collections.abc import Iterator

from rules.checks.finding import Finding
from rules.checks.intervals import conditions
from rules.language import ir
from rules.language.walk import children, names, walk

__all__ = ["unused"]


def unused(ruleset: ir.Ruleset) -> Iterator[Finding]:
    """Findings about entities, params, inputs, derived names and variables.

    Args:
        ruleset: a checked rule set.
    """
    decision = ruleset.decision
    used = {decision.dated} if decision is not None else set()
    for derived in ruleset.derived:
        for clause in derived.clauses:
            used |= names(clause) - {derived.name}
    for rule in ruleset.rules:
        used |= names(rule.condition)
        used |= {part.name for part in rule.because if isinstance(part, ir.Field)}
    for constraint in ruleset.constraints:
        used |= names(constraint.condition)
    for param in ruleset.params:
        if param.name not in used:
            yield Finding(
                code="W009", message=f"the param {param.name} is never used", span=param.span
            )
    for item in ruleset.inputs:
        if item.name not in used:
            yield Finding(
                code="W001", message=f"the input {item.name} is never used", span=item.span
            )
    if decision is not None:  # without one, what is derived is the result
        for derived in ruleset.derived:
            if derived.name not in used:
                yield Finding(
                    code="W002",
                    message=f"{derived.name} is derived but no rule uses it",
                    span=derived.span,
                )
    yield from _unused_entities(ruleset)
    yield from _unused_variables(ruleset)


def _expressions(ruleset: ir.Ruleset) -> list[ir.Expr]:
    return [
        *(clause for derived in ruleset.derived for clause in derived.clauses),
        *conditions(ruleset),
    ]


def _unused_entities(ruleset: ir.Ruleset) -> Iterator[Finding]:
    used = {entity for item in ruleset.inputs for entity in item.parameters}
    used |= {binding.entity for item in ruleset.derived for binding in item.parameters}
    types = {*ruleset.types.values()}
    for expression in _expressions(ruleset):
        for node in walk(expression):
            if isinstance(node, ir.Quantified | ir.Aggregate):
                used |= {binding.entity for binding in node.bindings}
    for entity in ruleset.entities:
        if entity.name not in used and entity.type not in types:
            yield Finding(
                code="W008", message=f"the entity {entity.name} is never used", span=entity.span
            )


def _unused_variables(ruleset: ir.Ruleset) -> Iterator[Finding]:
    for expression in _expressions(ruleset):
        for node in walk(expression):
            if not isinstance(node, ir.Quantified | ir.Aggregate):
                continue
            parts = [part for child in children(node) for part in walk(child)]
            seen = {part.name for part in parts if isinstance(part, ir.Variable)}
            for binding in node.bindings:
                if binding.name not in seen:
                    yield Finding(
                        code="W010",
                        message=f"the variable {binding.name} is never used",
                        span=node.span,
                        hint=f"this asks only whether, or how often, there is any {binding.entity}",
                    )
