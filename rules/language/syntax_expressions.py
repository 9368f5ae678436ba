"""The syntax tree of expressions."""

from __future__ import annotations

import dataclasses
from typing import TypeAlias

from rules.language.ir import Span


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """An identifier, or the content of a string, at a place."""

    text: str
    span: Span
    quoted: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Number:
    """A number as it is spelt: `30_000`, `0.4`, `40%`, `1e-3`."""

    text: str
    span: Span


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Truth:
    """`true` or `false`."""

    value: bool
    span: Span


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Date:
    """`2026-01-31`."""

    text: str
    span: Span


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Duration:
    """`30 days`, `1 day`, `2 weeks`: a number of days."""

    number: Number
    unit: Word
    span: Span


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Name:
    """A param, an input, a derived name, a variable, or a member of an enum."""

    text: str
    span: Span


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """A quoted member of an enum, or a text."""

    text: str
    span: Span


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """An expression in parentheses."""

    inner: Expression
    span: Span


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Negative:
    """`-x`."""

    operand: Expression
    span: Span


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Binary:
    """`+ - * / mod`."""

    op: str
    left: Expression
    right: Expression
    span: Span


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Apply:
    """`max(a, b)`, or a relation about objects: `earns(g)`."""

    function: Word
    arguments: tuple[Expression, ...]
    span: Span


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class IfElse:
    """`if condition then a else b`."""

    condition: Expression
    then: Expression
    otherwise: Expression
    span: Span


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """`a < b`; more than one operator is a chain, which the checker refuses."""

    operators: tuple[str, ...]
    operands: tuple[Expression, ...]
    span: Span


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """`x in {a, b}`."""

    operand: Expression
    members: tuple[Expression, ...]
    span: Span


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Within:
    """`x in low..high`, both ends included."""

    operand: Expression
    low: Expression
    high: Expression
    span: Span


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """`x is known` or `x is unknown`."""

    operand: Expression
    known: bool
    span: Span


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Negation:
    """`not x`."""

    operand: Expression
    span: Span


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Conjunction:
    """`a and b and c`."""

    operands: tuple[Expression, ...]
    span: Span


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Disjunction:
    """`a or b or c`."""

    operands: tuple[Expression, ...]
    span: Span


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """A variable where it is bound, with its entity if that is written: `g in Guarantor`."""

    name: Word
    entity: Word | None
    span: Span


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Quantified:
    """`some g: ...`, `all m, n: ...`, `count m: ...`, `sum g where adult(g): earns(g)`."""

    kind: Word
    bindings: tuple[Parameter, ...]
    where: Expression | None
    body: Expression
    span: Span


Expression: TypeAlias = (
    Number
    | Truth
    | Date
    | Duration
    | Name
    | Text
    | Group
    | Negative
    | Binary
    | Apply
    | IfElse
    | Comparison
    | Member
    | Within
    | Known
    | Negation
    | Conjunction
    | Disjunction
    | Quantified
)


def children(node: Expression) -> tuple[Expression, ...]:
    """The direct subexpressions, in the order of the text."""
    match node:
        case Group():
            return (node.inner,)
        case Negative() | Negation() | Known():
            return (node.operand,)
        case Binary():
            return (node.left, node.right)
        case Apply():
            return node.arguments
        case IfElse():
            return (node.condition, node.then, node.otherwise)
        case Comparison() | Conjunction() | Disjunction():
            return node.operands
        case Member():
            return (node.operand, *node.members)
        case Within():
            return (node.operand, node.low, node.high)
        case Quantified():
            return (node.body,) if node.where is None else (node.where, node.body)
        case _:
            return ()
