"""Constraints: from syntax to IR."""

from __future__ import annotations

from rules.checks.annotations import annotated, weight
from rules.checks.collect import Collector, PoisonedError
from rules.checks.decisions import check_outcome
from rules.checks.expressions import truth
from rules.checks.scope import Scope
from rules.errors import RuleError
from rules.language import ir, syntax

__all__ = ["type_constraint"]


def type_constraint(
    node: syntax.ConstraintDeclaration, decision: ir.Decision | None, scope: Scope
) -> ir.Constraint:
    """Checks a constraint.

    Args:
        node: the constraint.
        decision: what it constrains; None when the text has none, or one with an error.
        scope: the names its condition may read.

    Raises:
        RuleError: everything wrong with it.
    """
    errors = Collector()
    with errors.catch():
        if not node.title.text.strip():
            raise RuleError(
                "a constraint needs a title",
                span=node.title.span,
                hint="say in words what must not happen",
            )
    with errors.catch():
        strength = weight(annotated(node.annotations, ("weight",)))
    with errors.catch():
        condition = truth(node.condition, scope)
    with errors.catch():
        allowed = _allowed(node.consequence, decision, scope)
    errors.raise_caught()
    return ir.Constraint(
        title=node.title.text,
        condition=condition,
        allowed=allowed,
        weight=strength,
        span=node.span,
    )


def _allowed(
    node: syntax.Expression, decision: ir.Decision | None, scope: Scope
) -> tuple[str, ...]:
    name = scope.decision
    match node:
        case syntax.Comparison(
            operators=("=" | "!=" as op,),
            operands=(syntax.Name(text=subject), (syntax.Name() | syntax.Text()) as word),
        ) if subject == name:
            named, inverted = [word], op == "!="
        case syntax.Member(operand=syntax.Name(text=subject), members=items) if subject == name:
            named = [item for item in items if isinstance(item, syntax.Name | syntax.Text)]
            inverted = False
        case _ if name is None:
            raise RuleError(
                "a constraint is about a decision, and there is none here",
                span=node.span,
                hint="add a declaration: decide outcome in {...}",
            )
        case _:
            raise RuleError(
                "a constraint says which outcomes are allowed, and nothing else after then",
                span=node.span,
                hint=f"write {name} = ..., {name} != ... or {name} in {{..., ...}}",
            )
    if decision is None:
        raise PoisonedError("the decision has an error of its own", span=node.span)
    errors, outcomes = Collector(), set[str]()
    for word in named:
        with errors.catch():
            outcomes.add(check_outcome(word, decision.outcomes))
    errors.raise_caught()
    allowed = tuple(item for item in decision.outcomes if (item in outcomes) != inverted)
    if not allowed:
        raise RuleError(
            "this allows no outcome at all",
            span=node.span,
            hint=f"{decision.name} has no outcome but {decision.outcomes[0]}",
        )
    return allowed
