"""Tiny programs and all cases of their domains."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rules.encoding.texts import texts
from rules.engines.agree.cases import beside, calendar_day, expressions, pools
from rules.engines.agree.generator import generate
from rules.engines.agree.plainer import swapped
from rules.language import ir

__all__ = ["FEWEST", "MOST", "all_cases", "generate_tiny"]

FEWEST, MOST = 50, 1500  # cases of one program
SIZE = 2  # objects of an entity
ATTEMPTS = 1000
OBJECTS = ("anna", "bob")

_Presence = Mapping[str, Mapping[str, bool | None]]


def generate_tiny(seed: int) -> ir.Ruleset:
    """A random rule set with at least `FEWEST` and at most `MOST` cases.

    Raises:
        RuntimeError: there is none among many attempts.
    """
    for attempt in range(ATTEMPTS):
        ruleset = _tiny(generate(10**9 + seed * ATTEMPTS + attempt))  # others draw lower seeds
        if ruleset is not None and FEWEST <= _count(ruleset) <= MOST:
            return ruleset
    raise RuntimeError(f"no tiny rule set in {ATTEMPTS} attempts from seed {seed}")


def all_cases(ruleset: ir.Ruleset) -> Iterator[dict[str, Any]]:
    """Every case of a tiny rule set.

    A value is missing or one of its domain: all truths, all members, all texts of the rules
    and another, three of the numbers and days of the rules and beside them. Each object of an
    open entity is there, is not there, or may be there. A relation is missing, or tells of
    every tuple that there may be.
    """
    inputs = _read(ruleset)
    for there in _presences(ruleset):
        domains = [list(_values(ruleset, item, there)) for item in inputs]
        for row in itertools.product(*domains):
            told = {item.name: value for item, value in zip(inputs, row, strict=True)}
            yield {**{name: dict(objects) for name, objects in there.items()}, **told}


def _tiny(ruleset: ir.Ruleset) -> ir.Ruleset | None:
    """The rule set with small entities; None where a fixed one is too large."""
    entities = ruleset.entities
    for index, entity in enumerate(entities):
        if entity.domain is None:
            entities = swapped(entities, index, dataclasses.replace(entity, maximum=SIZE))
        elif len(entity.domain) > SIZE:
            return None
    return dataclasses.replace(ruleset, entities=entities)


def _count(ruleset: ir.Ruleset) -> int:
    """How many cases there are; more than `MOST` are not counted to the end."""
    total = 0
    for there in _presences(ruleset):
        total += math.prod(_size(ruleset, item, there) for item in _read(ruleset))
        if total > MOST:
            break
    return total


def _read(ruleset: ir.Ruleset) -> list[ir.Input]:
    """The inputs that matter."""
    names = {node.name for node in expressions(ruleset) if isinstance(node, ir.Ref)}
    return [item for item in ruleset.inputs if item.name in names]


def _presences(ruleset: ir.Ruleset) -> Iterator[_Presence]:
    """Who is there: with two objects of an entity the first alone stands for the second alone."""
    open_entities = [item.name for item in ruleset.entities if item.domain is None]
    each: list[Mapping[str, bool | None]] = [
        dict(zip(OBJECTS, there, strict=False))
        for count in range(SIZE + 1)
        for there in itertools.product((True, None), repeat=count)
    ]
    for chosen in itertools.product(each, repeat=len(open_entities)):
        yield dict(zip(open_entities, chosen, strict=True))


def _tuples(ruleset: ir.Ruleset, item: ir.Input, there: _Presence) -> list[tuple[int | str, ...]]:
    domains: list[Sequence[int | str]] = []
    for name in item.parameters:
        fixed = ruleset.entity[name].domain
        domains.append(list(there[name]) if fixed is None else fixed)
    return list(itertools.product(*domains))


def _size(ruleset: ir.Ruleset, item: ir.Input, there: _Presence) -> int:
    size = len(_domain(ruleset, item.type))
    if item.parameters:
        size **= len(_tuples(ruleset, item, there))
        size += 1
    return size


def _values(ruleset: ir.Ruleset, item: ir.Input, there: _Presence) -> Iterator[Any]:
    domain = _domain(ruleset, item.type)
    if not item.parameters:
        yield from domain
        return
    yield None
    rows = _tuples(ruleset, item, there)
    for values in itertools.product(domain, repeat=len(rows)):
        yield {
            row[0] if len(row) == 1 else row: value for row, value in zip(rows, values, strict=True)
        }


def _domain(ruleset: ir.Ruleset, type_: ir.Type) -> list[Any]:
    """The values that an input of a type may have in a tiny case, None for missing."""
    found = pools(ruleset)
    match type_:
        case ir.BoolType():
            return [True, False, None]
        case ir.EnumType(members=members):
            return [*members, None]
        case ir.FloatType():
            edge = found.floats[len(found.floats) // 2] if found.floats else 0.0
            return [beside(edge, -1), edge, beside(edge, 1), None]
        case ir.IntType(low=low, high=high):
            edge = found.ints[len(found.ints) // 2]
            near = {min(max(number, low), high) for number in (edge - 1, edge, edge + 1)}
            return [*sorted(near), None]
        case ir.DateType():
            day = found.dates[0] if found.dates else 0
            days = {min(max(number, ir.DAY_MIN), ir.DAY_MAX) for number in (day - 1, day, day + 1)}
            return [*map(calendar_day, sorted(days)), None]
        case _:
            return [*texts(ruleset), "other", None]
