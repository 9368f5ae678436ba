"""What is known of a case before anything is derived, as atoms."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rules.engines.agree.cases import expressions
from rules.engines.agree.oracles.program import Atom, Term
from rules.engines.values import TINY
from rules.engines.world import World
from rules.language import ir

__all__ = ["facts", "number_of", "ordinal", "sequence", "sequences", "term"]


def ordinal(number: float) -> int:
    """An int32 that orders float32 values as their numbers are ordered."""
    if abs(number) <= TINY:
        return 0
    (bits,) = struct.unpack("<i", struct.pack("<f", number))
    return int(bits) if bits >= 0 else -(int(bits) & 0x7FFFFFFF)


def number_of(ordered: int) -> float:
    """The float32 value at a place in the order: the inverse of `ordinal`."""
    bits = ordered if ordered >= 0 else 0x80000000 | -ordered
    (number,) = struct.unpack("<f", struct.pack("<I", bits))
    return float(number)


def term(type_: ir.Type, value: Any) -> Term:
    """A value as a term."""
    return ordinal(value) if isinstance(type_, ir.FloatType) else value


def facts(ruleset: ir.Ruleset, number: int, world: World) -> Iterator[Atom]:
    """What is known of a case before anything is derived."""
    yield Atom("case", (number,))
    for entity, present in world.objects.items():
        for label, there in present.items():
            yield Atom(f"may_{entity}", (number, label))
            if there:
                yield Atom(f"sure_{entity}", (number, label))
    items: tuple[ir.Param | ir.Input, ...] = (*ruleset.params, *ruleset.inputs)
    for item in items:
        values = world.values[item.name]
        told = values.items() if isinstance(values, Mapping) else [((), values)]
        for objects, value in told:
            if isinstance(item.type, ir.BoolType):
                if value:
                    yield Atom(f"t_{item.name}", (number, *objects))
                if value is not False:
                    yield Atom(f"p_{item.name}", (number, *objects))
            elif value is not None:
                yield Atom(f"v_{item.name}", (number, *objects, term(item.type, value)))


def sequences(ruleset: ir.Ruleset, number: int, world: World) -> Iterator[Atom]:
    """The order in which the aggregates of a rule set take the objects of a case."""
    orders = {
        node.bindings
        for node in expressions(ruleset)
        if isinstance(node, ir.Aggregate) and isinstance(node.type, ir.FloatType)
    }
    for name, bindings in sorted({sequence(item): item for item in orders}.items()):
        domains = [world.objects[binding.entity] for binding in bindings]
        rows = list(itertools.product(*domains))
        for index, objects in enumerate(rows):
            yield Atom(name, (number, index, *objects))
        yield Atom(f"length_{name}", (number, len(rows)))


def sequence(bindings: Sequence[ir.Binding]) -> str:
    """The predicate of the order in which an aggregate takes its objects."""
    return "_".join(("seq", *(binding.entity for binding in bindings)))
