"""Test blocks: example cases, and what must come of them."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeAlias

from rules.language.ir_expressions import Expr
from rules.language.ir_types import Span


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


Expectation: TypeAlias = ExpectOutcome | ExpectRule | ExpectTruth


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """`income = 30_000`, `earns(anna) = 80_000`, or `no parent` (then `empty` is true).

    `no ENTITY` says that the case has no such object.
    """

    name: str
    arguments: tuple[int | str, ...] = ()
    value: float | int | bool | str | None = None
    empty: bool = False
    span: Span | None = dataclasses.field(default=None, compare=False)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Test:
    """One example case and what must come of it; inputs not given are missing."""

    title: str
    given: tuple[Given, ...]
    expectations: tuple[Expectation, ...]
    span: Span | None = dataclasses.field(default=None, compare=False)

    @property
    def case(self) -> dict[str, Any]:
        """The case as the engines take it: relations as mappings by tuples of objects."""
        case: dict[str, Any] = {}
        for item in self.given:
            if item.empty:
                case.setdefault(item.name, {})
            elif item.arguments:
                case.setdefault(item.name, {})[item.arguments] = item.value
            else:
                case[item.name] = item.value
        return case
