"""From worlds to arrays and back, in the plainest way.

The engines' own encoder is made for tables and speed; this one is a second opinion. What
stands in the places of objects that are not there is garbage, since nobody may read it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rules.encoding.texts import TextCodes, texts
from rules.encoding.values import decode_value, missing_column
from rules.engines.agree.comparison import Said
from rules.engines.decisions import Decisions
from rules.engines.hit_policy import Outcome
from rules.engines.values import Value
from rules.engines.world import Objects, World
from rules.language import ir

__all__ = ["encode_worlds", "said"]

Columns = dict[str, npt.NDArray[Any]]


def encode_worlds(ruleset: ir.Ruleset, worlds: Sequence[World], size: int) -> Columns:
    """Columns `[size, ...]` of some worlds; the last world fills the rows that are left.

    Args:
        ruleset: without unbounded entities.
        worlds: as `admit_case` makes them, at least one.
        size: the number of rows.
    """
    codes = TextCodes(texts(ruleset))
    rows = [*worlds, *([worlds[-1]] * (size - len(worlds)))]
    columns: Columns = {}
    for entity in ruleset.entities:
        if entity.domain is None:
            present = np.zeros((size, entity.size or 0), np.int8)
            for row, world in enumerate(rows):
                for slot, there in enumerate(world.objects[entity.name].values()):
                    present[row, slot] = -1 if there is None else 1
            columns[entity.name] = present
    for item in ruleset.inputs:
        sizes = tuple(ruleset.entity[name].size or 0 for name in item.parameters)
        column = _garbage(item.type, (size, *sizes)) if sizes else missing_column(item.type, size)
        for row, world in enumerate(rows):
            for objects, value in _facts(world.values[item.name]).items():
                code = _code(item.type, value, codes)
                column[(row, *_slots(world, item.parameters, objects))] = (
                    missing_column(item.type, 1)[0] if code is None else code
                )
        columns[item.name] = column
    return columns


def said(ruleset: ir.Ruleset, world: World, decisions: Decisions, row: int) -> Said:
    """One row of a batch of decisions, as other engines tell it."""
    decision = ruleset.decision
    assert decision is not None
    return Said(
        outcome=_outcome(decision, int(decisions.outcome[row])),
        rule=int(decisions.rule[row]),
        fired=_bits(decisions.fired[row], len(ruleset.rules)),
        violated=_bits(decisions.violated[row], len(ruleset.constraints)),
        margin=None if decisions.margin is None else float(decisions.margin[row]),
        derived={
            item.name: _derived(item, world, decisions.derived[item.name][row])
            for item in ruleset.derived
        }
        if decisions.derived
        else None,
    )


def _facts(value: Any) -> Mapping[Objects, Value | None]:
    return value if isinstance(value, Mapping) else {(): value}


def _slots(world: World, entities: Sequence[str], objects: Objects) -> tuple[int, ...]:
    return tuple(
        list(world.objects[entity]).index(label)
        for entity, label in zip(entities, objects, strict=True)
    )


def _garbage(type_: ir.Type, shape: tuple[int, ...]) -> npt.NDArray[Any]:
    column = missing_column(type_, shape)
    match type_:
        case ir.FloatType():
            column[...] = 1e30
        case ir.IntType(high=high):
            column[...] = high
        case _:
            column[...] = 1
    return column


def _code(type_: ir.Type, value: Value | None, codes: TextCodes) -> Any:
    match type_, value:
        case _, None:
            return None
        case ir.EnumType(members=members), str():
            return members.index(value)
        case ir.StringType(), str():
            return codes.code(value)
        case _:
            return value


def _outcome(decision: ir.Decision, code: int) -> Outcome:
    if decision.policy != "collect":
        return decision.outcomes[code]
    return frozenset(name for bit, name in enumerate(decision.outcomes) if code >> bit & 1)


def _bits(words: npt.NDArray[np.uint32], count: int) -> tuple[bool, ...]:
    return tuple(bool(words[index // 32] >> np.uint32(index % 32) & 1) for index in range(count))


def _derived(item: ir.Derived, world: World, values: npt.NDArray[Any]) -> Mapping[Objects, Any]:
    """The values about objects that there may be; any other that is not void is told too."""
    if not item.parameters:
        return {(): decode_value(item.type, values[()])}
    labels = [list(world.objects[binding.entity]) for binding in item.parameters]
    void = False if isinstance(item.type, ir.BoolType) else None
    facts: dict[Objects, Any] = {}
    for slots in np.ndindex(values.shape):
        value = decode_value(item.type, values[slots])
        if all(slot < len(known) for slot, known in zip(slots, labels, strict=True)):
            objects = tuple(known[slot] for slot, known in zip(slots, labels, strict=True))
            facts[objects] = value
        elif value is not void:
            facts[tuple(f"absent {slot + 1}" for slot in slots)] = value
    return facts
