"""One case as the engines on the host see it: who is there, and what is known about them.

A case is a dictionary that could come from JSON. Beside single values it may hold, by name,

- an entity: a list of its objects, or a mapping from objects to whether they are present
  (None where that is not known);
- a relation: a mapping from objects (tuples of them where it has several arguments) to
  values, a list of what a truth holds for, a list of rows `[object, ..., value]`, or, with
  one argument, a list of values by position.

Objects are names, or positions from 1 on; those of an entity with a fixed domain are its
members. Positions stand in their own order, names in the order in which the case mentions
them: first what it lists under the name of the entity, then the entries of its relations, in
the order in which these are declared.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from rules.engines.admission import admission
from rules.engines.prepared import once_per_ruleset
from rules.engines.values import Value, admit, expected
from rules.errors import did_you_mean
from rules.language import ir

__all__ = [
    "Object",
    "Objects",
    "Relation",
    "World",
    "admit_case",
    "entity_entries",
    "relation_entries",
]

Object: TypeAlias = int | str
Objects: TypeAlias = tuple[Object, ...]


class Relation(Mapping[Objects, Value | None]):
    """The values of a relation for all tuples of objects; only what differs is stored.

    Attributes:
        entries: what the case says.
        default: the value for all other tuples.
    """

    def __init__(
        self,
        domains: Sequence[Mapping[Object, bool | None]],
        entries: Mapping[Objects, Value | None],
        default: Value | None,
    ) -> None:
        """Args: the objects that each argument ranges over; see the attributes."""
        self.entries = entries
        self.default = default
        self._domains = tuple(domains)
        self._found: dict[int, dict[Objects, list[Object]]] = {}

    def candidates(self, place: int, others: Objects) -> Iterable[Object]:
        """The objects, in their order, about which the relation is not false.

        Args:
            place: of the argument that they stand for, from 0.
            others: the other arguments, in their order.
        """
        if self.default is not False:
            return self._domains[place]
        if place not in self._found:
            self._found[place] = self._index(place)
        return self._found[place].get(others, ())

    def _index(self, place: int) -> dict[Objects, list[Object]]:
        found: dict[Objects, list[Object]] = {}
        for objects, value in self.entries.items():
            if value is not False:
                others = (*objects[:place], *objects[place + 1 :])
                found.setdefault(others, []).append(objects[place])
        rank = {label: number for number, label in enumerate(self._domains[place])}
        for labels in found.values():
            labels.sort(key=rank.__getitem__)
        return found

    def __getitem__(self, objects: Objects) -> Value | None:
        if objects in self.entries:
            return self.entries[objects]
        if objects not in self:
            raise KeyError(objects)
        return self.default

    def __contains__(self, objects: object) -> bool:
        return (
            isinstance(objects, tuple)
            and len(objects) == len(self._domains)
            and all(item in domain for item, domain in zip(objects, self._domains, strict=True))
        )

    def __iter__(self) -> Iterator[Objects]:
        return itertools.product(*self._domains)

    def __len__(self) -> int:
        return math.prod(map(len, self._domains))

    def __repr__(self) -> str:
        return repr(dict(self))


@dataclasses.dataclass(frozen=True, kw_only=True)
class World:
    """What is known in one case.

    Attributes:
        objects: by entity and object whether it is present: True, or None where that is not
            known. Absent objects are not listed.
        values: by name of a param, input or derived value; None is unknown. A name with
            parameters has a mapping by tuples of objects, one for each that there may be.
    """

    objects: Mapping[str, Mapping[Object, bool | None]]
    values: Mapping[str, Value | Mapping[Objects, Value | None] | None]

    def read(self, name: str, objects: Objects = ()) -> Value | None:
        """The value of a name about some objects; none for a name without parameters.

        Args:
            name: of a param, input or derived value.
            objects: that there may be, as many as the name has parameters.

        Raises:
            KeyError: there is no such name.
        """
        value = self.values[name]
        if isinstance(value, Relation):  # expressions read it about objects that there may be
            return value.entries.get(objects, value.default)
        return value[objects] if isinstance(value, Mapping) else value


def admit_case(ruleset: ir.Ruleset, case: Mapping[str, Any]) -> World:
    """The world of a case: params, inputs and objects, no derived values.

    Args:
        ruleset: a checked rule set.
        case: by name of an input or entity, as told above; absent or None is missing, and
            so is a value that is not finite or out of bounds. Other names are ignored.

    Raises:
        TypeError: a value is of another kind than its input.
        ValueError: an object or a text that cannot be, more objects than declared, or
            objects told twice or in contradiction.
    """
    return _prepared(ruleset)(case)


class _Admission:
    """What admits the cases of a rule set."""

    def __init__(self, ruleset: ir.Ruleset) -> None:
        self._ruleset = ruleset
        self._params = {
            item.name: admit(item.name, item.type, item.value) for item in ruleset.params
        }
        self._single = [
            (item.name, admission(item.name, item.type))
            for item in ruleset.inputs
            if not item.parameters
        ]
        self._relations = [item for item in ruleset.inputs if item.parameters]

    def __call__(self, case: Mapping[str, Any]) -> World:
        values: dict[str, Value | Mapping[Objects, Value | None] | None] = dict(self._params)
        for name, admits in self._single:
            values[name] = admits(case.get(name))
        if not self._ruleset.entities:
            return World(objects={}, values=values)
        entries = {
            item.name: relation_entries(self._ruleset, item, raw)
            for item in self._relations
            if (raw := case.get(item.name)) is not None
        }
        objects = {
            item.name: _present(self._ruleset, item, case, entries)
            for item in self._ruleset.entities
        }
        for item in self._relations:
            closed = item.name in entries and isinstance(item.type, ir.BoolType)
            values[item.name] = Relation(
                [objects[entity] for entity in item.parameters],
                entries.get(item.name, {}),
                False if closed else None,
            )
        return World(objects=objects, values=values)


_prepared = once_per_ruleset(_Admission)


def _present(
    ruleset: ir.Ruleset,
    entity: ir.Entity,
    case: Mapping[str, Any],
    entries: Mapping[str, Mapping[Objects, Value | None]],
) -> dict[Object, bool | None]:
    if entity.domain is not None:
        return dict.fromkeys(entity.domain, True)
    about = [item for item in ruleset.inputs if entity.name in item.parameters]
    listed = case.get(entity.name)
    if listed is None and not any(item.name in entries for item in about):
        return dict.fromkeys(range(1, (entity.size or 1) + 1))
    found = {} if listed is None else entity_entries(entity, listed)
    for item in about:
        for objects in entries.get(item.name, ()):
            for parameter, label in zip(item.parameters, objects, strict=True):
                if parameter == entity.name and found.setdefault(label, True) is False:
                    raise ValueError(
                        f"entity {entity.name}: the case says that there is no {label}, yet "
                        f"{item.name} tells something about it; remove one of them"
                    )
    present: dict[Object, bool | None] = {
        label: there for label, there in found.items() if there is not False
    }
    _check_objects(entity, present)
    if any(isinstance(label, int) for label in present):
        return {label: present[label] for label in sorted(present)}
    return present


def _check_objects(entity: ir.Entity, present: Mapping[Object, bool | None]) -> None:
    names = [label for label in present if isinstance(label, str)]
    positions = [label for label in present if isinstance(label, int)]
    if names and positions:
        raise ValueError(
            f"entity {entity.name}: the case tells of {names[0]} by name and of {positions[0]} by "
            "position; use one of the two"
        )
    count = max([len(present), *positions])
    if entity.maximum is not None and count > entity.maximum:
        raise ValueError(
            f"entity {entity.name}: found {count} objects, expected at most {entity.maximum}; "
            f"declare `entity {entity.name} max {count}`"
        )


def entity_entries(entity: ir.Entity, listed: Any) -> dict[Object, bool | None]:
    """Whether each object of a listing is present; None where that is not known.

    Args:
        entity: without a fixed domain.
        listed: a list of objects, or a mapping from objects to True, False or None.

    Raises:
        TypeError, ValueError: something else, or an object twice.
    """
    where = f"entity {entity.name}"
    if isinstance(listed, Mapping):
        # As in relations, a tuple of one object is that object.
        pairs = [
            (raw[0] if isinstance(raw, tuple) and len(raw) == 1 else raw, there)
            for raw, there in listed.items()
        ]
    elif _is_list(listed):
        pairs = [(label, True) for label in listed]
    else:
        raise TypeError(
            f"{where}: found {listed!r}, expected a list of objects such as "
            '["anna", "bob"], or a mapping such as {"anna": true, "bob": null}'
        )
    found: dict[Object, bool | None] = {}
    for raw, there in pairs:
        label = _label(where, entity, raw)
        if label in found:
            raise ValueError(f"{where}: {label} is listed twice; list it once")
        if there is not None and not isinstance(there, bool):
            raise TypeError(
                f"{where}: found {there!r} for {label}, expected true, false, or null where "
                "it is not known whether it is present"
            )
        found[label] = there
    return found


def relation_entries(ruleset: ir.Ruleset, item: ir.Input, raw: Any) -> dict[Objects, Value | None]:
    """What a case says about a relation, by tuples of objects, in the order of the case.

    Args:
        ruleset: where the entities of the relation are declared.
        item: an input with parameters.
        raw: what the case has for it, in any of the forms told above; not None.

    Raises:
        TypeError: another form, or a value of another kind than the input.
        ValueError: an object that cannot be or that is told twice, a text that is no member.
    """
    entities = [ruleset.entity[name] for name in item.parameters]
    entries: dict[Objects, Value | None] = {}
    for objects, value in _pairs(item, entities, raw):
        labels = tuple(
            _label(f"input {item.name}", entity, label)
            for entity, label in zip(entities, objects, strict=True)
        )
        about = f"{item.name}({', '.join(map(str, labels))})"
        if labels in entries:
            raise ValueError(f"input {about}: told twice; tell it once")
        entries[labels] = admit(about, item.type, value)
    return entries


def _pairs(
    item: ir.Input, entities: Sequence[ir.Entity], raw: Any
) -> Iterator[tuple[tuple[Any, ...], Any]]:
    arity, holds = len(entities), isinstance(item.type, ir.BoolType)
    if isinstance(raw, Mapping):
        for key, value in raw.items():
            yield _tuple(item, arity, key), value
        return
    if not _is_list(raw):
        raise TypeError(f"input {item.name}: found {raw!r}, expected {_form(item)}")
    rows = list(raw)
    if holds and not all(row is None or type(row).__name__ in ("bool", "bool_") for row in rows):
        for row in rows:
            yield _tuple(item, arity, row), True
    elif arity == 1:
        (entity,) = entities
        labels = entity.domain or range(1, len(rows) + 1)
        if len(rows) > len(labels):
            raise ValueError(
                f"input {item.name}: found {len(rows)} values, expected at most {len(labels)}, "
                f"one for each {entity.name}"
            )
        for label, value in zip(labels, rows, strict=False):
            yield (label,), value
    else:
        for row in rows:
            *objects, value = _tuple(item, arity + 1, row)
            yield tuple(objects), value


def _tuple(item: ir.Input, length: int, row: Any) -> tuple[Any, ...]:
    objects = tuple(row) if _is_list(row) else (row,)
    if len(objects) != length:
        raise TypeError(f"input {item.name}: found {row!r}, expected {_form(item)}")
    return objects


def _form(item: ir.Input) -> str:
    """What a relation looks like in a case, for messages."""
    arguments = ", ".join(item.parameters)
    row = f"[{', '.join(item.parameters)}]" if len(item.parameters) > 1 else arguments
    if isinstance(item.type, ir.BoolType):
        return f"a list of {row} for which {item.name} holds, or a mapping from them to truths"
    rows = "a list of values" if row == arguments else f"a list of [{arguments}, value]"
    return f"a mapping from {row} to {expected(item.type)}, or {rows}"


def _is_list(raw: Any) -> bool:
    return isinstance(raw, list | tuple) or hasattr(raw, "tolist")


def _label(where: str, entity: ir.Entity, raw: Any) -> Object:
    """An object as the engines name it."""
    label = raw.item() if hasattr(raw, "item") else raw
    match entity.type:
        case ir.IntType(low=low, high=high):
            if isinstance(label, str) and label.removeprefix("-").isdecimal():
                label = int(label)  # the keys of JSON are texts
            if isinstance(label, float) and label.is_integer():
                label = int(label)
            if isinstance(label, int) and not isinstance(label, bool) and low <= label <= high:
                return label
            raise ValueError(
                f"{where}: found {raw!r}, expected a {entity.name}: a whole number in {low}..{high}"
            )
        case ir.EnumType(members=members):
            if isinstance(label, str) and label in members:
                return label
            hint = did_you_mean(label, members) if isinstance(label, str) else None
            raise ValueError(
                f"{where}: found {raw!r}, expected a {entity.name}: one of {', '.join(members)}"
                + (f"; {hint}" if hint else "")
            )
    if isinstance(label, str) and label:
        return label
    if isinstance(label, int) and not isinstance(label, bool) and label >= 1:
        return label
    raise ValueError(
        f"{where}: found {raw!r}, expected a {entity.name}: a name, or a position from 1 on"
    )
