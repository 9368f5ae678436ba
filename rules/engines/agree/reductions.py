"""Smaller rule sets and smaller cases, one step at a time, the biggest steps first."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from rules.engines.agree.plainer import each_expression, plainer, swapped
from rules.engines.agree.rewriting import constants, rewritten, simpler
from rules.language import ir
from rules.language.walk import walk

__all__ = ["smaller_cases", "smaller_rulesets"]

_Item = TypeVar("_Item")


def smaller_rulesets(ruleset: ir.Ruleset) -> Iterator[ir.Ruleset]:
    """Rule sets with something left out."""
    for rules in without_some(ruleset.rules):
        yield dataclasses.replace(ruleset, rules=rules)
    for constraints in without_some(ruleset.constraints):
        yield dataclasses.replace(ruleset, constraints=constraints)
    for item in reversed(ruleset.derived):
        yield from _without_derived(ruleset, item)
    yield from _unused(ruleset)
    yield from plainer(ruleset)
    for index, item in enumerate(ruleset.derived):
        for smaller in _smaller_derived(item):
            yield dataclasses.replace(ruleset, derived=swapped(ruleset.derived, index, smaller))
    for index, rule in enumerate(ruleset.rules):
        for condition in simpler(rule.condition):
            changed = dataclasses.replace(rule, condition=condition)
            yield dataclasses.replace(ruleset, rules=swapped(ruleset.rules, index, changed))
    for index, limit in enumerate(ruleset.constraints):
        for condition in simpler(limit.condition):
            other = dataclasses.replace(limit, condition=condition)
            kept = swapped(ruleset.constraints, index, other)
            yield dataclasses.replace(ruleset, constraints=kept)


def smaller_cases(case: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Cases that tell less, or plainer values."""
    for name in case:
        yield {other: value for other, value in case.items() if other != name}
    for name, value in case.items():
        for plain in _plainer_values(value):
            yield {**case, name: plain}


def without_some(items: Sequence[_Item]) -> Iterator[tuple[_Item, ...]]:
    """Halves, then all but one (delta debugging: Zeller and Hildebrandt, 2002)."""
    if len(items) > 2:
        half = len(items) // 2
        yield tuple(items[half:])
        yield tuple(items[:half])
    for index in range(len(items)):
        yield (*items[:index], *items[index + 1 :])


# ---------------------------------------------------------------------- declarations


def _without_derived(ruleset: ir.Ruleset, item: ir.Derived) -> Iterator[ir.Ruleset]:
    """The rule set without a derived name; what read it reads a constant."""
    for constant in constants(item.type):

        def change(expr: ir.Expr, constant: ir.Expr = constant) -> ir.Expr:
            return constant if isinstance(expr, ir.Ref) and expr.name == item.name else expr

        changed = each_expression(ruleset, lambda expr: rewritten(expr, change))
        kept = tuple(other for other in changed.derived if other.name != item.name)
        yield dataclasses.replace(changed, derived=kept)


def _expressions(ruleset: ir.Ruleset) -> Iterator[ir.Expr]:
    for item in ruleset.derived:
        for clause in item.clauses:
            yield from walk(clause)
    for rule in ruleset.rules:
        yield from walk(rule.condition)
    for limit in ruleset.constraints:
        yield from walk(limit.condition)


def _unused(ruleset: ir.Ruleset) -> Iterator[ir.Ruleset]:
    """Without the inputs, params and entities that nothing reads."""
    read = {node.name for node in _expressions(ruleset) if isinstance(node, ir.Ref)}
    read |= {
        part.name for rule in ruleset.rules for part in rule.because if isinstance(part, ir.Field)
    }
    if ruleset.decision is not None and ruleset.decision.dated is not None:
        read.add(ruleset.decision.dated)
    inputs = tuple(item for item in ruleset.inputs if item.name in read) or ruleset.inputs[:1]
    params = tuple(item for item in ruleset.params if item.name in read)
    if (inputs, params) != (ruleset.inputs, ruleset.params):
        yield dataclasses.replace(ruleset, inputs=inputs, params=params)
    for entity in ruleset.entities:
        if not _is_used(ruleset, entity):
            kept = tuple(other for other in ruleset.entities if other != entity)
            yield dataclasses.replace(ruleset, entities=kept)


def _is_used(ruleset: ir.Ruleset, entity: ir.Entity) -> bool:
    items: list[ir.Binding] = [item for given in ruleset.derived for item in given.parameters]
    for node in _expressions(ruleset):
        if isinstance(node, ir.Quantified | ir.Aggregate):
            items += node.bindings
    return any(item.entity == entity.name for item in items) or any(
        entity.name in item.parameters for item in ruleset.inputs
    )


def _smaller_derived(item: ir.Derived) -> Iterator[ir.Derived]:
    if len(item.clauses) > 1:
        for kept in without_some(item.clauses):
            yield dataclasses.replace(item, clauses=kept)
    for index, clause in enumerate(item.clauses):
        for smaller in simpler(clause):
            yield dataclasses.replace(item, clauses=swapped(item.clauses, index, smaller))


# -------------------------------------------------------------------------- values


def _plainer_values(value: Any) -> Iterator[Any]:
    match value:
        case dict():
            for key in value:
                yield {other: item for other, item in value.items() if other != key}
            for key, item in value.items():
                for plain in _plainer_values(item):
                    yield {**value, key: plain}
        case list():
            for index in range(len(value)):
                yield [*value[:index], *value[index + 1 :]]
            for index, item in enumerate(value):
                if not isinstance(item, list):
                    for plain in _plainer_values(item):
                        yield [*value[:index], plain, *value[index + 1 :]]
        case bool() | None | str():
            return
        case datetime.date():
            if value != datetime.date(1970, 1, 1):
                yield datetime.date(1970, 1, 1)
        case int() | float():
            for plain in (0, 1, 2):
                if value != plain and not (isinstance(value, int) and abs(value) < abs(plain)):
                    yield type(value)(plain)
