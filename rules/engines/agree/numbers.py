"""Random numbers: floats whose type the text shows where it must, ints that cannot overflow.

Where the text of an expression would lose its type (`3` for 3.0), something beside it shows
the type again, so that printing and parsing give back the same tree.
"""

from __future__ import annotations

import dataclasses

from rules.checks.promotion import to_float
from rules.engines.agree import members, truths
from rules.engines.agree.scope import Scope
from rules.engines.agree.vocabulary import FLOAT, FLOATS, INT, INTS, int_bounds
from rules.language import ir
from rules.language.numbers import shortest_float32

__all__ = ["Bounded", "derived_real", "derived_whole", "real", "whole"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Bounded:
    """An int expression and the values that it can take."""

    expr: ir.Expr
    low: int
    high: int


def real(scope: Scope, depth: int, *, shown: bool = False) -> ir.Expr:
    """A float.

    Args:
        scope: where it stands.
        depth: how many levels of operations it may have.
        shown: whether its text must tell that it is a float.
    """
    expr = any_real(scope, depth)
    if shown and not shows_float(expr):
        expr = scope.read(ir.FloatType) if scope.has(ir.FloatType) else fraction(scope)
    return expr


def derived_real(scope: Scope) -> ir.Expr:
    """A float worth a name: often an aggregate, or an operation on two names."""
    kind = scope.random.random() if scope.calculates else 1.0
    if kind < 0.4:
        return aggregate(scope, 3) or real(scope, 3)
    if kind < 0.7:
        left, right = real(scope, 0, shown=True), real(scope, 1)
        return ir.Arithmetic(op=scope.random.choice("+-*/"), left=left, right=right, type=FLOAT)
    return real(scope, 3)


def derived_whole(scope: Scope) -> Bounded:
    """An int worth a name: often an aggregate."""
    if scope.calculates and scope.random.random() < 0.4:
        kind = scope.random.choice(("count", "aggregate", "aggregate"))
        return whole_aggregate(scope, kind, 3) or whole(scope, 3)
    return whole(scope, 3)


def fraction(scope: Scope) -> ir.Const:
    """A constant whose text has a point."""
    return ir.Const(value=scope.random.choice((0.5, 2.5)), type=FLOAT)


def any_real(scope: Scope, depth: int) -> ir.Expr:
    """A float, whatever its text shows."""
    kinds = ["const", "name", "name", "name"]
    if depth > 0 and scope.calculates:
        kinds += ["arithmetic"] * 4 + ["call", "call", "choose", "convert"]
        kinds += ["aggregate"] * 3 if scope.entities else []
    match scope.random.choice(kinds):
        case "const":
            return ir.Const(value=scope.random.choice(FLOATS), type=FLOAT)
        case "arithmetic":
            op = scope.random.choice("+-*/")
            shown, other = real(scope, depth - 1, shown=op != "/"), real(scope, depth - 1)
            sides = (shown, other) if scope.random.random() < 0.7 else (other, shown)
            return ir.Arithmetic(op=op, left=sides[0], right=sides[1], type=FLOAT)
        case "call":
            return call(scope, depth)
        case "choose":
            condition = truths.truth(scope, depth - 1)
            then, otherwise = real(scope, depth - 1), real(scope, depth - 1)
            return ir.Choose(condition=condition, then=then, otherwise=otherwise, type=FLOAT)
        case "convert":
            return to_float(whole(scope, depth - 1).expr)
        case "aggregate":
            return aggregate(scope, depth) or scope.read(ir.FloatType)
        case _:
            return scope.read(ir.FloatType)


def call(scope: Scope, depth: int) -> ir.Expr:
    """A function of floats."""
    function = scope.random.choice(("min", "max", "abs", "floor", "ceil", "round"))
    count = scope.random.randint(2, 3) if function in ("min", "max") else 1
    first = real(scope, depth - 1, shown=True)
    arguments = (first, *(real(scope, depth - 1) for _ in range(count - 1)))
    return ir.Call(function=function, arguments=arguments, type=FLOAT)


def aggregate(scope: Scope, depth: int) -> ir.Expr | None:
    """`sum`, `min`, `max` or `mean` of floats; None where there is no room for variables."""
    opened = scope.open()
    if opened is None:
        return None
    bindings, inner = opened
    function = scope.random.choice(("sum", "sum", "min", "max", "mean"))
    body = real(inner, depth - 2, shown=True)
    attributes = [item for item in scope.symbols if scope.is_about(item, bindings, ir.FloatType)]
    if attributes and scope.random.random() < 0.5:
        body = inner.apply(scope.random.choice(attributes))
    if function == "mean" and scope.random.random() < 0.3:
        body = to_float(whole(inner, depth - 2).expr)
    return ir.Aggregate(
        function=function, bindings=bindings, body=body, type=FLOAT, where=where(inner, depth)
    )


def where(scope: Scope, depth: int) -> ir.Expr | None:
    """A condition on what counts, or none."""
    if scope.random.random() < 0.5:
        return None
    return truths.truth(scope, min(depth - 2, 1))


def whole(scope: Scope, depth: int) -> Bounded:
    """An int that cannot leave int32."""
    kinds = ["const", "name", "name", "variable"]
    if depth > 0 and scope.calculates:
        kinds += ["arithmetic"] * 3 + ["mod", "call", "choose", "span"]
        kinds += ["count", "count", "aggregate", "aggregate"] if scope.entities else []
    match scope.random.choice(kinds):
        case "const":
            number = scope.random.choice(INTS)
            expr = ir.Const(value=number, type=INT)
            return Bounded(expr=expr, low=number, high=number)
        case "variable":
            return variable(scope)
        case "arithmetic" | "mod":
            return whole_arithmetic(scope, whole(scope, depth - 1), whole(scope, depth - 1))
        case "call":
            return whole_call(scope, whole(scope, depth - 1), whole(scope, depth - 1))
        case "choose":
            left, right = whole(scope, depth - 1), whole(scope, depth - 1)
            chosen = ir.Choose(
                condition=truths.truth(scope, depth - 1),
                then=left.expr,
                otherwise=right.expr,
                type=INT,
            )
            low, high = min(left.low, right.low), max(left.high, right.high)
            return Bounded(expr=chosen, low=low, high=high)
        case "span":
            return days_between(scope, depth)
        case "count" | "aggregate" as kind:
            return whole_aggregate(scope, kind, depth) or whole_name(scope)
        case _:
            return whole_name(scope)


def whole_name(scope: Scope) -> Bounded:
    """A name of an int."""
    try:
        name = scope.read(ir.IntType)
    except LookupError:
        return Bounded(expr=ir.Const(value=1, type=INT), low=1, high=1)
    assert isinstance(name, ir.Ref)
    symbol = next(item for item in scope.symbols if item.name == name.name)
    return Bounded(expr=name, low=symbol.bounds[0], high=symbol.bounds[1])


def variable(scope: Scope) -> Bounded:
    """A variable over a range of ints."""
    found = [item for item in scope.variables if isinstance(item.type, ir.IntType)]
    if not found:
        return whole_name(scope)
    chosen = scope.random.choice(found)
    low, high = int_bounds(chosen.type)
    return Bounded(expr=chosen, low=low, high=high)


def whole_arithmetic(scope: Scope, left: Bounded, right: Bounded) -> Bounded:
    """An operation on two ints, or the first of them where the operation could overflow."""
    op = scope.random.choice(("+", "-", "*", "mod"))
    ends = {
        "+": (left.low + right.low, left.high + right.high),
        "-": (left.low - right.high, left.high - right.low),
        "*": sorted(a * b for a in (left.low, left.high) for b in (right.low, right.high))[::3],
        "mod": (min(0, right.low + 1), max(0, right.high - 1)),
    }[op]
    if ends[0] < ir.INT_MIN or ends[1] > ir.INT_MAX:
        return left
    expr = ir.Arithmetic(op=op, left=left.expr, right=right.expr, type=INT)
    return Bounded(expr=expr, low=ends[0], high=ends[1])


def whole_call(scope: Scope, left: Bounded, right: Bounded) -> Bounded:
    """A function of ints."""
    function = scope.random.choice(("min", "max", "abs"))
    arguments = (left.expr,) if function == "abs" else (left.expr, right.expr)
    most = max(map(abs, (left.low, left.high, right.low, right.high)))
    expr = ir.Call(function=function, arguments=arguments, type=INT)
    return Bounded(expr=expr, low=-most, high=most)


def days_between(scope: Scope, depth: int) -> Bounded:
    """The difference of two dates."""
    try:
        left = scope.read(ir.DateType)
    except LookupError:
        return whole_name(scope)
    expr = ir.Arithmetic(op="-", left=left, right=members.day(scope, depth - 1), type=INT)
    most = ir.DAY_MAX - ir.DAY_MIN
    return Bounded(expr=expr, low=-most, high=most)


def whole_aggregate(scope: Scope, kind: str, depth: int) -> Bounded | None:
    """`count`, or `sum`, `min`, `max` of ints; None where it could overflow."""
    opened = scope.open()
    if opened is None:
        return None
    bindings, inner = opened
    unbounded = any(
        entity.size is None
        for entity in scope.entities
        if entity.name in {item.entity for item in bindings}
    )
    size = ir.INT_MAX if unbounded else scope.tuples(bindings)
    if kind == "count":
        body = truths.truth(inner, depth - 1)
        expr = ir.Aggregate(function="count", bindings=bindings, body=body, type=INT)
        return Bounded(expr=expr, low=0, high=size)
    function = scope.random.choice(("sum", "min", "max"))
    each = whole(inner, depth - 2)
    low, high = each.low, each.high
    if function == "sum":
        if unbounded and (low, high) != (0, 0):
            return None
        low, high = min(0, low * size), max(0, high * size)
    if low < ir.INT_MIN or high > ir.INT_MAX:
        return None
    expr = ir.Aggregate(
        function=function,
        bindings=bindings,
        body=each.expr,
        type=INT,
        where=where(inner, depth),
    )
    return Bounded(expr=expr, low=low, high=high)


def shows_float(expr: ir.Expr) -> bool:
    """Whether the text of a float tells that it is one: `x`, `0.5` and `n / 2`, but not `3`."""
    match expr:
        case ir.Const(value=value):
            return not shortest_float32(float(value)).lstrip("-").isdigit()
        case ir.ToFloat():
            return False
        case ir.Arithmetic(op="/"):
            return True
        case ir.Arithmetic():
            return shows_float(expr.left) or shows_float(expr.right)
        case ir.Call(function="floor" | "ceil" | "round"):
            return True
        case ir.Call():
            return any(map(shows_float, expr.arguments))
        case ir.Choose():
            return shows_float(expr.then) or shows_float(expr.otherwise)
        case ir.Aggregate(function="mean"):
            return True
        case ir.Aggregate():
            return shows_float(expr.body)
        case _:
            return True
