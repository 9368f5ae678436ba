"""The syntax tree: what the author wrote, untyped, with a span on every node.

The checker turns it into the typed form of `rules.language.ir`; the formatter reads it to
see which parentheses are needed. Names are not resolved here, numbers are still text.
"""

from __future__ import annotations

import dataclasses
from typing import TypeAlias

from rules.language.ir import Span
from rules.language.syntax_expressions import (
    Apply,
    Binary,
    Comparison,
    Conjunction,
    Date,
    Disjunction,
    Duration,
    Expression,
    Group,
    IfElse,
    Known,
    Member,
    Name,
    Negation,
    Negative,
    Number,
    Parameter,
    Quantified,
    Text,
    Truth,
    Within,
    Word,
    children,
)

__all__ = [
    "Absence",
    "Annotation",
    "Apply",
    "Assignment",
    "Binary",
    "Bound",
    "Clause",
    "Comparison",
    "Conjunction",
    "ConstraintDeclaration",
    "Date",
    "DecideDeclaration",
    "Declaration",
    "DeriveDeclaration",
    "Disjunction",
    "Document",
    "Duration",
    "EntityDeclaration",
    "EnumeratedType",
    "Expression",
    "Firing",
    "Group",
    "Holds",
    "IfElse",
    "ImportDeclaration",
    "InputDeclaration",
    "Known",
    "Member",
    "Name",
    "NamedType",
    "Negation",
    "Negative",
    "Number",
    "ParamDeclaration",
    "Parameter",
    "Quantified",
    "RuleDeclaration",
    "TestDeclaration",
    "Text",
    "Truth",
    "TypeExpression",
    "Within",
    "Word",
    "children",
]


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
