"""The syntax tree: what the author wrote, untyped, with a span on every node.

The checker turns it into the typed form of `rules.language.ir`; the formatter reads it to
see which parentheses are needed. Names are not resolved here, numbers are still text.
"""

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


# --------------------------------------------------------------------- expressions


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


# -------------------------------------------------------------------- declarations


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Bound:
    """One bound of a number type: `> 0`, or half of `0..1` (then the operator is `>=`/`<=`)."""

    op: str
    value: Expression
    span: Span


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class NamedType:
    """`float > 0 and < 100`, `int in 0..120`, `bool`, `prob`."""

    name: Word
    bounds: tuple[Bound, ...]
    span: Span


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class EnumeratedType:
    """`{car, education, "two words"}`."""

    members: tuple[Word, ...]
    span: Span


TypeExpression: TypeAlias = NamedType | EnumeratedType


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Annotation:
    """`priority 100`, `owner "credit"` or `actionable` in the brackets of a declaration."""

    name: Word
    value: Expression | None
    span: Span


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ImportDeclaration:
    """`import "common.rules"`, or a decision table: `import "limits.csv"`."""

    path: Word
    span: Span


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class EntityDeclaration:
    """`entity Guarantor max 8`, `entity Month in 1..12`, `entity Side in {left, right}`.

    At most one of the three is given; none is an entity without a bound.
    """

    name: Word
    maximum: Number | None
    bounds: tuple[Expression, Expression] | None
    members: tuple[Word, ...] | None
    span: Span


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ParamDeclaration:
    """`param threshold: prob = 0.4`."""

    name: Word
    type: TypeExpression
    value: Expression
    span: Span


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class InputDeclaration:
    """`input income: float > 0 [actionable]`, `input earns(Guarantor): float`."""

    name: Word
    type: TypeExpression
    span: Span
    parameters: tuple[Word, ...] = ()
    annotations: tuple[Annotation, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class DeriveDeclaration:
    """`derive burden: float = ...`, or one clause `derive ancestor(x, y) if ...`."""

    name: Word
    type: TypeExpression | None
    value: Expression
    is_clause: bool
    span: Span
    parameters: tuple[Parameter, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Clause:
    """`policy X`, `default X`, `unknown X` or `dated X` of a decision."""

    keyword: str
    word: Word
    span: Span


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class DecideDeclaration:
    """`decide outcome in {...}` and its clauses."""

    name: Word
    outcomes: tuple[Word, ...]
    clauses: tuple[Clause, ...]
    span: Span


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class RuleDeclaration:
    """A rule: header, `outcome = X`, `if`, `because`."""

    name: Word
    title: Word
    annotations: tuple[Annotation, ...]
    decision: Word
    outcome: Word
    condition: Expression
    because: Word | None
    span: Span


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ConstraintDeclaration:
    """`constraint "title" [weight 2] if condition then outcome != approve`."""

    title: Word
    annotations: tuple[Annotation, ...]
    condition: Expression
    consequence: Expression
    span: Span


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Assignment:
    """`earns(anna) = 30_000` under `given`; the value None stands for `unknown`.

    `arguments` are names, texts and numbers, taken as the names of objects.
    """

    name: Word
    value: Expression | None
    span: Span
    arguments: tuple[Expression, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Absence:
    """`no parent` or `no Guarantor` under `given`: nothing of the kind."""

    name: Word
    span: Span


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Firing:
    """`risky fires`, or `risky does not fire [because fact]`."""

    rule: Word
    fires: bool
    because: Word | None
    span: Span


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Holds:
    """Any truth expected, `outcome = approve` among them."""

    condition: Expression
    span: Span


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class TestDeclaration:
    """`test "title"` with `given` and `expect`."""

    title: Word
    given: tuple[Assignment | Absence, ...]
    expectations: tuple[Firing | Holds, ...]
    span: Span


Declaration: TypeAlias = (
    ImportDeclaration
    | EntityDeclaration
    | ParamDeclaration
    | InputDeclaration
    | DeriveDeclaration
    | DecideDeclaration
    | RuleDeclaration
    | ConstraintDeclaration
    | TestDeclaration
)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A whole text: the header and the declarations in their order."""

    name: Word
    version: Number
    declarations: tuple[Declaration, ...]
