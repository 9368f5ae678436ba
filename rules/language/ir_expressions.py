"""Typed expressions.

Every value is known or unknown. Arithmetic, conversions, calls and comparisons are
unknown when an operand is, when a divisor is zero, or when a float result is not
finite. `And`, `Or` and `Not` are Kleene's strong connectives.
"""

from __future__ import annotations

import dataclasses
from typing import TypeAlias

from rules.language.ir_types import BOOL, BoolType, FloatType, Span, Type


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Const:
    """A literal: float (already rounded to float32), int, bool, day number, or text."""

    value: float | int | bool | str
    type: Type
    span: Span | None = dataclasses.field(default=None, compare=False)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Variable:
    """An object of an entity: bound by a quantifier, an aggregate, or the head of a clause.

    Its type is that of the entity: int within a range, enum, or ObjectType.
    """

    name: str
    entity: str
    type: Type
    span: Span | None = dataclasses.field(default=None, compare=False)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Ref:
    """The value of a param, an input or a derived name, for the objects that it is about.

    `arguments` are variables, or constants of an entity with a fixed domain.
    """

    name: str
    type: Type
    arguments: tuple[Variable | Const, ...] = ()
    span: Span | None = dataclasses.field(default=None, compare=False)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ToFloat:
    """An int operand rounded to float32."""

    operand: Expr
    type: FloatType
    span: Span | None = dataclasses.field(default=None, compare=False)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Arithmetic:
    """`+ - * / mod` on two operands of one numeric type; `/` is float, `mod` is int.

    `mod` takes the sign of the divisor (as Python does). Dates: date - date is an int,
    date + int and date - int are dates, unknown when out of the bounds of DateType.
    """

    op: str
    left: Expr
    right: Expr
    type: Type
    span: Span | None = dataclasses.field(default=None, compare=False)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A function of `rules.language.functions` applied to operands of one numeric type."""

    function: str
    arguments: tuple[Expr, ...]
    type: Type
    span: Span | None = dataclasses.field(default=None, compare=False)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Choose:
    """`if condition then a else b`; unknown when the condition or the chosen value is."""

    condition: Expr
    then: Expr
    otherwise: Expr
    type: Type
    span: Span | None = dataclasses.field(default=None, compare=False)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Compare:
    """`< <= > >= = !=` on two operands of one type.

    Enums, bools, texts and objects only `=` and `!=`; numbers and dates are ordered.
    """

    op: str
    left: Expr
    right: Expr
    span: Span | None = dataclasses.field(default=None, compare=False)
    type: BoolType = BOOL


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class And:
    """Kleene conjunction of two or more truths."""

    operands: tuple[Expr, ...]
    span: Span | None = dataclasses.field(default=None, compare=False)
    type: BoolType = BOOL


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Or:
    """Kleene disjunction of two or more truths."""

    operands: tuple[Expr, ...]
    span: Span | None = dataclasses.field(default=None, compare=False)
    type: BoolType = BOOL


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Not:
    """Kleene negation."""

    operand: Expr
    span: Span | None = dataclasses.field(default=None, compare=False)
    type: BoolType = BOOL


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class IsUnknown:
    """Whether the operand is unknown: never itself unknown."""

    operand: Expr
    span: Span | None = dataclasses.field(default=None, compare=False)
    type: BoolType = BOOL


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Binding:
    """A variable and the entity whose objects it ranges over."""

    name: str
    entity: str


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Quantified:
    """`some` or `all` over the objects present: Kleene's `or` and `and` of the body."""

    kind: str
    bindings: tuple[Binding, ...]
    body: Expr
    span: Span | None = dataclasses.field(default=None, compare=False)
    type: BoolType = BOOL


AGGREGATES = ("count", "sum", "min", "max", "mean")


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Aggregate:
    """A number from the objects present for which `where` holds.

    `count` counts where its body, a truth, holds (and has no `where`); the others take the
    values of the body in the order of the objects, the last variable fastest. Sums of floats
    are rounded after each addition, which makes the order part of the meaning. `mean` is a
    float sum over a float count. Unknown when it is unknown whether an object counts, when
    the value of one that does is, and, for min, max and mean, when none counts.
    """

    function: str
    bindings: tuple[Binding, ...]
    body: Expr
    type: Type
    where: Expr | None = None
    span: Span | None = dataclasses.field(default=None, compare=False)


Expr: TypeAlias = (
    Const
    | Variable
    | Ref
    | ToFloat
    | Arithmetic
    | Call
    | Choose
    | Compare
    | And
    | Or
    | Not
    | IsUnknown
    | Quantified
    | Aggregate
)
