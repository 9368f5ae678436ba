"""Small wrong versions of a rule set, one change each.

A test suite that cannot tell a rule set from its mutants would not notice such a mistake
(DeMillo, Lipton and Sayward, "Hints on test data selection", 1978).
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rules.engines.values import admit, canonical
from rules.language import ir
from rules.language.printer import constant_text, expression_text
from rules.language.walk import children, names

__all__ = ["Mutant", "mutants"]

_STEP = 0.1  # how far a threshold moves, relative to it
_LIMIT = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "=": "!=", "!=": "="}
_AGGREGATE = {"min": "max", "max": "min", "sum": "max", "mean": "sum"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mutant:
    """A rule set with one change.

    Attributes:
        where: the rule, derived name, constraint or declaration that is changed.
        before: the text that is changed.
        after: what it is changed to.
        span: where it stands.
        ruleset: the changed rule set.
    """

    where: str
    before: str
    after: str
    span: ir.Span | None
    ruleset: ir.Ruleset

    def __str__(self) -> str:
        return f"{self.where}: {self.before} -> {self.after}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Change:
    """One changed expression: the whole of it, and the part that differs."""

    whole: ir.Expr
    part: ir.Expr
    before: str
    after: str


def mutants(ruleset: ir.Ruleset) -> Iterator[Mutant]:
    """All mutants of a rule set, in the order of the text.

    Thresholds move (a tenth of them up and down, whole numbers by one, and to the other side
    of their comparison), conditions are dropped or negated, `and` and `or`, `some` and `all`,
    aggregates, branches, outcomes and neighbouring priorities are swapped; rules, clauses and
    constraints are left out; fall-backs and params are changed.
    """
    yield from _params(ruleset)
    yield from _derived(ruleset)
    yield from _fallbacks(ruleset)
    yield from _rules(ruleset)
    yield from _constraints(ruleset)


# ------------------------------------------------------------------ declarations


def _params(ruleset: ir.Ruleset) -> Iterator[Mutant]:
    for place, item in enumerate(ruleset.params):
        for value in _moved(item.value, item.type):
            changed = dataclasses.replace(item, value=value)
            yield Mutant(
                where=f"param {item.name}",
                before=constant_text(item.value, item.type),
                after=constant_text(value, item.type),
                span=item.span,
                ruleset=_with(ruleset, params=_put(ruleset.params, place, changed)),
            )


def _derived(ruleset: ir.Ruleset) -> Iterator[Mutant]:
    groups = {item.name: _names_of(group) for group in ruleset.strata for item in group}
    for place, item in enumerate(ruleset.derived):
        for number, clause in enumerate(item.clauses):
            for change in _changes(clause):
                if not _is_positive(change.whole, groups[item.name]):
                    continue  # no rule set: recursion through a negation has no least answer
                clauses = _put(item.clauses, number, change.whole)
                changed = dataclasses.replace(item, clauses=clauses)
                derived = _put(ruleset.derived, place, changed)
                yield _mutant(ruleset, item.name, change, item.span, derived=derived)
            if len(item.clauses) > 1:
                clauses = item.clauses[:number] + item.clauses[number + 1 :]
                changed = dataclasses.replace(item, clauses=clauses)
                yield Mutant(
                    where=item.name,
                    before=expression_text(clause),
                    after="(left out)",
                    span=clause.span or item.span,
                    ruleset=_with(ruleset, derived=_put(ruleset.derived, place, changed)),
                )


def _names_of(group: Sequence[ir.Derived]) -> frozenset[str]:
    """The names of a group of `strata`."""
    return frozenset(item.name for item in group)


def _is_positive(expr: ir.Expr, group: frozenset[str]) -> bool:
    """Whether an expression reads the names of its group through and, or, some, all only."""
    match expr:
        case ir.And() | ir.Or() | ir.Quantified():
            return all(_is_positive(child, group) for child in children(expr))
        case ir.Ref():
            return True
        case _:
            return not (names(expr) & group)


def _fallbacks(ruleset: ir.Ruleset) -> Iterator[Mutant]:
    decision = ruleset.decision
    if decision is None:
        return
    for keyword, outcome in (("default", decision.default), ("unknown", decision.unknown)):
        if outcome is None:
            continue
        for other in _others(decision.outcomes, outcome):
            changed = _set(decision, keyword, other)
            yield Mutant(
                where=decision.name,
                before=f"{keyword} {outcome}",
                after=f"{keyword} {other}",
                span=decision.span,
                ruleset=_with(ruleset, decision=changed),
            )


def _rules(ruleset: ir.Ruleset) -> Iterator[Mutant]:
    decision = ruleset.decision
    for place, rule in enumerate(ruleset.rules):
        without = ruleset.rules[:place] + ruleset.rules[place + 1 :]
        yield Mutant(
            where=rule.name,
            before=f"rule {rule.name}",
            after="(left out)",
            span=rule.span,
            ruleset=_with(ruleset, rules=without),
        )
        assert decision is not None
        for other in _others(decision.outcomes, rule.outcome):
            changed = dataclasses.replace(rule, outcome=other)
            yield Mutant(
                where=rule.name,
                before=f"{decision.name} = {rule.outcome}",
                after=f"{decision.name} = {other}",
                span=rule.span,
                ruleset=_with(ruleset, rules=_put(ruleset.rules, place, changed)),
            )
        for change in _changes(rule.condition):
            changed = dataclasses.replace(rule, condition=change.whole)
            rules = _put(ruleset.rules, place, changed)
            yield _mutant(ruleset, rule.name, change, rule.span, rules=rules)
    yield from _swapped(ruleset)


def _swapped(ruleset: ir.Ruleset) -> Iterator[Mutant]:
    """Each rule after the next of another outcome, where precedence matters."""
    if ruleset.decision is None or ruleset.decision.policy not in ("first", "priority"):
        return
    ranked = ruleset.ranked
    places = {rule.name: place for place, rule in enumerate(ruleset.rules)}
    for upper, lower in itertools.pairwise(ranked):
        if upper.outcome == lower.outcome:
            continue
        above, below = places[upper.name], places[lower.name]
        rules = list(ruleset.rules)
        rules[above], rules[below] = (
            dataclasses.replace(rules[below], priority=rules[above].priority),
            dataclasses.replace(rules[above], priority=rules[below].priority),
        )
        yield Mutant(
            where=upper.name,
            before=f"{upper.name} before {lower.name}",
            after=f"{lower.name} before {upper.name}",
            span=upper.span,
            ruleset=_with(ruleset, rules=tuple(rules)),
        )


def _constraints(ruleset: ir.Ruleset) -> Iterator[Mutant]:
    for place, item in enumerate(ruleset.constraints):
        if item.weight is not None:  # it decides nothing
            continue
        without = ruleset.constraints[:place] + ruleset.constraints[place + 1 :]
        yield Mutant(
            where=item.title,
            before=f'constraint "{item.title}"',
            after="(left out)",
            span=item.span,
            ruleset=_with(ruleset, constraints=without),
        )
        for change in _changes(item.condition):
            changed = dataclasses.replace(item, condition=change.whole)
            constraints = _put(ruleset.constraints, place, changed)
            yield _mutant(ruleset, item.title, change, item.span, constraints=constraints)


def _mutant(
    ruleset: ir.Ruleset, where: str, change: _Change, place: ir.Span | None, **fields: Any
) -> Mutant:
    return Mutant(
        where=where,
        before=change.before,
        after=change.after,
        span=change.part.span or place,
        ruleset=_with(ruleset, **fields),
    )


def _with(ruleset: ir.Ruleset, **fields: Any) -> ir.Ruleset:
    return dataclasses.replace(ruleset, **fields)


def _set(node: Any, field: str, value: Any) -> Any:
    return dataclasses.replace(node, **{field: value})


def _put(items: tuple[Any, ...], place: int, item: Any) -> tuple[Any, ...]:
    return (*items[:place], item, *items[place + 1 :])


def _others(outcomes: Sequence[str], outcome: str) -> list[str]:
    """The outcome to swap with: the next one, since more of them would tell no more."""
    if len(outcomes) < 2:
        return []
    return [outcomes[(outcomes.index(outcome) + 1) % len(outcomes)]]


# ------------------------------------------------------------------- expressions


def _changes(expr: ir.Expr) -> Iterator[_Change]:
    """Every change of one node of an expression."""
    for node in _variants(expr):
        yield _Change(
            whole=node, part=expr, before=expression_text(expr), after=expression_text(node)
        )
    for child, rebuild in _parts(expr):
        for change in _changes(child):
            yield dataclasses.replace(change, whole=rebuild(change.whole))


def _parts(expr: ir.Expr) -> Iterator[tuple[ir.Expr, Callable[[ir.Expr], ir.Expr]]]:
    """The subexpressions, each with what puts another one in its place."""
    for field in ("operand", "left", "right", "condition", "then", "otherwise", "where", "body"):
        child = getattr(expr, field, None)
        if child is not None:
            yield child, _rebuilding(expr, field)
    lists = ("arguments",) if isinstance(expr, ir.Call) else ("operands",)
    for field in lists:
        for place, child in enumerate(getattr(expr, field, ())):
            yield child, _rebuilding(expr, field, place)


def _rebuilding(
    expr: ir.Expr, field: str, place: int | None = None
) -> Callable[[ir.Expr], ir.Expr]:
    def rebuild(child: ir.Expr) -> ir.Expr:
        return _set(
            expr, field, child if place is None else _put(getattr(expr, field), place, child)
        )

    return rebuild


def _variants(expr: ir.Expr) -> Iterator[ir.Expr]:
    """What an expression itself can be changed to."""
    match expr:
        case ir.And(operands=operands) | ir.Or(operands=operands):
            for place in range(len(operands)):
                rest = operands[:place] + operands[place + 1 :]
                yield rest[0] if len(rest) == 1 else dataclasses.replace(expr, operands=rest)
            swapped = ir.Or if isinstance(expr, ir.And) else ir.And
            yield swapped(operands=operands, span=expr.span)
        case ir.Not(operand=operand):
            yield operand
        case ir.Compare(op=op):
            yield dataclasses.replace(expr, op=_LIMIT[op])
            yield from _moved_thresholds(expr)
        case ir.Ref(type=ir.BoolType()) | ir.IsUnknown():
            yield ir.Not(operand=expr, span=expr.span)
        case ir.Quantified(kind=kind):
            yield dataclasses.replace(expr, kind="all" if kind == "some" else "some")
        case ir.Aggregate(function=function) if function in _AGGREGATE:
            yield dataclasses.replace(expr, function=_AGGREGATE[function])
        case ir.Choose(then=then, otherwise=otherwise):
            yield dataclasses.replace(expr, then=otherwise, otherwise=then)


def _moved_thresholds(expr: ir.Compare) -> Iterator[ir.Expr]:
    for side in ("left", "right"):
        constant = getattr(expr, side)
        if isinstance(constant, ir.Const):
            for value in _moved(constant.value, constant.type):
                yield _set(expr, side, dataclasses.replace(constant, value=value))


def _moved(value: Any, type_: ir.Type) -> Iterator[Any]:
    """Values a step up and down, as far as the type has them."""
    match type_:
        case ir.FloatType():
            step = abs(value) * _STEP or _STEP
            candidates: list[Any] = [canonical(value + step), canonical(value - step)]
        case ir.IntType() | ir.DateType():
            candidates = [value + 1, value - 1]
        case ir.BoolType():
            candidates = [not value]
        case ir.EnumType(members=members):
            candidates = _others(members, value)
        case _:
            candidates = []
    for moved in candidates:
        admitted = None if moved is None else admit("constant", type_, moved)
        if admitted is not None and admitted != value:
            yield admitted
