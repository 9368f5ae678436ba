"""The typed form of a rule set that every engine reads.

Text, and later tables and the Python builder, all end here. The form is small on
purpose: whatever the surface language adds must reduce to these nodes, so an engine
that handles them handles the language. Names are resolved, types are attached,
conversions from int to float are explicit, derived values are in dependency order.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib

from rules.language.ir_expressions import (
    AGGREGATES,
    Aggregate,
    And,
    Arithmetic,
    Binding,
    Call,
    Choose,
    Compare,
    Const,
    Expr,
    IsUnknown,
    Not,
    Or,
    Quantified,
    Ref,
    ToFloat,
    Variable,
)
from rules.language.ir_tests import (
    Expectation,
    ExpectOutcome,
    ExpectRule,
    ExpectTruth,
    Given,
    Test,
)
from rules.language.ir_types import (
    BOOL,
    DAY_MAX,
    DAY_MIN,
    INT_MAX,
    INT_MIN,
    PROB,
    BoolType,
    DateType,
    EnumType,
    FloatType,
    IntType,
    ObjectType,
    Source,
    Span,
    StringType,
    Type,
)

__all__ = [
    "AGGREGATES",
    "BOOL",
    "DAY_MAX",
    "DAY_MIN",
    "INT_MAX",
    "INT_MIN",
    "MAX_ARITY",
    "MAX_COLLECTED",
    "POLICIES",
    "PROB",
    "Aggregate",
    "And",
    "Arithmetic",
    "Binding",
    "BoolType",
    "Call",
    "Choose",
    "Compare",
    "Const",
    "Constraint",
    "DateType",
    "Decision",
    "Derived",
    "Entity",
    "EnumType",
    "ExpectOutcome",
    "ExpectRule",
    "ExpectTruth",
    "Expectation",
    "Expr",
    "Field",
    "FloatType",
    "Given",
    "Input",
    "IntType",
    "IsUnknown",
    "Not",
    "ObjectType",
    "Or",
    "Param",
    "Quantified",
    "Ref",
    "Rule",
    "Ruleset",
    "Source",
    "Span",
    "StringType",
    "Test",
    "ToFloat",
    "Type",
    "Variable",
]

MAX_ARITY = 4  # arguments of a relation

# -------------------------------------------------------------------- declarations


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Entity:
    """What there can be several of in one case.

    Attributes:
        type: IntType for a range and EnumType for a list of names, whose objects are always
            all present; ObjectType where each case names its objects.
        maximum: how many objects a case may have, None for any number (which only engines on
            the host can handle); None for ranges and lists, which tell it themselves.
    """

    name: str
    type: Type
    maximum: int | None = None
    span: Span | None = dataclasses.field(default=None, compare=False)

    @property
    def size(self) -> int | None:
        """The number of objects, present or not; None when unbounded."""
        match self.type:
            case IntType(low=low, high=high):
                return high - low + 1
            case EnumType(members=members):
                return len(members)
            case _:
                return self.maximum

    @property
    def domain(self) -> tuple[int | str, ...] | None:
        """The objects of a range or a list of names; None where each case names its own."""
        match self.type:
            case IntType(low=low, high=high):
                return tuple(range(low, high + 1))
            case EnumType(members=members):
                return members
            case _:
                return None


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Param:
    """A named constant that can be set anew without changing the text."""

    name: str
    type: Type
    value: float | int | bool | str
    span: Span | None = dataclasses.field(default=None, compare=False)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Input:
    """A named column of the cases, or a relation; any case may lack it.

    Attributes:
        parameters: the entities that a relation is about, at most MAX_ARITY.
        actionable: whether someone could change it, for `what would change it`.
        weight: what changing it costs, against the others.
    """

    name: str
    type: Type
    parameters: tuple[str, ...] = ()
    actionable: bool = False
    weight: float = 1.0
    span: Span | None = dataclasses.field(default=None, compare=False)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Derived:
    """A derived value (one clause) or truth (one or more clauses, joined by Kleene or).

    All clauses call the parameters alike. What is derived about an object that is not
    present is false, or unknown for a value.
    """

    name: str
    type: Type
    clauses: tuple[Expr, ...]
    parameters: tuple[Binding, ...] = ()
    span: Span | None = dataclasses.field(default=None, compare=False)


POLICIES = ("unique", "any", "first", "priority", "collect")
MAX_COLLECTED = 31  # outcomes of `collect` are bits of an int32


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What is decided: the outcomes, the hit policy, and the two fall-backs.

    `dated` names the date input that says which rules are in force for a case.
    """

    name: str
    outcomes: tuple[str, ...]
    policy: str
    default: str | None  # None only under `collect`: the empty set
    unknown: str
    dated: str | None = None
    span: Span | None = dataclasses.field(default=None, compare=False)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """A `{name:spec}` hole of a because-template."""

    name: str
    spec: str


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """If `condition` then the decision may be `outcome`.

    `since` and `until` are the first and the last day (as of DateType) it is in force.
    """

    name: str
    title: str
    outcome: str
    condition: Expr
    because: tuple[str | Field, ...]
    priority: int = 0
    owner: str | None = None
    tags: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None
    weight: float | None = None
    span: Span | None = dataclasses.field(default=None, compare=False)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Constraint:
    """If `condition` then no outcome but those `allowed`.

    Without a weight it is binding: a decision that breaks it becomes the decision's
    `unknown` (status VIOLATED). With a weight it is only reported.
    """

    title: str
    condition: Expr
    allowed: tuple[str, ...]
    weight: float | None = None
    span: Span | None = dataclasses.field(default=None, compare=False)


