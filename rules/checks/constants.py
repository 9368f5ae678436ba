"""Conditions and comparisons whose answer is the same for every case."""

from __future__ import annotations

from collections.abc import Iterator

from rules.checks.finding import Finding
from rules.language import ir
from rules.language.walk import children, walk

__all__ = ["constant_conditions", "settled_comparisons"]


def constant_conditions(ruleset: ir.Ruleset) -> Iterator[Finding]:
    """Conditions of rules, constraints, truths and aggregates that read nothing of the case.

    Args:
        ruleset: a checked rule set.
    """
    for what, condition in _conditions(ruleset):
        if _is_constant(condition, ruleset):
            yield Finding(
                code="W004",
                message=f"the condition of {what} does not depend on the case",
                span=condition.span,
            )
        for node in walk(condition):
            where = node.where if isinstance(node, ir.Aggregate) else None
            if where is not None and _is_constant(where, ruleset):
                yield Finding(
                    code="W004",
                    message="this where does not depend on the case",
                    span=where.span,
                )


def _conditions(ruleset: ir.Ruleset) -> Iterator[tuple[str, ir.Expr]]:
    for rule in ruleset.rules:
        yield f"rule {rule.name}", rule.condition
    for constraint in ruleset.constraints:
        yield f"the constraint {constraint.title!r}", constraint.condition
    for derived in ruleset.derived:
        for clause in derived.clauses:
            yield f"derived {derived.name}", clause


def _is_constant(condition: ir.Expr, ruleset: ir.Ruleset) -> bool:
    """Whether a truth is the same whatever the case; params are fixed."""
    params = {item.name for item in ruleset.params}
    bound: set[str] = set()
    for node in walk(condition):
        match node:
            case ir.Ref(name=name) if name not in params:
                return False
            case ir.Variable(name=name) if name not in bound:
                return False
            case ir.Quantified(bindings=bindings) | ir.Aggregate(bindings=bindings):
                if any(ruleset.entity[item.entity].domain is None for item in bindings):
                    return False
                bound |= {item.name for item in bindings}
    return isinstance(condition.type, ir.BoolType)


def settled_comparisons(ruleset: ir.Ruleset) -> Iterator[Finding]:
    """Comparisons with a constant whose answer the declared bounds tell.

    Args:
        ruleset: a checked rule set.
    """
    pending = [condition for _, condition in _conditions(ruleset)][::-1]
    while pending:
        node = pending.pop()
        pending.extend(reversed(children(node)))
        if isinstance(node, ir.Compare):
            answer = _settled(node)
            if answer is not None:
                yield Finding(
                    code="W007",
                    message=f"within its declared bounds this is always {str(answer).lower()}",
                    span=node.span,
                )


def _settled(node: ir.Compare) -> bool | None:
    """The answer of `x op constant` if the declared bounds of x decide it."""
    left, right, op = node.left, node.right, node.op
    if isinstance(left, ir.Const):
        left, right = right, left
        op = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(op, op)
    if not (isinstance(left, ir.Ref | ir.Variable) and isinstance(right, ir.Const)):
        return None
    type_, value = left.type, right.value
    if not isinstance(type_, ir.IntType | ir.FloatType | ir.DateType) or isinstance(value, str):
        return None
    low_open = isinstance(type_, ir.FloatType) and type_.low_open
    high_open = isinstance(type_, ir.FloatType) and type_.high_open
    above = type_.low is not None and (type_.low > value or (low_open and type_.low == value))
    below = type_.high is not None and (type_.high < value or (high_open and type_.high == value))
    at_least = above or type_.low == value
    at_most = below or type_.high == value
    certain = {
        ">": (above, at_most),
        ">=": (at_least, below),
        "<": (below, at_least),
        "<=": (at_most, above),
        "=": (False, above or below),
        "!=": (above or below, False),
    }
    is_true, is_false = certain[op]
    return True if is_true else False if is_false else None
