"""Expressions: from syntax to typed IR.

Types flow upwards; only the members of enums, which mean nothing by themselves, look at
the other side of their comparison. The first error of an expression is reported, but the
operands of `and`, `or` and arithmetic are independent and each reports its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from rules.checks.arithmetic import arithmetic, call, date, duration, negative
from rules.checks.collect import Collector
from rules.checks.comparing import comparable, compare, within
from rules.checks.promotion import FLOAT, INT, require_truth, unbounded, unify
from rules.checks.quantifiers import quantified
from rules.checks.relations import relation
from rules.checks.scope import Scope, describe, is_bare, resolve
from rules.errors import RuleError, did_you_mean
from rules.language import ir, syntax
from rules.language.functions import FUNCTIONS
from rules.language.ir import BOOL, Type
from rules.language.numbers import parse_number, round_float32

__all__ = ["infer", "truth"]

_Nary = TypeVar("_Nary", ir.And, ir.Or)


def truth(node: syntax.Expression, scope: Scope) -> ir.Expr:
    """Types an expression that must be a truth.

    Raises:
        RuleError: it has an error, or is a number or an enum.
    """
    return require_truth(infer(node, scope, BOOL))


def infer(node: syntax.Expression, scope: Scope, expected: Type | None = None) -> ir.Expr:
    """Types an expression.

    Args:
        node: the expression.
        scope: the names it may read.
        expected: the type wanted, if known; it only helps to resolve members of enums,
            the result may be of another type.

    Raises:
        RuleError: an unknown name, operands of the wrong types, and so on.
    """
    match node:
        case syntax.Number():
            value = parse_number(node.text, span=node.span)
            if isinstance(value, int):
                return ir.Const(value=value, type=INT, span=node.span)
            return ir.Const(value=round_float32(value, span=node.span), type=FLOAT, span=node.span)
        case syntax.Truth():
            return ir.Const(value=node.value, type=BOOL, span=node.span)
        case syntax.Date():
            return date(node)
        case syntax.Duration():
            return duration(node)
        case syntax.Name() | syntax.Text():
            return resolve(node, scope, expected)
        case syntax.Group():
            return infer(node.inner, scope, expected)
        case syntax.Negative():
            return negative(infer(node.operand, scope), node.span)
        case syntax.Binary():
            left, right = _each(infer, (node.left, node.right), scope)
            return arithmetic(node.op, left, right, node.span)
        case syntax.Apply():
            return _apply(node, scope)
        case syntax.Quantified():
            return quantified(node, scope, infer)
        case syntax.IfElse():
            return _choose(node, scope, expected)
        case syntax.Comparison():
            return _comparison(node, scope)
        case syntax.Member():
            return _member(node, scope)
        case syntax.Within():
            operand, low, high = _each(infer, (node.operand, node.low, node.high), scope)
            return within(operand, low, high, node.span)
        case syntax.Known():
            return _known(node, scope)
        case syntax.Negation():
            return ir.Not(operand=truth(node.operand, scope), span=node.span)
        case syntax.Conjunction():
            return _flat(ir.And, _each(truth, node.operands, scope), node.span)
        case syntax.Disjunction():
            return _flat(ir.Or, _each(truth, node.operands, scope), node.span)


def _apply(node: syntax.Apply, scope: Scope) -> ir.Expr:
    name = node.function.text
    if name in FUNCTIONS:
        return call(node, _each(infer, node.arguments, scope))
    if name in scope.types:
        return relation(node, scope)
    if name in scope.entities:
        raise RuleError(
            f"{name} is an entity, not a relation",
            span=node.function.span,
            hint=f"a variable ranges over its objects: some x in {name}: ...",
        )
    if name in (*ir.AGGREGATES, "some", "all"):
        body = "earns(g)" if name in ("sum", "mean") else "earns(g) > 100"
        raise RuleError(
            f"{name} is no function: it names a variable, and says something of it",
            span=node.function.span,
            hint=f"for example {name} g: {body}",
        )
    relations = [item for item, about in scope.parameters.items() if about]
    raise RuleError(
        f"there is no function or relation {name}",
        span=node.function.span,
        hint=did_you_mean(name, [*relations, *FUNCTIONS])
        or f"functions are {', '.join(FUNCTIONS)}"
        + (f"; relations are {', '.join(relations)}" if relations else ""),
    )


def _each(
    type_one: Callable[[syntax.Expression, Scope], ir.Expr],
    nodes: Iterable[syntax.Expression],
    scope: Scope,
) -> list[ir.Expr]:
    """Types expressions that do not depend on each other, and tells the errors of all."""
    errors, typed = Collector(), []
    for node in nodes:
        with errors.catch():
            typed.append(type_one(node, scope))
    errors.raise_caught()
    return typed


# --------------------------------------------------------------- choice, comparison


def _choose(node: syntax.IfElse, scope: Scope, expected: Type | None) -> ir.Expr:
    errors = Collector()
    with errors.catch():
        condition = truth(node.condition, scope)
    with errors.catch():
        then, otherwise = _pair(node.then, node.otherwise, scope, expected)
        if not comparable(then.type, otherwise.type):
            raise RuleError(
                "the two branches are of different types: then gives "
                f"{describe(then.type)}, else {describe(otherwise.type)}",
                span=node.span,
            )
        if isinstance(then.type, ir.StringType | ir.ObjectType):
            raise RuleError(
                f"a choice gives {describe(then.type)}, which can only be compared",
                span=node.span,
                hint="compare within each branch: if ... then a = b else c = b",
            )
        then, otherwise = unify(then, otherwise)
    errors.raise_caught()
    return ir.Choose(
        condition=condition,
        then=then,
        otherwise=otherwise,
        type=unbounded(then.type),
        span=node.span,
    )


def _known(node: syntax.Known, scope: Scope) -> ir.Expr:
    operand = infer(node.operand, scope)
    if isinstance(operand, ir.Variable):
        raise RuleError(
            f"{operand.name} stands for an object, which is never unknown",
            span=node.span,
            hint=f"ask about something that is known of it, a relation of {operand.name}",
        )
    unknown = ir.IsUnknown(operand=operand, span=node.span)
    return ir.Not(operand=unknown, span=node.span) if node.known else unknown


def _comparison(node: syntax.Comparison, scope: Scope) -> ir.Expr:
    if len(node.operators) > 1:
        raise RuleError("comparisons do not chain", span=node.span, hint=_unchained(node, scope))
    left, right = _pair(node.operands[0], node.operands[1], scope, None)
    return compare(node.operators[0], left, right, node.span)


def _unchained(node: syntax.Comparison, scope: Scope) -> str:
    if {"=", "!="} & set(node.operators) and len(set(node.operators)) > 1:
        return "put one of the comparisons in parentheses, or join two of them with and"
    parts = [scope.quote(operand.span) for operand in node.operands]
    steps = zip(parts, node.operators, parts[1:], strict=False)
    return "write " + " and ".join(f"{left} {op} {right}" for left, op, right in steps)


def _member(node: syntax.Member, scope: Scope) -> ir.Expr:
    operand = infer(node.operand, scope)
    errors, tests = Collector(), []
    for item in node.members:
        with errors.catch():
            member = infer(item, scope, operand.type)
            tests.append(compare("=", operand, member, item.span))
    errors.raise_caught()
    return tests[0] if len(tests) == 1 else ir.Or(operands=tuple(tests), span=node.span)


def _pair(
    left: syntax.Expression, right: syntax.Expression, scope: Scope, expected: Type | None
) -> tuple[ir.Expr, ir.Expr]:
    """Types two expressions that should be of one type, either of which may be a member."""
    if expected is None and is_bare(left, scope) and not is_bare(right, scope):
        second = infer(right, scope)
        return infer(left, scope, second.type), second
    first = infer(left, scope, expected)
    return first, infer(right, scope, first.type)


# ---------------------------------------------------------------------- connectives


def _flat(kind: type[_Nary], operands: list[ir.Expr], span: ir.Span) -> _Nary:
    # Both connectives are associative in Kleene's logic, so parentheses around a part of
    # the same kind must not make another rule set.
    flat: list[ir.Expr] = []
    for operand in operands:
        flat.extend(operand.operands if isinstance(operand, kind) else [operand])
    return kind(operands=tuple(flat), span=span)
