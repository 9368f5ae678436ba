"""Rule sets with plainer declarations, one step at a time."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from rules.engines.agree.rewriting import rewritten
from rules.language import ir

__all__ = ["each_expression", "plainer", "swapped"]

_Item = TypeVar("_Item")


def plainer(ruleset: ir.Ruleset) -> Iterator[ir.Ruleset]:
    """No annotations, smaller entities, inputs without bounds, the policy `first`."""
    yield from _plainer_rules(ruleset)
    for index, entity in enumerate(ruleset.entities):
        if entity.maximum is not None and entity.maximum > 1:
            smaller = dataclasses.replace(entity, maximum=entity.maximum - 1)
            entities = swapped(ruleset.entities, index, smaller)
            yield dataclasses.replace(ruleset, entities=entities)
    for item in ruleset.inputs:
        if isinstance(item.type, ir.FloatType) and item.type != ir.FloatType():
            yield _retyped(ruleset, item.name, ir.FloatType())
    decision = ruleset.decision
    if decision is None:
        return
    if decision.dated is not None:
        yield dataclasses.replace(ruleset, decision=dataclasses.replace(decision, dated=None))
    if decision.policy != "first" and decision.default is not None:
        rules = tuple(dataclasses.replace(rule, priority=0) for rule in ruleset.rules)
        simple = dataclasses.replace(decision, policy="first")
        yield dataclasses.replace(ruleset, decision=simple, rules=rules)


def each_expression(ruleset: ir.Ruleset, change: Callable[[ir.Expr], ir.Expr]) -> ir.Ruleset:
    """The rule set with a change made to every clause and condition."""
    return dataclasses.replace(
        ruleset,
        derived=tuple(
            dataclasses.replace(item, clauses=tuple(map(change, item.clauses)))
            for item in ruleset.derived
        ),
        rules=tuple(
            dataclasses.replace(item, condition=change(item.condition)) for item in ruleset.rules
        ),
        constraints=tuple(
            dataclasses.replace(item, condition=change(item.condition))
            for item in ruleset.constraints
        ),
    )


def swapped(items: Sequence[_Item], index: int, item: _Item) -> tuple[_Item, ...]:
    """The items with another one at a place."""
    return (*items[:index], item, *items[index + 1 :])


def _plainer_rules(ruleset: ir.Ruleset) -> Iterator[ir.Ruleset]:
    plain = tuple(
        dataclasses.replace(rule, because=("reason",), owner=None, tags=(), weight=None)
        for rule in ruleset.rules
    )
    if plain != ruleset.rules:
        yield dataclasses.replace(ruleset, rules=plain)
    for index, rule in enumerate(ruleset.rules):
        for changed in (
            dataclasses.replace(rule, priority=0),
            dataclasses.replace(rule, since=None),
            dataclasses.replace(rule, until=None),
        ):
            if changed != rule:
                yield dataclasses.replace(ruleset, rules=swapped(ruleset.rules, index, changed))


def _retyped(ruleset: ir.Ruleset, name: str, type_: ir.Type) -> ir.Ruleset:
    def change(expr: ir.Expr) -> ir.Expr:
        if isinstance(expr, ir.Ref) and expr.name == name:
            return dataclasses.replace(expr, type=type_)
        return expr

    changed = each_expression(ruleset, lambda expr: rewritten(expr, change))
    inputs = tuple(
        dataclasses.replace(item, type=type_) if item.name == name else item
        for item in ruleset.inputs
    )
    return dataclasses.replace(changed, inputs=inputs)
