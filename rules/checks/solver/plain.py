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
    tied, trials = symbolic.space.tied, 0
    for leaf in symbolic.leaves.values():
        entries, place = place_in(case, leaf)
        if entries is None:
            continue
        for value in _wishes(leaf, entries[place], tied):
            if trials >= MAX_TRIALS:
                return case
            trials += 1
            changed = copy.deepcopy(case)
            place_in(changed, leaf)[0][place] = value  # type: ignore[index]
            if holds(changed):
                case = changed
                break
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
