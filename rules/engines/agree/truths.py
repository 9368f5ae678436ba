"""Random truths, well typed and in the form that the parser gives them.

`truths`, `numbers` and `members` write each other's parts, as the grammar of the language
does: they import each other as modules.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from rules.engines.agree import members, numbers
from rules.engines.agree.scope import MAX_VARIABLES, Scope
from rules.engines.agree.vocabulary import FLOAT, FLOATS, STRING, TEXTS
from rules.language import ir

__all__ = ["flat", "monotone", "recursive", "truth"]

_Nary = TypeVar("_Nary", ir.And, ir.Or)


def truth(scope: Scope, depth: int) -> ir.Expr:
    """A truth with at most `depth` levels of connectives."""
    kinds = ["compare"] * 4 + ["name"] * 4
    if depth > 0:
        kinds += ["and", "or", "not"] * 2 + ["unknown", "choose"]
        kinds += ["some", "all"] * 3 if scope.entities else []
    elif scope.random.random() < 0.03:
        return ir.Const(value=scope.random.random() < 0.5, type=ir.BOOL)
    match scope.random.choice(kinds):
        case "name":
            try:
                return scope.read(ir.BoolType)
            except LookupError:
                return comparison(scope, depth - 1)
        case "and":
            return flat(ir.And, [truth(scope, depth - 1) for _ in range(scope.few())])
        case "or":
            return flat(ir.Or, [truth(scope, depth - 1) for _ in range(scope.few())])
        case "not":
            return ir.Not(operand=truth(scope, depth - 1))
        case "choose":
            condition, then, otherwise = (truth(scope, depth - 1) for _ in range(3))
            return ir.Choose(condition=condition, then=then, otherwise=otherwise, type=ir.BOOL)
        case "unknown":
            operand = anything(scope, depth - 1)
            if isinstance(operand, ir.Variable):  # which is never unknown
                operand = truth(scope, 0)
            return ir.IsUnknown(operand=operand)
        case "some" | "all" as kind:
            return quantified(scope, kind, depth)
        case _:
            return comparison(scope, depth - 1)


def quantified(scope: Scope, kind: str, depth: int) -> ir.Expr:
    """`some` or `all` of a truth about the new variables."""
    opened = scope.open()
    if opened is None:
        return comparison(scope, depth - 1)
    bindings, inner = opened
    return ir.Quantified(kind=kind, bindings=bindings, body=truth(inner, depth - 1))


def monotone(scope: Scope, depth: int) -> ir.Expr:
    """A truth that reads names of the recursive group, where nothing negates them."""
    kinds = ["and", "or", "some", "some", "all", "name"] if depth > 0 else ["name"]
    kind = scope.random.choice(kinds)
    opened = scope.open(most=1) if kind in ("some", "all") else None
    if opened is not None:
        bindings, inner = opened
        guard, body = truth(inner.plain(), 0), monotone(inner, depth - 1)
        if kind == "all":
            guarded: ir.Expr = flat(ir.Or, [ir.Not(operand=guard), body])
        else:
            guarded = flat(ir.And, [guard, body])
        return ir.Quantified(kind=kind, bindings=bindings, body=guarded)
    match kind:
        case "and":
            parts = [monotone(scope, depth - 1), truth(scope.plain(), depth - 1)]
            return flat(ir.And, parts[:: scope.random.choice((1, -1))])
        case "or":
            return flat(ir.Or, [monotone(scope, depth - 1), monotone(scope, depth - 1)])
        case _:
            return recursive(scope)


def recursive(scope: Scope) -> ir.Expr:
    """A name of the recursive group, under `some` for what it needs beyond the scope."""
    symbol = scope.random.choice(scope.positive)
    missing = [name for name in symbol.parameters if not scope.objects(name)]
    if not missing:
        return scope.apply(symbol)
    bindings = scope.bind(missing[:1])
    inner = scope.within(bindings)
    if len(inner.variables) > MAX_VARIABLES:
        return truth(scope.plain(), 0)
    return ir.Quantified(kind="some", bindings=bindings, body=recursive(inner))


def flat(kind: type[_Nary], operands: Sequence[ir.Expr]) -> _Nary:
    """A connective without a direct operand of its own kind."""
    parts: list[ir.Expr] = []
    for operand in operands:
        parts.extend(operand.operands if isinstance(operand, kind) else [operand])
    return kind(operands=tuple(parts))


def anything(scope: Scope, depth: int) -> ir.Expr:
    """An expression of any type whose text shows that type."""
    choices: list[Callable[[], ir.Expr]] = [
        lambda: numbers.real(scope, depth, shown=True),
        lambda: numbers.whole(scope, depth).expr,
        lambda: truth(scope, max(depth, 0)),
        lambda: members.member(scope, depth),
        lambda: scope.read(ir.DateType),
        lambda: scope.read(ir.StringType),
    ]
    return scope.first_of(choices)


def comparison(scope: Scope, depth: int) -> ir.Expr:
    """A comparison of two values of one type."""
    if depth <= 0 and scope.random.random() < 0.4:
        depth = 1
    kinds: list[Callable[[], ir.Expr]] = [lambda: compare_floats(scope, depth)] * 4
    kinds += [lambda: compare_ints(scope, depth)] * 3
    kinds += [lambda: compare_members(scope, depth)] * 2
    kinds += [lambda: compare_dates(scope, depth), lambda: compare_texts(scope)] * 2
    kinds += [lambda: compare_truths(scope), lambda: compare_objects(scope)]
    return scope.first_of(kinds)


def order(scope: Scope) -> str:
    """An operator for numbers."""
    return scope.random.choice(("<", "<=", ">", ">=", "=", "!="))


def compare_floats(scope: Scope, depth: int) -> ir.Expr:
    """Of floats, often with a constant."""
    if scope.random.random() < (0.3 if scope.calculates else 0.8):
        threshold = ir.Const(value=scope.random.choice(FLOATS), type=FLOAT)
        return ir.Compare(op=order(scope), left=scope.read(ir.FloatType), right=threshold)
    left, right = numbers.real(scope, depth, shown=True), numbers.real(scope, depth - 1)
    sides = (left, right) if scope.random.random() < 0.8 else (right, left)
    return ir.Compare(op=order(scope), left=sides[0], right=sides[1])


def compare_ints(scope: Scope, depth: int) -> ir.Expr:
    """Of ints."""
    left, right = numbers.whole(scope, depth).expr, numbers.whole(scope, depth - 1).expr
    return ir.Compare(op=order(scope), left=left, right=right)


def compare_members(scope: Scope, depth: int) -> ir.Expr:
    """Of members of a list."""
    left = members.member(scope, depth)
    right = members.member_of(scope, left.type, depth - 1)
    return ir.Compare(op=scope.random.choice(("=", "!=")), left=left, right=right)


def compare_dates(scope: Scope, depth: int) -> ir.Expr:
    """Of dates."""
    left, right = members.day(scope, depth, shown=True), members.day(scope, depth - 1)
    return ir.Compare(op=order(scope), left=left, right=right)


def compare_texts(scope: Scope) -> ir.Expr:
    """Of texts."""
    left = scope.read(ir.StringType)
    right: ir.Expr = ir.Const(value=scope.random.choice(TEXTS), type=STRING)
    if scope.random.random() < 0.3:
        right = scope.read(ir.StringType)
    return ir.Compare(op=scope.random.choice(("=", "!=")), left=left, right=right)


def compare_truths(scope: Scope) -> ir.Expr:
    """Of truths."""
    left, right = scope.read(ir.BoolType), truth(scope, 0)
    return ir.Compare(op=scope.random.choice(("=", "!=")), left=left, right=right)


def compare_objects(scope: Scope) -> ir.Expr:
    """Of two variables of one open entity."""
    of_objects = [item for item in scope.variables if isinstance(item.type, ir.ObjectType)]
    left = scope.random.choice(of_objects) if of_objects else None
    rivals = [item for item in of_objects if left is not None and item.entity == left.entity]
    if left is None or len(rivals) < 2:
        raise LookupError("no two variables of one open entity")
    right = scope.random.choice([item for item in rivals if item != left])
    return ir.Compare(op=scope.random.choice(("=", "!=")), left=left, right=right)
