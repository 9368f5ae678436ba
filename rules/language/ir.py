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
import json
from typing import Any, TypeAlias

INT_MIN, INT_MAX = -(2**31) + 1, 2**31 - 1  # -2**31 itself marks a missing integer


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A place in a source text; lines and columns count from 1, the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


# --------------------------------------------------------------------------- types


@dataclasses.dataclass(frozen=True, slots=True)
class FloatType:
    """A float32, optionally bounded; a value outside its bounds counts as missing."""

    low: float | None = None
    high: float | None = None
    low_open: bool = False
    high_open: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class IntType:
    """An int32 within inclusive bounds; a value outside counts as missing."""

    low: int = INT_MIN
    high: int = INT_MAX


@dataclasses.dataclass(frozen=True, slots=True)
class BoolType:
    """True or false."""


@dataclasses.dataclass(frozen=True, slots=True)
class EnumType:
    """One of a fixed list of names, in the order of declaration (which gives the codes)."""

    members: tuple[str, ...]


Type: TypeAlias = FloatType | IntType | BoolType | EnumType
PROB = FloatType(low=0.0, high=1.0)
BOOL = BoolType()

# --------------------------------------------------------------------- expressions
#
# Every value is known or unknown. Arithmetic, conversions, calls and comparisons are
# unknown when an operand is, when a divisor is zero, or when a float result is not
# finite. `And`, `Or` and `Not` are Kleene's strong connectives.


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Const:
    """A literal: float (already rounded to float32), int, bool, or enum member."""

    value: float | int | bool | str
    type: Type
    span: Span | None = dataclasses.field(default=None, compare=False)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Ref:
    """The value of an input or of a derived name."""

    name: str
    type: Type
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

    `mod` takes the sign of the divisor (as Python does).
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
    """`< <= > >= = !=` on two operands of one type; enums and bools only `=` and `!=`."""

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


Expr: TypeAlias = (
    Const | Ref | ToFloat | Arithmetic | Call | Choose | Compare | And | Or | Not | IsUnknown
)

# -------------------------------------------------------------------- declarations


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Input:
    """A named column of the cases; any case may lack it."""

    name: str
    type: Type
    span: Span | None = dataclasses.field(default=None, compare=False)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Derived:
    """A derived value (one clause) or truth (one or more clauses, joined by Kleene or)."""

    name: str
    type: Type
    clauses: tuple[Expr, ...]
    span: Span | None = dataclasses.field(default=None, compare=False)


POLICIES = ("unique", "any", "first", "priority", "collect")
MAX_COLLECTED = 31  # outcomes of `collect` are bits of an int32


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What is decided: the outcomes, the hit policy, and the two fall-backs."""

    name: str
    outcomes: tuple[str, ...]
    policy: str
    default: str | None  # None only under `collect`: the empty set
    unknown: str
    span: Span | None = dataclasses.field(default=None, compare=False)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """A `{name:spec}` hole of a because-template."""

    name: str
    spec: str


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """If `condition` then the decision may be `outcome`."""

    name: str
    title: str
    outcome: str
    condition: Expr
    because: tuple[str | Field, ...]
    priority: int = 0
    owner: str | None = None
    tags: tuple[str, ...] = ()
    span: Span | None = dataclasses.field(default=None, compare=False)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ExpectOutcome:
    """`expect outcome = reject`, `!=`, or `is unknown` (then `outcome` is None)."""

    op: str
    outcome: str | None
    span: Span | None = dataclasses.field(default=None, compare=False)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ExpectRule:
    """`expect risky fires`, or `does not fire [because FACT]`."""

    rule: str
    fires: bool
    because: str | None = None
    span: Span | None = dataclasses.field(default=None, compare=False)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ExpectTruth:
    """`expect burden > 3`: a truth over inputs and derived names must be known and true."""

    condition: Expr
    span: Span | None = dataclasses.field(default=None, compare=False)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Test:
    """One example case and what must come of it; inputs not given are missing."""

    title: str
    given: tuple[tuple[str, float | int | bool | str | None], ...]
    expectations: tuple[ExpectOutcome | ExpectRule | ExpectTruth, ...]
    span: Span | None = dataclasses.field(default=None, compare=False)


# ------------------------------------------------------------------------ rule set


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ruleset:
    """A checked rule set.

    Attributes:
        derived: in dependency order, each after the names it reads.
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
    text: str = dataclasses.field(default="", compare=False, repr=False)
    filename: str = dataclasses.field(default="<rules>", compare=False)

    @functools.cached_property
    def ranked(self) -> tuple[Rule, ...]:
        """The rules in order of precedence: by priority under `priority`, else as written."""
        if self.decision is None or self.decision.policy != "priority":
            return self.rules
        return tuple(sorted(self.rules, key=lambda rule: -rule.priority))

    @functools.cached_property
    def types(self) -> dict[str, Type]:
        """The type of every input and derived name."""
        inputs = {item.name: item.type for item in self.inputs}
        return inputs | {item.name: item.type for item in self.derived}

    @functools.cached_property
    def sha256(self) -> str:
        """Identity: what decides and what is said, without layout, comments and tests."""
        return hashlib.sha256(canonical_json(self).encode()).hexdigest()


def canonical_json(ruleset: Ruleset) -> str:
    """The canonical form: JSON with sorted keys, no spans, no tests, no source text."""
    form = _plain(dataclasses.replace(ruleset, tests=()))
    for absent in ("tests", "text", "filename"):
        del form[absent]
    return json.dumps({"format": 1, **form}, sort_keys=True, separators=(",", ":"))


def _plain(node: Any) -> Any:
    if dataclasses.is_dataclass(node):
        fields = {f.name: _plain(getattr(node, f.name)) for f in dataclasses.fields(node)}
        fields.pop("span", None)
        return {"is": type(node).__name__, **fields}
    if isinstance(node, tuple):
        return [_plain(item) for item in node]
    return node
