"""What an expression means for one case: the specification, in plain Python.

Every node is one operation, rounded once; what is unknown is None. Expressions read facts
through `Facts.read`, so that engines differ only in when facts are computed.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol, TypeAlias, cast

from rules.engines.values import Value, canonical, within
from rules.engines.world import Object, Objects
from rules.language import ir

__all__ = [
    "COMPARE",
    "NO_BINDING",
    "Bound",
    "Facts",
    "conjunction",
    "derive",
    "disjunction",
    "rows",
    "truth",
    "value",
]


class Facts(Protocol):
    """Who is present, and the values of names: a `World`, or an engine that computes them."""

    @property
    def objects(self) -> Mapping[str, Mapping[Object, bool | None]]:
        """By entity and object whether it is present, see `World`."""

    def read(self, name: str, objects: Objects = ()) -> Value | None:
        """The value of a name about some objects; None is unknown."""


Bound: TypeAlias = Mapping[str, Object]  # the objects that the variables stand for
NO_BINDING: Bound = MappingProxyType({})


def derive(item: ir.Derived, objects: Objects, facts: Facts) -> Value | None:
    """What is derived about some objects; None is unknown."""
    pairs = list(zip(item.parameters, objects, strict=True))
    bound = {parameter.name: label for parameter, label in pairs}
    present = conjunction(facts.objects[parameter.entity][label] for parameter, label in pairs)
    if isinstance(item.type, ir.BoolType):
        held = disjunction(truth(clause, facts, bound) for clause in item.clauses)
        return conjunction((present, held))
    derived = value(item.clauses[0], facts, bound) if present else None
    return derived if derived is not None and within(item.type, derived) else None


def truth(expr: ir.Expr, facts: Facts, bound: Bound = NO_BINDING) -> bool | None:
    """Whether a condition holds; None is unknown.

    Args:
        expr: an expression of type bool.
        facts: the params, inputs and derived names that it reads.
        bound: the objects that its free variables stand for.
    """
    result = value(expr, facts, bound)
    if result is None or isinstance(result, bool):
        return result
    raise TypeError(f"found {result!r}, expected a truth")


def value(expr: ir.Expr, facts: Facts, bound: Bound = NO_BINDING) -> Value | None:
    """The value of an expression; None is unknown. Arguments as for `truth`."""
    match expr:
        case ir.Const(value=constant):
            return canonical(constant) if isinstance(constant, float) else constant
        case ir.Variable(name=name):
            return bound[name]
        case ir.Ref(name=name, arguments=arguments):
            return facts.read(name, tuple([_object(item, bound) for item in arguments]))
        case ir.Not(operand=operand):
            held = truth(operand, facts, bound)
            return None if held is None else not held
        case ir.And(operands=operands):
            return conjunction(truth(operand, facts, bound) for operand in operands)
        case ir.Or(operands=operands):
            return disjunction(truth(operand, facts, bound) for operand in operands)
        case ir.IsUnknown(operand=operand):
            return value(operand, facts, bound) is None
        case ir.Choose(condition=condition, then=then, otherwise=otherwise):
            held = truth(condition, facts, bound)
            return None if held is None else value(then if held else otherwise, facts, bound)
        case ir.Quantified(kind=kind, bindings=bindings, body=body):
            some = kind == "some"
            return (disjunction if some else conjunction)(
                _counted(present, truth(body, facts, row), some)
                for row, present in rows(bindings, facts, bound)
            )
        case ir.Aggregate():
            return _aggregate(expr, facts, bound)
        case _:
            return _apply(expr, facts, bound)


def rows(
    bindings: Sequence[ir.Binding], facts: Facts, bound: Bound
) -> Iterator[tuple[Bound, bool | None]]:
    """The objects that variables can stand for, and whether all of them are present.

    In the order of the objects, the last variable fastest.
    """
    if len(bindings) == 1:
        for label, there in facts.objects[bindings[0].entity].items():
            yield {**bound, bindings[0].name: label}, there
        return
    domains = [facts.objects[binding.entity].items() for binding in bindings]
    for pairs in itertools.product(*domains):
        labels = {item.name: label for item, (label, _) in zip(bindings, pairs, strict=True)}
        yield {**bound, **labels}, conjunction(present for _, present in pairs)


def _object(argument: ir.Variable | ir.Const, bound: Bound) -> Object:
    if isinstance(argument, ir.Variable):
        return bound[argument.name]
    return cast(Object, argument.value)


def _counted(present: bool | None, held: bool | None, some: bool) -> bool | None:
    """Of one row: `present and held` under `some`, `not present or held` under `all`."""
    return held if present or held is not some else None


def _aggregate(expr: ir.Aggregate, facts: Facts, bound: Bound) -> Value | None:
    condition = expr.body if expr.function == "count" else expr.where
    members = []
    for row, present in rows(expr.bindings, facts, bound):
        counts = conjunction((present, True if condition is None else truth(condition, facts, row)))
        if counts is None:
            return None
        if counts:
            members.append(row)
    if expr.function == "count":
        return len(members)
    numbers = []
    for row in members:
        number = value(expr.body, facts, row)
        if number is None:
            return None
        numbers.append(cast(float, number))
    match expr.function:
        case "sum" if isinstance(expr.type, ir.FloatType):
            return _sum(numbers)
        case "sum":
            return sum(numbers)
        case "mean" if numbers:
            total = _sum(numbers)
            count = cast(float, canonical(len(numbers)))
            return None if total is None else canonical(total / count)
        case "min" | "max" if numbers:
            return (min if expr.function == "min" else max)(numbers)
        case _:
            return None


def _sum(numbers: Iterable[float]) -> float | None:
    """The float sum, rounded after each addition; ints become floats first."""
    total: float | None = 0.0
    for number in numbers:
        total = None if total is None else canonical(total + cast(float, canonical(number)))
    return total


def _apply(expr: ir.Expr, facts: Facts, bound: Bound) -> Value | None:
    """Nodes that are unknown as soon as one operand is."""
    operands: tuple[ir.Expr, ...]
    operation: Callable[..., Value]
    match expr:
        case ir.ToFloat(operand=operand):
            operation, operands = _CONVERT, (operand,)
        case ir.Compare(op=op, left=left, right=right):
            operation, operands = COMPARE[op], (left, right)
        case ir.Arithmetic(op=op, left=left, right=right):
            operation, operands = _ARITHMETIC[op], (left, right)
        case ir.Call(function=function, arguments=arguments):
            operation, operands = _CALL[function], arguments
        case _:
            raise TypeError(f"found {expr!r}, expected an expression of rules.language.ir")
    known = [value(operand, facts, bound) for operand in operands]
    if None in known:
        return None
    try:
        result = operation(*known)
    except ZeroDivisionError:
        return None
    if isinstance(expr.type, ir.DateType) and not within(expr.type, result):
        return None
    return canonical(result) if isinstance(result, float) else result


def conjunction(truths: Iterable[bool | None]) -> bool | None:
    """Kleene's strong conjunction; takes no truth after the first that is false."""
    unknown = False
    for held in truths:
        if held is False:
            return False
        unknown = unknown or held is None
    return None if unknown else True


def disjunction(truths: Iterable[bool | None]) -> bool | None:
    """Kleene's strong disjunction; takes no truth after the first that is true."""
    unknown = False
    for held in truths:
        if held is True:
            return True
        unknown = unknown or held is None
    return None if unknown else False


_CONVERT: Callable[..., float] = float
COMPARE: Mapping[str, Callable[..., bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}
# Python's own operators on float32 values: float64 arithmetic, then rounded once more by
# `canonical`, which is float32 arithmetic (see there). Python's `%` has the divisor's sign,
# its `round` rounds half to even.
_ARITHMETIC: Mapping[str, Callable[..., float | int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "mod": operator.mod,
}
_CALL: Mapping[str, Callable[..., float | int]] = {
    "min": min,
    "max": max,
    "abs": abs,
    "floor": lambda number: float(math.floor(number)),
    "ceil": lambda number: float(math.ceil(number)),
    "round": lambda number: float(round(number)),
}
