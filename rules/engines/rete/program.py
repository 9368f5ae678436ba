"""What a rule set becomes for durable_rules: predicates, their clauses, and who computes what.

Every truth has two parts, each a relation of its own: where it is surely true, and where it
is possibly true (sparse truths: relations, quantifiers, recursion) or surely false (dense
truths: those about the case as a whole). So no third value is needed:

| part           | stored sparse | stored dense |
|----------------|---------------|--------------|
| surely true    | `true`        | `true`       |
| surely false   | no `possible` | `false`      |
| possibly true  | `possible`    | no `false`   |
| possibly false | no `true`     | no `true`    |

Clauses of dense truths need no negation, so they can be matched while facts arrive.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from rules.language import ir

__all__ = [
    "GO",
    "START",
    "Chain",
    "Clause",
    "Comparison",
    "Computed",
    "FactType",
    "Found",
    "Head",
    "Leaf",
    "Literal",
    "Part",
    "Place",
    "Predicate",
    "Program",
    "Rule",
    "Term",
    "Test",
]

Term: TypeAlias = str | int  # a variable, or the code of an object
Place: TypeAlias = tuple[str, str]  # a pattern, and a property of the fact that fills it
Test: TypeAlias = tuple[str, str, int]  # operator, property, constant


class FactType(NamedTuple):
    """What a fact says.

    Attributes:
        kind: `value`, `true`, `false` or `possible` of a name; `listed` or `present` of an
            entity; `start`; `go`.
        name: of what.
    """

    kind: str
    name: str = ""


Chain: TypeAlias = tuple[FactType, tuple[Test, ...]]  # what is tested of a fact alone, in order

START = FactType("start")  # in every session, so that each has an action (see network.py)
GO = FactType("go")  # asserted after everything that a negation looks at


@dataclasses.dataclass(frozen=True, slots=True)
class Literal:
    """A fact that must be there, or, negated, that must not.

    Attributes:
        type: what the fact says.
        terms: about which objects.
        tests: comparisons of its value with constants, by operator and key.
        value: the variable that its value is called by in comparisons, or None.
        negated: whether there must be no such fact.
    """

    type: FactType
    terms: tuple[Term, ...] = ()
    tests: tuple[tuple[str, int], ...] = ()
    value: str | None = None
    negated: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison of two variables, or of a variable and a code."""

    op: str
    left: str
    right: Term


@dataclasses.dataclass(frozen=True, slots=True)
class Clause:
    """The head holds where all literals and comparisons do."""

    head: FactType
    terms: tuple[Term, ...]
    literals: tuple[Literal, ...]
    comparisons: tuple[Comparison, ...] = ()

    @property
    def positive(self) -> tuple[Literal, ...]:
        """The facts that must be there."""
        return tuple(item for item in self.literals if not item.negated)

    @property
    def negative(self) -> tuple[Literal, ...]:
        """The facts that must not be there."""
        return tuple(item for item in self.literals if item.negated)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Predicate:
    """A truth that durable_rules finds.

    Attributes:
        name: of a derived truth, or one of ours (`rule 0`, `constraint 0`, `#0`).
        parameters: the objects that it is about.
        dense: how it is stored, see above.
        clauses: for both of its parts.
    """

    name: str
    parameters: tuple[ir.Binding, ...]
    dense: bool
    clauses: tuple[Clause, ...]

    @property
    def types(self) -> tuple[FactType, FactType]:
        """The facts that its two parts become."""
        return FactType("true", self.name), FactType(
            "false" if self.dense else "possible", self.name
        )

    @property
    def reads(self) -> Iterator[Literal]:
        """The literals of all clauses."""
        return (literal for clause in self.clauses for literal in clause.literals)


@dataclasses.dataclass(frozen=True, slots=True)
class Head:
    """What a rule that fires has found.

    Attributes:
        code: of the type of the fact.
        terms: the code of an object, or the place where it stands.
    """

    code: int
    terms: tuple[int | Place, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    """A rule as durable_rules takes it, and what it finds.

    Attributes:
        patterns: in order, each one name and its terms.
        head: what it finds.
        chains: for each pattern the type of fact, and what is tested of a fact alone.
    """

    patterns: tuple[dict[str, Any], ...]
    head: Head
    chains: tuple[Chain, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Leaf:
    """A truth that Python computes from values, and asserts as a dense one."""

    name: str
    parameters: tuple[ir.Binding, ...]
    condition: ir.Expr


@dataclasses.dataclass(frozen=True, kw_only=True)
class Computed:
    """A group of `ruleset.strata` that Python derives."""

    items: tuple[ir.Derived, ...]
    recursive: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class Found:
    """A truth that a part finds: a predicate, and the codes of the facts of its two parts."""

    name: str
    parameters: tuple[ir.Binding, ...]
    dense: bool
    true: int
    other: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Part:
    """What one rule set of durable_rules finds, with one session per case.

    Attributes:
        found: what it finds.
        rules: by which rules.
        barrier: whether rules have negations, so that `go` must wait for all facts.
        reads: the facts that must be asserted, and their codes.
        feeds: the codes of the facts that it finds and reads itself.
    """

    found: tuple[Found, ...]
    rules: tuple[Rule, ...]
    barrier: bool
    reads: tuple[tuple[int, FactType], ...]
    feeds: frozenset[int]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Program:
    """A rule set in the order of computation.

    Attributes:
        ruleset: where it comes from.
        steps: what Python computes, and parts that durable_rules matches.
        leaves: by name.
        codes: the numbers of the types of facts that rules read or find.
        texts: the texts of the rule set, whose places are their codes.
    """

    ruleset: ir.Ruleset
    steps: tuple[Computed | Part, ...]
    leaves: Mapping[str, Leaf]
    codes: Mapping[FactType, int]
    texts: tuple[str, ...]

    @functools.cached_property
    def parameters(self) -> Mapping[str, tuple[str, ...]]:
        """The entities that each name is about."""
        found = {item.name: item.parameters for item in self.ruleset.inputs}
        about = {item.name: item.parameters for item in self.ruleset.derived}
        about |= {item.name: item.parameters for item in self.leaves.values()}
        for name, parameters in about.items():
            found[name] = tuple(parameter.entity for parameter in parameters)
        return found

    @functools.cached_property
    def derived(self) -> frozenset[str]:
        """The names that the rule set derives."""
        return frozenset(item.name for item in self.ruleset.derived)
