"""No int expression leaves int32: interval analysis from the declared bounds.

Overflow would be an error at run time, which a batch of a million cases cannot raise; so
it is excluded before. Each int expression gets a range that holds for all cases; the
analysis does not look at conditions, so `if age < 99 then age + 1 else 0` needs bounds too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rules.errors import RuleError
from rules.language import ir
from rules.language.ir import INT_MAX, INT_MIN
from rules.language.source import excerpt
from rules.language.walk import children, names

__all__ = ["Range", "int_range", "overflow_errors"]

Range = tuple[int, int]


def overflow_errors(
    inputs: Sequence[ir.Input],
    derived: Sequence[ir.Derived],
    conditions: Sequence[ir.Expr],
    text: str,
) -> list[RuleError]:
    """The innermost int expressions that could leave int32.

    Args:
        inputs: with their declared bounds.
        derived: in dependency order.
        conditions: of rules and tests.
        text: the source, to quote from.
    """
    ranges = {i.name: (i.type.low, i.type.high) for i in inputs if isinstance(i.type, ir.IntType)}
    clauses = {item.name: item.clauses for item in derived}
    found: list[ir.Expr] = []
    for item in derived:
        for clause in item.clauses:
            found.extend(_overflowing(clause, ranges))
        if isinstance(item.type, ir.IntType):
            low, high = int_range(item.clauses[0], ranges)
            ranges[item.name] = max(low, INT_MIN), min(high, INT_MAX)  # told once is enough
    for condition in conditions:
        found.extend(_overflowing(condition, ranges))
    return [_error(expr, _inputs_behind(expr, inputs, clauses), text) for expr in found]


def int_range(expr: ir.Expr, ranges: Mapping[str, Range]) -> Range:
    """The smallest and the largest value that an int expression could take.

    Args:
        expr: an expression of type int.
        ranges: of the int names it may read.
    """
    match expr:
        case ir.Const(value=int(value)):
            return value, value
        case ir.Ref():
            return ranges[expr.name]
        case ir.Choose():
            then, otherwise = int_range(expr.then, ranges), int_range(expr.otherwise, ranges)
            return min(then[0], otherwise[0]), max(then[1], otherwise[1])
        case ir.Arithmetic():
            left, right = int_range(expr.left, ranges), int_range(expr.right, ranges)
            return _arithmetic(expr.op, left, right)
        case ir.Call():
            return _call(expr.function, [int_range(item, ranges) for item in expr.arguments])
    raise TypeError(f"not an int expression: {type(expr).__name__}")


def _arithmetic(op: str, a: Range, b: Range) -> Range:
    match op:
        case "+":
            return a[0] + b[0], a[1] + b[1]
        case "-":
            return a[0] - b[1], a[1] - b[0]
        case "*":
            corners = [x * y for x in a for y in b]
            return min(corners), max(corners)
    # mod: between 0 and the divisor, which it never reaches, on the divisor's side of 0.
    high = max(0, b[1] - 1)
    return min(0, b[0] + 1), min(high, a[1]) if min(a[0], b[0]) >= 0 else high


def _call(function: str, ranges: list[Range]) -> Range:
    lows, highs = zip(*ranges, strict=True)
    match function:
        case "min":
            return min(lows), min(highs)
        case "max":
            return max(lows), max(highs)
        case "abs":
            ends = abs(lows[0]), abs(highs[0])
            return 0 if lows[0] <= 0 <= highs[0] else min(ends), max(ends)
    raise TypeError(f"{function} does not return an int")


def _overflowing(expr: ir.Expr, ranges: Mapping[str, Range]) -> Iterator[ir.Expr]:
    inner = [found for part in children(expr) for found in _overflowing(part, ranges)]
    yield from inner
    if not inner and isinstance(expr.type, ir.IntType):
        low, high = int_range(expr, ranges)
        if low < INT_MIN or high > INT_MAX:
            yield expr


def _inputs_behind(
    expr: ir.Expr, inputs: Sequence[ir.Input], clauses: Mapping[str, tuple[ir.Expr, ...]]
) -> list[ir.Input]:
    pending, reached = list(names(expr)), set[str]()
    while pending:
        name = pending.pop()
        if name not in reached:
            reached.add(name)
            for clause in clauses.get(name, ()):
                pending.extend(names(clause))
    return [item for item in inputs if item.name in reached]


def _error(expr: ir.Expr, behind: list[ir.Input], text: str) -> RuleError:
    if isinstance(expr, ir.Const):
        return RuleError(
            "this int does not fit an int32",
            span=expr.span,
            hint=f"ints go from {INT_MIN} to {INT_MAX}; add .0 for a float",
        )
    hint = "declare narrower bounds, or compute in floats: multiply by 1.0 first"
    for item in behind:
        type_ = item.type
        if isinstance(type_, ir.IntType) and (type_.low == INT_MIN or type_.high == INT_MAX):
            low = min(0, type_.high) if type_.low == INT_MIN else type_.low
            high = max(0, low) + 150 if type_.high == INT_MAX else type_.high
            hint = f"declare bounds, for example input {item.name}: int in {low}..{high}"
            break
    quoted = excerpt(text, expr.span) if expr.span else "this"
    return RuleError(f"{quoted} may overflow int32", span=expr.span, hint=hint)
