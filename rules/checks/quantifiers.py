"""Quantifiers and aggregates over objects: `some`, `all`, `count`, `sum`, ..."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from rules.checks.collect import Collector, PoisonedError
from rules.checks.promotion import FLOAT, INT, is_numeric, require_truth, to_float, unbounded
from rules.checks.scope import Scope, describe
from rules.errors import RuleError, did_you_mean
from rules.language import ir, syntax
from rules.language.ir import AGGREGATES, BOOL

__all__ = ["bindings", "quantified"]

Infer = Callable[[syntax.Expression, Scope, ir.Type | None], ir.Expr]
KINDS = ("some", "all", *AGGREGATES)


def quantified(node: syntax.Quantified, scope: Scope, infer: Infer) -> ir.Expr:
    """Types a quantifier.

    Args:
        node: the quantifier.
        scope: the names around it; `bound` tells what its variables range over.
        infer: types an expression.

    Raises:
        RuleError: everything wrong within it.
    """
    kind = node.kind.text
    if kind not in KINDS:
        raise RuleError(
            f"there is no quantifier {kind}",
            span=node.kind.span,
            hint=did_you_mean(kind, KINDS) or f"there are {', '.join(KINDS)}",
        )
    variables = [(item.name.text, scope.bound.get(id(item))) for item in node.bindings]
    inner = dataclasses.replace(scope, variables={**scope.variables, **dict(variables)})
    errors, where = Collector(), None
    with errors.catch():
        where = _where(node, inner, infer)
    with errors.catch():
        if kind == "count":
            _refuse_comparing_the_body(node, inner, infer)
        body = infer(node.body, inner, BOOL if kind in ("some", "all", "count") else None)
        body = _body(kind, body, node, scope)
    errors.raise_caught()
    over = bindings([variable for _, variable in variables])
    if kind in ("some", "all"):
        return ir.Quantified(kind=kind, bindings=over, body=body, span=node.span)
    types: dict[str, ir.Type] = {"count": INT, "mean": FLOAT}
    type_ = types.get(kind, unbounded(body.type))
    return ir.Aggregate(
        function=kind, bindings=over, where=where, body=body, type=type_, span=node.span
    )


def bindings(variables: Sequence[ir.Variable | None]) -> tuple[ir.Binding, ...]:
    """Variables where they are bound.

    Raises:
        PoisonedError: the entity of one is not known, which is told already.
    """
    known = [item for item in variables if item is not None]
    if len(known) < len(variables):
        raise PoisonedError("a variable has an error of its own")
    return tuple(ir.Binding(name=item.name, entity=item.entity) for item in known)


def _where(node: syntax.Quantified, scope: Scope, infer: Infer) -> ir.Expr | None:
    if node.where is None:
        return None
    kind = node.kind.text
    if kind in ("some", "all", "count"):
        condition, body = scope.quote(node.where.span), scope.quote(node.body.span)
        joined = f"if {condition} then {body} else true" if kind == "all" else ""
        raise RuleError(
            f"{kind} takes no where, its body is a condition already",
            span=node.where.span,
            hint=f"write {joined or f'{condition} and {body}'} after the colon",
        )
    return require_truth(infer(node.where, scope, BOOL))


def _refuse_comparing_the_body(node: syntax.Quantified, scope: Scope, infer: Infer) -> None:
    """`count m: late(m) >= 2` compares a truth with 2, which is not what it looks like."""
    match node.body:
        case syntax.Comparison(operands=(left, right)) if isinstance(
            infer(left, scope, None).type, ir.BoolType
        ) and is_numeric(infer(right, scope, None)):
            raise RuleError(
                "count counts a truth, this compares it with a number",
                span=node.body.span,
                hint=_number_hint("count", node, scope),
            )


def _body(kind: str, body: ir.Expr, node: syntax.Quantified, scope: Scope) -> ir.Expr:
    if kind in ("some", "all", "count"):
        if not is_numeric(body):
            return require_truth(body)
        variables = ", ".join(item.name.text for item in node.bindings)
        hint = f"compare it: {kind} {variables}: {scope.quote(node.body.span)} > 0"
        if kind == "count":
            hint += f"; to add up, write sum {variables}: ..."
        raise RuleError(
            f"{kind} needs a truth, this is {describe(body.type)}", span=body.span, hint=hint
        )
    if is_numeric(body):
        return to_float(body) if kind == "mean" else body
    raise RuleError(
        f"{kind} needs numbers, this is {describe(body.type)}",
        span=body.span,
        hint=_number_hint(kind, node, scope),
    )


def _number_hint(kind: str, node: syntax.Quantified, scope: Scope) -> str | None:
    """What was meant: a count, or a comparison of the whole aggregate."""
    body = node.body
    variables = ", ".join(item.name.text for item in node.bindings)
    if isinstance(body, syntax.Comparison) and len(body.operands) == 2:
        start = scope.quote(body.operands[0].span)
        rest = f"{body.operators[0]} {scope.quote(body.operands[1].span)}"
        return (
            f"the body reaches as far as it can; to compare the {kind} write "
            f"({kind} {variables}: {start}) {rest}"
        )
    if isinstance(body, syntax.Name | syntax.Apply):
        return f"to count what holds, write count {variables}: {scope.quote(body.span)}"
    return None
