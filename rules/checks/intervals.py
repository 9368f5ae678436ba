"""No int expression leaves int32: interval analysis from the declared bounds.

Overflow would be an error at run time, which a batch of a million cases cannot raise; so
it is excluded before. Each int expression gets a range that holds for all cases; the
analysis does not look at conditions, so `if age < 99 then age + 1 else 0` needs bounds too.
Dates are ints here: a date too early or too late is unknown, unless its day leaves int32.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from rules.errors import RuleError
from rules.language import ir
from rules.language.ir import DAY_MAX, DAY_MIN, INT_MAX, INT_MIN
from rules.language.source import excerpt, source_of
from rules.language.walk import children, names

__all__ = ["Range", "conditions", "int_range", "overflow_errors"]

Range = tuple[int, int]
Sizes = Mapping[str, int | None]
NONE: Sizes = MappingProxyType({})
ANY_NUMBER = 2**63  # of objects, where an entity has no bound


def overflow_errors(ruleset: ir.Ruleset) -> list[RuleError]:
    """The innermost int expressions that could leave int32.

    Params count with the bounds of their types, because they can be set anew.

    Args:
        ruleset: well typed, with its sources to quote from.
    """
    sizes = {entity.name: entity.size for entity in ruleset.entities}
    declared: list[ir.Param | ir.Input] = [*ruleset.params, *ruleset.inputs]
    ranges = {item.name: range_ for item in declared if (range_ := _bounds(item.type))}
    clauses = {item.name: item.clauses for item in ruleset.derived}
    found: list[ir.Expr] = []
    for item in ruleset.derived:
        for clause in item.clauses:
            found.extend(_overflowing(clause, ranges, sizes))
        if isinstance(item.type, ir.IntType | ir.DateType):
            low, high = int_range(item.clauses[0], ranges, sizes)
            ranges[item.name] = max(low, INT_MIN), min(high, INT_MAX)  # told once is enough
    for condition in conditions(ruleset):
        found.extend(_overflowing(condition, ranges, sizes))
    return [
        _error(expr, _behind(expr, declared, clauses), sizes, source_of(ruleset, expr.span).text)
        for expr in found
    ]


def _bounds(type_: ir.Type) -> Range | None:
    if isinstance(type_, ir.IntType | ir.DateType):
        return type_.low, type_.high
    return None


def conditions(ruleset: ir.Ruleset) -> list[ir.Expr]:
    """The expressions of a rule set beside those of its derived values."""
    expected = [item for test in ruleset.tests for item in test.expectations]
    return [
        *(rule.condition for rule in ruleset.rules),
        *(constraint.condition for constraint in ruleset.constraints),
        *(item.condition for item in expected if isinstance(item, ir.ExpectTruth)),
    ]


def int_range(expr: ir.Expr, ranges: Mapping[str, Range], sizes: Sizes = NONE) -> Range:
    """The smallest and the largest value that an int or a date could take.

    Args:
        expr: an expression of type int or date.
        ranges: of the ints and dates it may read.
        sizes: the number of objects of each entity, None without a bound.
    """
    low, high = _computed(expr, ranges, sizes)
    if isinstance(expr.type, ir.DateType):
        return max(low, DAY_MIN), min(high, DAY_MAX)
    return low, high


def _computed(expr: ir.Expr, ranges: Mapping[str, Range], sizes: Sizes) -> Range:
    """As `int_range`, before dates that are too early or too late become unknown."""
    match expr:
        case ir.Const(value=int(value)):
            return value, value
        case ir.Variable(type=ir.IntType(low=low, high=high)):
            return low, high
        case ir.Ref():
            return ranges[expr.name]
        case ir.Choose():
            then, otherwise = (
                int_range(branch, ranges, sizes) for branch in (expr.then, expr.otherwise)
            )
            return min(then[0], otherwise[0]), max(then[1], otherwise[1])
        case ir.Arithmetic():
            left, right = (int_range(side, ranges, sizes) for side in (expr.left, expr.right))
            return _arithmetic(expr.op, left, right)
        case ir.Call():
            return _call(expr.function, [int_range(a, ranges, sizes) for a in expr.arguments])
        case ir.Aggregate():
            return _aggregate(expr, ranges, sizes)
    raise TypeError(f"not an int expression: {type(expr).__name__}")


def _aggregate(expr: ir.Aggregate, ranges: Mapping[str, Range], sizes: Sizes) -> Range:
    count = math.prod(sizes[binding.entity] or ANY_NUMBER for binding in expr.bindings)
    if expr.function == "count":
        return 0, min(count, INT_MAX)  # no case holds more objects
    low, high = int_range(expr.body, ranges, sizes)
    if expr.function == "sum":  # none may count, so 0 is among the sums
        return min(0, count * low), max(0, count * high)
    return low, high


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


def _overflowing(expr: ir.Expr, ranges: Mapping[str, Range], sizes: Sizes) -> Iterator[ir.Expr]:
    inner = [found for part in children(expr) for found in _overflowing(part, ranges, sizes)]
    yield from inner
    if not inner and isinstance(expr.type, ir.IntType | ir.DateType):
        low, high = _computed(expr, ranges, sizes)
        if low < INT_MIN or high > INT_MAX:
            yield expr


def _behind(
    expr: ir.Expr,
    declared: Sequence[ir.Param | ir.Input],
    clauses: Mapping[str, tuple[ir.Expr, ...]],
) -> list[ir.Param | ir.Input]:
    """The params and inputs that an expression depends on."""
    pending, reached = list(names(expr)), set[str]()
    while pending:
        name = pending.pop()
        if name not in reached:
            reached.add(name)
            for clause in clauses.get(name, ()):
                pending.extend(names(clause))
    return [item for item in declared if item.name in reached]


def _error(
    expr: ir.Expr, behind: Sequence[ir.Param | ir.Input], sizes: Sizes, text: str
) -> RuleError:
    if isinstance(expr, ir.Const):
        return RuleError(
            "this int does not fit an int32",
            span=expr.span,
            hint=f"ints go from {INT_MIN} to {INT_MAX}; add .0 for a float",
        )
    quoted = excerpt(text, expr.span) if expr.span else "this"
    return RuleError(
        f"{quoted} may overflow int32", span=expr.span, hint=_remedy(expr, behind, sizes)
    )


def _remedy(expr: ir.Expr, behind: Sequence[ir.Param | ir.Input], sizes: Sizes) -> str:
    if isinstance(expr, ir.Aggregate):
        for binding in expr.bindings:
            if sizes[binding.entity] is None:
                return (
                    f"there may be any number of objects: declare entity {binding.entity} max N, "
                    "or add up floats: multiply by 1.0 first"
                )
    for item in behind:
        type_ = item.type
        if isinstance(type_, ir.IntType) and (type_.low == INT_MIN or type_.high == INT_MAX):
            low = min(0, type_.high) if type_.low == INT_MIN else type_.low
            high = max(0, low) + 150 if type_.high == INT_MAX else type_.high
            kind, about = "param", ""
            if isinstance(item, ir.Input):
                kind = "input"
                about = f"({', '.join(item.parameters)})" if item.parameters else ""
            return f"declare bounds, for example {kind} {item.name}{about}: int in {low}..{high}"
    return "declare narrower bounds, or compute in floats: multiply by 1.0 first"
