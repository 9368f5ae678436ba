"""Expressions: from syntax to typed IR.

Types flow upwards; only the members of enums, which mean nothing by themselves, look at
the other side of their comparison. The first error of an expression is reported, but the
operands of `and`, `or` and arithmetic are independent and each reports its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from rules.checks.collect import Collector
from rules.checks.promotion import (
    FLOAT,
    INT,
    is_numeric,
    require_number,
    require_truth,
    to_float,
    unbounded,
    unify,
)
from rules.checks.scope import Scope, describe, resolve
from rules.errors import RuleError, did_you_mean
from rules.language import ir, syntax
from rules.language.functions import FUNCTIONS
from rules.language.ir import BOOL, Type
from rules.language.numbers import parse_number, round_float32
from rules.language.source import excerpt

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
        case syntax.Name() | syntax.Text():
            return resolve(node, scope, expected)
        case syntax.Group():
            return infer(node.inner, scope, expected)
        case syntax.Negative():
            return _negative(node, scope)
        case syntax.Binary():
            return _arithmetic(node, scope)
        case syntax.Apply():
            return _call(node, scope)
        case syntax.IfElse():
            return _choose(node, scope, expected)
        case syntax.Comparison():
            return _comparison(node, scope)
        case syntax.Member():
            return _member(node, scope)
        case syntax.Within():
            return _within(node, scope)
        case syntax.Known():
            unknown = ir.IsUnknown(operand=infer(node.operand, scope), span=node.span)
            return ir.Not(operand=unknown, span=node.span) if node.known else unknown
        case syntax.Negation():
            return ir.Not(operand=truth(node.operand, scope), span=node.span)
        case syntax.Conjunction():
            return _flat(ir.And, _each(truth, node.operands, scope), node.span)
        case syntax.Disjunction():
            return _flat(ir.Or, _each(truth, node.operands, scope), node.span)


# ----------------------------------------------------------------------- arithmetic


def _negative(node: syntax.Negative, scope: Scope) -> ir.Expr:
    operand = require_number(infer(node.operand, scope), "-")
    if isinstance(operand, ir.Const) and not isinstance(operand.value, str):
        # `or 0` keeps -0.0 out: it equals 0.0 and must not be another rule set.
        return ir.Const(value=-operand.value or operand.value, type=operand.type, span=node.span)
    zero = ir.Const(
        value=0.0 if isinstance(operand.type, ir.FloatType) else 0, type=unbounded(operand.type)
    )
    return ir.Arithmetic(
        op="-", left=zero, right=operand, type=unbounded(operand.type), span=node.span
    )


def _arithmetic(node: syntax.Binary, scope: Scope) -> ir.Expr:
    left, right = (
        require_number(item, node.op) for item in _each(infer, (node.left, node.right), scope)
    )
    if node.op == "mod":
        for side in (left, right):
            if not isinstance(side.type, ir.IntType):
                raise RuleError(
                    "mod works on ints, this is a float",
                    span=side.span,
                    hint="the rest of x / y is x - y * floor(x / y)",
                )
    if node.op == "/":
        left, right = to_float(left), to_float(right)
    else:
        left, right = unify(left, right)
    return ir.Arithmetic(
        op=node.op, left=left, right=right, type=unbounded(left.type), span=node.span
    )


def _call(node: syntax.Apply, scope: Scope) -> ir.Expr:
    name = node.function.text
    function = FUNCTIONS.get(name)
    if function is None:
        what = f"{name} is not a function" if name in scope.types else f"no function {name}"
        raise RuleError(
            what,
            span=node.function.span,
            hint=did_you_mean(name, FUNCTIONS) or f"there are {', '.join(FUNCTIONS)}",
        )
    count = len(node.arguments)
    if count < function.min_arity or (function.max_arity or count) < count:
        raise RuleError(
            f"{name} was given {count} argument{'s' * (count != 1)}",
            span=node.span,
            hint=f"write {function.signature}",
        )
    arguments = [require_number(item, name) for item in _each(infer, node.arguments, scope)]
    if function.float_only or any(isinstance(item.type, ir.FloatType) for item in arguments):
        arguments = [to_float(item) for item in arguments]
    return ir.Call(
        function=name,
        arguments=tuple(arguments),
        type=unbounded(arguments[0].type),
        span=node.span,
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
        if not _comparable(then.type, otherwise.type):
            raise RuleError(
                "the two branches are of different types: then gives "
                f"{describe(then.type)}, else {describe(otherwise.type)}",
                span=node.span,
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


def _comparison(node: syntax.Comparison, scope: Scope) -> ir.Expr:
    if len(node.operators) > 1:
        raise RuleError("comparisons do not chain", span=node.span, hint=_unchained(node, scope))
    left, right = _pair(node.operands[0], node.operands[1], scope, None)
    return _compare(node.operators[0], left, right, node.span)


def _unchained(node: syntax.Comparison, scope: Scope) -> str:
    if {"=", "!="} & set(node.operators) and len(set(node.operators)) > 1:
        return "put one of the comparisons in parentheses, or join two of them with and"
    parts = [excerpt(scope.text, operand.span) for operand in node.operands]
    steps = zip(parts, node.operators, parts[1:], strict=False)
    return "write " + " and ".join(f"{left} {op} {right}" for left, op, right in steps)


def _member(node: syntax.Member, scope: Scope) -> ir.Expr:
    operand = infer(node.operand, scope)
    errors, tests = Collector(), []
    for item in node.members:
        with errors.catch():
            member = infer(item, scope, operand.type)
            tests.append(_compare("=", operand, member, item.span))
    errors.raise_caught()
    return tests[0] if len(tests) == 1 else ir.Or(operands=tuple(tests), span=node.span)


def _within(node: syntax.Within, scope: Scope) -> ir.Expr:
    parts = _each(infer, (node.operand, node.low, node.high), scope)
    operand, low, high = (require_number(part, "in") for part in parts)
    match low, high:
        case ir.Const(value=least), ir.Const(value=most) if float(least) > float(most):
            raise RuleError(
                "this range is empty", span=node.span, hint="the smaller bound comes first"
            )
    above = _compare(">=", operand, low, node.span)
    below = _compare("<=", operand, high, node.span)
    return ir.And(operands=(above, below), span=node.span)


def _compare(op: str, left: ir.Expr, right: ir.Expr, span: ir.Span) -> ir.Compare:
    if not _comparable(left.type, right.type):
        raise RuleError(
            f"cannot compare {describe(left.type)} with {describe(right.type)}",
            span=span,
            hint=_incomparable(left, right) or _incomparable(right, left),
        )
    if op not in ("=", "!=") and not is_numeric(left):
        raise RuleError(
            f"{op} needs numbers, this is {describe(left.type)}",
            span=left.span,
            hint="only = and != (or in {...}) compare other values",
        )
    left, right = unify(left, right)
    return ir.Compare(op=op, left=left, right=right, span=span)


def _incomparable(value: ir.Expr, other: ir.Expr) -> str | None:
    match value.type, value, other:
        case ir.EnumType(members=members), _, ir.Const(value=literal) if str(literal) in members:
            return f'put the member in quotes: "{literal}"'
        case ir.BoolType(), ir.Ref(name=name), _:
            return f"{name} is true or false: write {name}, not {name} or {name} = true"
    return None


def _comparable(left: Type, right: Type) -> bool:
    numbers = (ir.FloatType, ir.IntType)
    if isinstance(left, numbers) and isinstance(right, numbers):
        return True
    return left == right


def _pair(
    left: syntax.Expression, right: syntax.Expression, scope: Scope, expected: Type | None
) -> tuple[ir.Expr, ir.Expr]:
    """Types two expressions that should be of one type, either of which may be a member."""
    if expected is None and _is_bare(left, scope) and not _is_bare(right, scope):
        second = infer(right, scope)
        return infer(left, scope, second.type), second
    first = infer(left, scope, expected)
    return first, infer(right, scope, first.type)


def _is_bare(node: syntax.Expression, scope: Scope) -> bool:
    match node:
        case syntax.Group():
            return _is_bare(node.inner, scope)
        case syntax.IfElse():
            return _is_bare(node.then, scope) and _is_bare(node.otherwise, scope)
        case syntax.Name():
            return node.text not in scope.types
        case _:
            return isinstance(node, syntax.Text)


# ---------------------------------------------------------------------- connectives


def _flat(kind: type[_Nary], operands: list[ir.Expr], span: ir.Span) -> _Nary:
    # Both connectives are associative in Kleene's logic, so parentheses around a part of
    # the same kind must not make another rule set.
    flat: list[ir.Expr] = []
    for operand in operands:
        flat.extend(operand.operands if isinstance(operand, kind) else [operand])
    return kind(operands=tuple(flat), span=span)
