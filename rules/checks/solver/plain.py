"""Makes a witness easier to read, as long as it stays one."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterator
from typing import Any

from rules.checks.solver.space import Number
from rules.checks.solver.symbolic_case import Leaf, SymbolicCase
from rules.checks.solver.values import Numeric
from rules.engines.values import Value, within
from rules.language import ir

__all__ = ["place_in", "plainer"]

MAX_TRIALS = 100  # each is a decision of the reference engine
_LEAST, _MOST = 0.01, 1e7
_COMMON = (1.0, 100.0, 1_000.0, 10_000.0, 100_000.0)


def place_in(case: dict[str, Any], leaf: Leaf) -> tuple[dict[Any, Any] | None, Any]:
    """Where a case has an input: the mapping that holds it, if any, and the key there."""
    entries = case.get(leaf.item.name) if leaf.objects else case
    place = leaf.objects or leaf.item.name
    there = isinstance(entries, dict) and place in entries
    return (entries if there else None), place


def plainer(
    case: dict[str, Any], symbolic: SymbolicCase, holds: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """The case with rounder numbers, and with values in place of missing ones.

    Args:
        case: a witness.
        symbolic: what it was made from.
        holds: whether another case is a witness, too.
    """
    budget = iter(range(MAX_TRIALS))

    def accepted(changed: dict[str, Any]) -> bool:
        return next(budget, None) is not None and holds(changed)

    case = _fewer_objects(case, symbolic, accepted)
    case = _fewer_facts(case, symbolic, accepted)
    tied = symbolic.space.tied
    for leaf in symbolic.leaves.values():
        entries, place = place_in(case, leaf)
        if entries is None:
            continue
        for value in _wishes(leaf, entries[place], tied):
            changed = copy.deepcopy(case)
            place_in(changed, leaf)[0][place] = value  # type: ignore[index]
            if accepted(changed):
                case = changed
                break
    return case


def _fewer_objects(
    case: dict[str, Any], symbolic: SymbolicCase, accepted: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    relations = {leaf.item.name: leaf.item.parameters for leaf in symbolic.leaves.values()}
    for entity in sorted(symbolic.listed):
        for label in list(case[entity]):
            changed = copy.deepcopy(case)
            del changed[entity][label]
            for name, parameters in relations.items():
                if entity in parameters and isinstance(changed.get(name), dict):
                    changed[name] = {
                        about: value
                        for about, value in changed[name].items()
                        if (entity, label) not in zip(parameters, about, strict=True)
                    }
            if accepted(changed):
                case = changed
    return case


def _fewer_facts(
    case: dict[str, Any], symbolic: SymbolicCase, accepted: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """Makes relations false wherever they need not hold, half of what is left at a time."""
    truths = {
        leaf.item.name
        for leaf in symbolic.leaves.values()
        if leaf.objects and isinstance(leaf.item.type, ir.BoolType)
    }
    for name in sorted(truths & case.keys()):
        pending = [[about for about, held in case[name].items() if held]]
        while pending:
            part = pending.pop()
            changed = copy.deepcopy(case)
            changed[name].update(dict.fromkeys(part, False))
            if not part or accepted(changed):
                case = changed
            elif len(part) > 1:
                pending += [part[: len(part) // 2], part[len(part) // 2 :]]
    return case


def _wishes(leaf: Leaf, value: Value | None, tied: Collection[Number | None]) -> Iterator[Value]:
    """Other values for an input, the plainest first; none when it is plain enough."""
    type_ = leaf.item.type
    number = leaf.value.number if isinstance(leaf.value, Numeric) else None
    if isinstance(value, float) and number in tied:
        common = not value or _LEAST <= abs(value) <= _MOST
        if common and value == float(f"{value:.3g}"):
            return
        rounded = [float(f"{value:.{digits}g}") for digits in range(1, 8)]
        wishes = rounded if common else [*_COMMON, *rounded]
        yield from (wish for wish in wishes if wish != value and within(type_, wish))
    if value is None:
        yield from (wish for wish in _plain_values(type_) if within(type_, wish))


def _plain_values(type_: ir.Type) -> tuple[Value, ...]:
    match type_:
        case ir.BoolType():
            return (False, True)
        case ir.EnumType(members=members):
            return members
        case ir.FloatType():
            return (0.0, 1.0)
        case ir.IntType(low=low):
            return (0, low)
        case _:
            return ()
