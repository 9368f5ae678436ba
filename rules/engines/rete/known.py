"""What is known in one case, and the same as facts for durable_rules."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias, cast

from rules.engines.fixpoint import Rising
from rules.engines.rete.keys import Codes
from rules.engines.rete.network import Fact
from rules.engines.rete.program import Computed, FactType, Found, Leaf, Part, Program
from rules.engines.semantics import derive, truth
from rules.engines.values import Value
from rules.engines.world import Objects, Relation, World

__all__ = ["Known"]

Table: TypeAlias = Mapping[Objects, Value | None]


class Known:
    """The values and the facts of a case, so far.

    Attributes:
        values: of params, inputs and derived names; those with parameters have a mapping by
            tuples of objects.
        truths: of the conditions of rules and constraints, by name.
    """

    def __init__(self, program: Program, world: World) -> None:
        """Args: what is to be known; what the case tells."""
        self.values = dict(world.values)
        self.truths: dict[str, bool | None] = {}
        self._program = program
        self._world = World(objects=world.objects, values=self.values)
        self._codes = Codes(program.ruleset, world, program.texts)
        self._facts: dict[int, list[Fact]] = {}

    def compute(self, step: Computed) -> None:
        """Derives values, or recursive truths that are beyond durable_rules."""
        rising = Rising({item.name: item for item in step.items}, self._world)
        wanted = [(item, objects) for item in step.items for objects in self._tuples(item.name)]
        if step.recursive:
            for item, objects in wanted:
                rising.read(item.name, objects)
            rising.settle()
        tables: dict[str, dict[Objects, Value | None]] = {item.name: {} for item in step.items}
        for item, objects in wanted:
            tables[item.name][objects] = (
                rising.truths[item.name, objects]
                if step.recursive
                else derive(item, objects, self._world)
            )
        for item in step.items:
            self.values[item.name] = tables[item.name] if item.parameters else tables[item.name][()]

    def take(self, part: Part, found: Iterable[Fact]) -> None:
        """Takes what durable_rules has found."""
        facts: dict[int, list[Fact]] = {}
        for fact in found:
            facts.setdefault(fact[0], []).append(fact)
        for item in part.found:
            true, other = facts.get(item.true, []), facts.get(item.other, [])
            self._facts[item.true], self._facts[item.other] = true, other
            if not item.parameters:
                known = bool(other) if item.dense else not other
                held = True if true else False if known else None
                if item.name in self._program.derived:
                    self.values[item.name] = held
                else:
                    self.truths[item.name] = held
            elif item.name in self._program.derived:
                self.values[item.name] = self._table(item, true, other)

    def facts(self, code: int, type_: FactType) -> Iterable[Fact]:
        """All facts of a type."""
        if code not in self._facts:
            about = type_.kind in ("listed", "present")
            self._facts[code] = list(
                self._objects(code, type_) if about else self._said(code, type_)
            )
        return self._facts[code]

    def _objects(self, code: int, type_: FactType) -> Iterator[Fact]:
        codes = self._codes.objects[type_.name]
        for label, there in self._world.objects[type_.name].items():
            if there or type_.kind == "listed":
                yield code, (codes[label],), None

    def _said(self, code: int, type_: FactType) -> Iterator[Fact]:
        """What is told, derived or computed about a name, where the type of fact holds."""
        kind, name = type_
        held = {"true": (True,), "false": (False,), "possible": (True, None), "value": ()}[kind]
        codes = [self._codes.objects[entity] for entity in self._program.parameters[name]]
        for objects, value in self._entries(name, unknown=kind == "possible"):
            if kind == "value":
                if value is None:
                    continue
                key = self._codes.key(self._program.ruleset.types[name], value)
            elif value in held:
                key = None
            else:
                continue
            terms = [labels[label] for labels, label in zip(codes, objects, strict=True)]
            yield code, tuple(terms), key

    def _entries(self, name: str, *, unknown: bool) -> Iterable[tuple[Objects, Value | None]]:
        """The values of a name by objects; what is unknown may be left out."""
        if name in self._program.leaves and name not in self.values:
            self.values[name] = self._leaf(self._program.leaves[name])
        value = self.values[name]
        if not self._program.parameters[name]:
            return (((), cast("Value | None", value)),)
        if isinstance(value, Relation):
            # What a relation says by default is unknown, or false, of which there are no facts.
            return value.items() if value.default is None and unknown else value.entries.items()
        return cast(Table, value).items()

    def _leaf(self, leaf: Leaf) -> Value | Table | None:
        if not leaf.parameters:
            return truth(leaf.condition, self._world)
        variables = [item.name for item in leaf.parameters]
        return {
            objects: truth(leaf.condition, self._world, dict(zip(variables, objects, strict=True)))
            for objects in self._tuples(leaf.name)
        }

    def _tuples(self, name: str) -> Iterable[Objects]:
        entities = self._program.parameters[name]
        return itertools.product(*(self._world.objects[entity] for entity in entities))

    def _table(self, item: Found, true: Iterable[Fact], possible: Iterable[Fact]) -> Table:
        labels = [self._codes.labels[parameter.entity] for parameter in item.parameters]
        table: dict[Objects, Value | None] = dict.fromkeys(self._tuples(item.name), False)
        for facts, held in ((possible, None), (true, True)):
            for _, terms, _ in facts:
                objects = tuple(names[term] for names, term in zip(labels, terms, strict=True))
                table[objects] = held
        return table