# ------------------------------------------------------------------------ rule set


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ruleset:
    """A checked rule set.

    Attributes:
        derived: in dependency order, each after the names it reads, but for recursion:
            see `strata`.
        rules: in the order of the text; see `ranked` for the order of precedence.
        decision: None for a rule set that only derives.
        text: the source, for messages and the audit record; not part of the identity.
        filename: where the text came from, for messages.
    """

    name: str
    version: int
    inputs: tuple[Input, ...]
    derived: tuple[Derived, ...]
    decision: Decision | None
    rules: tuple[Rule, ...]
    tests: tuple[Test, ...] = ()
    entities: tuple[Entity, ...] = ()
    params: tuple[Param, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    sources: tuple[Source, ...] = dataclasses.field(default=(), compare=False, repr=False)
    text: str = dataclasses.field(default="", compare=False, repr=False)
    filename: str = dataclasses.field(default="<rules>", compare=False)

    @functools.cached_property
    def ranked(self) -> tuple[Rule, ...]:
        """The rules in order of precedence: by priority under `priority`, else as written.

        Where the decision is dated, the condition of a rule holds only on the days on which
        it is in force. Engines read the rules from here.
        """
        if self.decision is None:
            return self.rules
        rules: tuple[Rule, ...] = self.rules
        if self.decision.dated is not None:
            day = Ref(name=self.decision.dated, type=self.types[self.decision.dated])
            rules = tuple(_in_force(rule, day) for rule in rules)
        if self.decision.policy != "priority":
            return rules
        return tuple(sorted(rules, key=lambda rule: -rule.priority))

    @functools.cached_property
    def types(self) -> dict[str, Type]:
        """The type of every param, input and derived name."""
        items: tuple[Param | Input | Derived, ...] = (*self.params, *self.inputs, *self.derived)
        return {item.name: item.type for item in items}

    @functools.cached_property
    def entity(self) -> dict[str, Entity]:
        """The entities by name."""
        return {item.name: item for item in self.entities}

    @functools.cached_property
    def strata(self) -> tuple[tuple[Derived, ...], ...]:
        """The derived values in groups, each after the groups that it reads.

        A group of several, or of one that reads itself, is recursive: its truths are the
        least ones that agree with its clauses.
        """
        from rules.language.strata import strata  # it walks expressions, which are built on this

        return strata(self.derived)

    @functools.cached_property
    def sha256(self) -> str:
        """Identity: what decides and what is said, without layout, comments and tests."""
        from rules.language.interchange import canonical_json  # it writes what is built here

        return hashlib.sha256(canonical_json(self).encode()).hexdigest()


def _in_force(rule: Rule, day: Ref) -> Rule:
    bounds = ((">=", rule.since), ("<=", rule.until))
    limits = tuple(
        Compare(op=op, left=day, right=Const(value=value, type=DateType()))
        for op, value in bounds
        if value is not None
    )
    if not limits:
        return rule
    return dataclasses.replace(rule, condition=And(operands=(*limits, rule.condition)))
