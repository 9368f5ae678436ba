"""What two rule sets declare differently, and the cases that both can decide."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from rules.checks.solver.symbolic_case import BeyondFragment
from rules.language import ir
from rules.language.ruleset_printer import type_text

__all__ = ["declared_differences", "shared_entities", "shared_inputs"]


def declared_differences(before: ir.Ruleset, after: ir.Ruleset) -> Iterator[str]:
    """One sentence for each difference of entities, params, inputs and the decision."""
    yield from _named("entity", before.entities, after.entities)
    yield from _named("param", before.params, after.params)
    yield from _named("input", before.inputs, after.inputs)
    old, new = before.decision, after.decision
    if old is None or new is None:
        if old is not new:
            yield "only one of them decides anything"
        return
    for name in old.outcomes:
        if name not in new.outcomes:
            yield f"outcome {name} is gone"
    for name in new.outcomes:
        if name not in old.outcomes:
            yield f"outcome {name} is new"
    for field in ("name", "policy", "default", "unknown", "dated"):
        was, is_ = getattr(old, field), getattr(new, field)
        if was != is_:
            what = "the decision is called" if field == "name" else f"{field} is"
            yield f"{what} {is_ or 'none'}, was {was or 'none'}"


def _named(
    kind: str,
    before: tuple[ir.Entity, ...] | tuple[ir.Param, ...] | tuple[ir.Input, ...],
    after: tuple[ir.Entity, ...] | tuple[ir.Param, ...] | tuple[ir.Input, ...],
) -> Iterator[str]:
    old, new = {item.name: _text(item) for item in before}, {i.name: _text(i) for i in after}
    for name, text in old.items():
        if name not in new:
            yield f"{kind} {name} is gone"
        elif new[name] != text:
            yield f"{kind} {name} is {new[name]}, was {text}"
    yield from (f"{kind} {name} is new" for name in new if name not in old)


def _text(item: ir.Entity | ir.Param | ir.Input) -> str:
    match item:
        case ir.Entity(maximum=maximum, domain=domain):
            if domain is not None:
                return f"in {', '.join(map(str, domain))}"
            return "without bound" if maximum is None else f"max {maximum}"
        case ir.Param():
            return f"{type_text(item.type)} = {item.value}"
        case ir.Input():
            about = f" about {', '.join(item.parameters)}" if item.parameters else ""
            return f"{type_text(item.type)}{about}"


# ------------------------------------------------------------------- what both can decide


def shared_entities(before: ir.Ruleset, after: ir.Ruleset) -> tuple[ir.Entity, ...]:
    """The entities of both, with as many objects as both allow.

    Raises:
        BeyondFragment: an entity is of another kind.
    """
    merged = dict(before.entity)
    for name, entity in after.entity.items():
        other = merged.get(name, entity)
        if (entity.domain, type(entity.type)) != (other.domain, type(other.type)):
            raise BeyondFragment(f"entity {name} has other objects")
        bounds = [item.maximum for item in (entity, other) if item.maximum is not None]
        merged[name] = dataclasses.replace(entity, maximum=min(bounds, default=None))
    return tuple(merged.values())


def shared_inputs(before: ir.Ruleset, after: ir.Ruleset) -> tuple[ir.Input, ...]:
    """The inputs of both, with all numbers that one of them admits.

    Raises:
        BeyondFragment: an input is of another kind, or about other entities.
    """
    merged = {item.name: item for item in before.inputs}
    for item in after.inputs:
        other = merged.get(item.name, item)
        if item.parameters != other.parameters or type(item.type) is not type(other.type):
            raise BeyondFragment(f"input {item.name} is {_text(item)}, was {_text(other)}")
        merged[item.name] = dataclasses.replace(
            item, type=_shared(item.name, other.type, item.type)
        )
    return tuple(merged.values())


def _shared(name: str, left: ir.Type, right: ir.Type) -> ir.Type:
    match left, right:
        case ir.EnumType(members=members), ir.EnumType(members=others):
            # A text that is no member is refused, so no such case is decided by both.
            both = tuple(member for member in members if member in others)
            if not both:
                raise BeyondFragment(f"input {name} has no member in common")
            return ir.EnumType(both)
        case ir.FloatType(), ir.FloatType():
            low, low_open = _wider(left.low, left.low_open, right.low, right.low_open, -1)
            high, high_open = _wider(left.high, left.high_open, right.high, right.high_open, 1)
            return ir.FloatType(low, high, low_open, high_open)
        case ir.IntType(), ir.IntType():
            return ir.IntType(min(left.low, right.low), max(left.high, right.high))
        case ir.DateType(), ir.DateType():
            return ir.DateType(min(left.low, right.low), max(left.high, right.high))
        case _:
            return left


def _wider(
    left: float | None, left_open: bool, right: float | None, right_open: bool, sign: int
) -> tuple[float | None, bool]:
    """The bound that excludes less, and whether it is open; the sign tells which side it is on."""
    if left is None or right is None:
        return None, False
    if left == right:
        return left, left_open and right_open
    return (left, left_open) if sign * left > sign * right else (right, right_open)
