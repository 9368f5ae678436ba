"""A batch of cases, encoded: arrays for the engines, with the names of objects and texts."""

from __future__ import annotations

import dataclasses
import functools
import warnings
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import numpy as np

from rules.cases.forms import columns_of
from rules.encoding.columns import encode_column
from rules.encoding.entries import Codes, Entries, Names, object_of
from rules.encoding.objects import Mentions, Population, populate
from rules.encoding.relations import encode_listing, encode_relation
from rules.encoding.texts import TextCodes, texts
from rules.encoding.values import Column, decode_value, missing_column
from rules.engines.columns import entity_size
from rules.engines.world import Object
from rules.errors import did_you_mean
from rules.language import ir

__all__ = ["Encoded", "encode_cases"]

MissingColumns = Literal["error", "unknown"]


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Encoded:
    """A batch of cases.

    Attributes:
        ruleset: whose inputs they are.
        count: the number of cases, B.
        scalars: by name of an input without parameters, `[B]`.
        relations: by name of a relation what the cases say, with slots for objects.
        populations: by name of an open entity, who is there.
        names: by name of an open entity, the names of its objects by code.
        texts: by code.
    """

    ruleset: ir.Ruleset
    count: int
    scalars: Mapping[str, Column]
    relations: Mapping[str, Entries]
    populations: Mapping[str, Population]
    names: Mapping[str, tuple[str, ...]]
    texts: tuple[str, ...]

    @functools.cached_property
    def columns(self) -> dict[str, Column]:
        """What array engines read, see `rules.cases.encode`.

        Raises:
            ValueError: an entity has no bound, so that arrays have no size.
        """
        for entity in self.ruleset.entities:
            entity_size(self.ruleset, entity.name)
        columns = {
            item.name: self._dense(item) if item.parameters else self.scalars[item.name]
            for item in self.ruleset.inputs
        }
        return columns | {name: found.presence for name, found in self.populations.items()}

    def size(self, entity: str) -> int:
        """How many slots an entity has."""
        size = self.ruleset.entity[entity].size
        return self.populations[entity].presence.shape[1] if size is None else size

    def objects(self, entity: str, row: int) -> dict[int, Object]:
        """The objects of a case, present or perhaps present, by slot."""
        declared = self.ruleset.entity[entity]
        if declared.domain is not None:
            return dict(enumerate(declared.domain))
        labels = self.populations[entity].labels[row].tolist()
        names = self.names[entity]
        return {slot: object_of(declared, code, names) for slot, code in enumerate(labels) if code}

    def case(self, row: int) -> dict[str, Any]:
        """One case as the engines on the host take it; None is missing.

        Objects are called as the case called them. What it does not say is left out.
        """
        case: dict[str, Any] = {}
        objects = {item.name: self.objects(item.name, row) for item in self.ruleset.entities}
        for name, population in self.populations.items():
            if population.told[row]:
                there = population.presence[row].tolist()
                case[name] = {
                    label: True if there[slot] > 0 else None
                    for slot, label in objects[name].items()
                }
        for item in self.ruleset.inputs:
            if not item.parameters:
                case[item.name] = decode_value(item.type, self.scalars[item.name][row], self.texts)
            elif self.relations[item.name].told[row]:
                case[item.name] = dict(self._entries(item, row, objects))
        return case

    def _entries(
        self, item: ir.Input, row: int, objects: Mapping[str, Mapping[int, Object]]
    ) -> Iterator[tuple[Any, Any]]:
        entries = self.relations[item.name]
        first, last = self._bounds[item.name][row : row + 2].tolist()
        slots = [codes[first:last].tolist() for codes in entries.objects]
        for index, key in enumerate(zip(*slots, strict=True), start=first):
            labels = tuple(
                objects[entity][slot] for entity, slot in zip(item.parameters, key, strict=True)
            )
            value = decode_value(item.type, entries.values[index], self.texts)
            yield (labels if len(labels) > 1 else labels[0]), value

    @functools.cached_property
    def _bounds(self) -> dict[str, Codes]:
        """By relation, where the entries of each case begin; `[B + 1]`."""
        return {
            name: np.searchsorted(entries.rows, np.arange(self.count + 1))
            for name, entries in self.relations.items()
        }

    def _dense(self, item: ir.Input) -> Column:
        entries = self.relations[item.name]
        column = missing_column(item.type, (self.count, *map(self.size, item.parameters)))
        if isinstance(item.type, ir.BoolType):
            column[entries.told] = 0  # what is not listed does not hold
        column[(entries.rows, *entries.objects)] = entries.values
        return column


def encode_cases(
    ruleset: ir.Ruleset, cases: Any, *, missing_columns: MissingColumns = "error"
) -> Encoded:
    """Encodes cases, and keeps the names of objects and texts; see `rules.cases.encode`."""
    if missing_columns not in ("error", "unknown"):
        raise ValueError(f"missing_columns is {missing_columns!r}, expected 'error' or 'unknown'")
    columns, count = columns_of(ruleset, cases)
    absent = [item for item in ruleset.inputs if item.name not in columns]
    if absent and missing_columns == "error" and (count or columns):
        raise ValueError(_absent(ruleset, absent, columns))
    _warn_of_misspelt(ruleset, columns)
    codes = TextCodes(texts(ruleset))
    scalars = {
        item.name: encode_column(item, columns[item.name], texts=codes)
        if item.name in columns
        else missing_column(item.type, count)
        for item in ruleset.inputs
        if not item.parameters
    }
    names: Names = {item.name: TextCodes(()) for item in ruleset.entities if item.domain is None}
    listings = {
        name: encode_listing(ruleset.entity[name], columns[name], names)
        for name in names
        if name in columns
    }
    relations = {
        item.name: encode_relation(ruleset, item, columns.get(item.name, [None] * count),
                                   names, codes)
        for item in ruleset.inputs
        if item.parameters
    }  # fmt: skip
    relations = {
        item.name: _there(item, relations[item.name], listings)
        for item in ruleset.inputs
        if item.parameters
    }
    populations = {}
    for name, called in names.items():
        populations[name], relations = _populate(
            ruleset, name, listings.get(name), relations, count, called.texts
        )
    return Encoded(
        ruleset=ruleset,
        count=count,
        scalars=scalars,
        relations=relations,
        populations=populations,
        names={name: called.texts for name, called in names.items()},
        texts=codes.texts,
    )


def _there(item: ir.Input, entries: Entries, listings: Mapping[str, Entries]) -> Entries:
    """Without what an array has in slots that another says are empty."""
    kept = np.ones(len(entries.rows), bool)
    for name, codes in zip(item.parameters, entries.objects, strict=True):
        listing = listings.get(name)
        if listing is None or not (listing.padded and entries.padded):
            continue
        present = np.zeros((len(listing.told), int(codes.max(initial=0)) + 1), bool)
        (listed,) = listing.objects
        within = listed < present.shape[1]
        present[listing.rows[within], listed[within]] = listing.values[within] != 0
        kept &= present[entries.rows, codes]
    if kept.all():
        return entries
    return dataclasses.replace(
        entries,
        rows=entries.rows[kept],
        objects=tuple(codes[kept] for codes in entries.objects),
        values=entries.values[kept],
    )


def _populate(
    ruleset: ir.Ruleset,
    name: str,
    listing: Entries | None,
    relations: Mapping[str, Entries],
    count: int,
    names: tuple[str, ...],
) -> tuple[Population, dict[str, Entries]]:
    """Who is there of an entity, and the relations with its objects in their slots."""
    about = [
        (item.name, [index for index, other in enumerate(item.parameters) if other == name])
        for item in ruleset.inputs
        if name in item.parameters
    ]
    mentions = [
        Mentions(
            name=relation,
            entries=relations[relation],
            codes=np.stack([relations[relation].objects[index] for index in arguments], axis=1),
        )
        for relation, arguments in about
    ]
    population, slots = populate(ruleset.entity[name], listing, mentions, count, names)
    found = dict(relations)
    for (relation, arguments), columns in zip(about, slots, strict=True):
        objects = list(relations[relation].objects)
        for index, column in zip(arguments, columns.T, strict=True):
            objects[index] = column
        found[relation] = dataclasses.replace(relations[relation], objects=tuple(objects))
    return population, found


def _warn_of_misspelt(ruleset: ir.Ruleset, columns: Mapping[str, Any]) -> None:
    """Columns that nothing reads are common, those that all but have its name a mistake."""
    names = [*(item.name for item in ruleset.inputs), *ruleset.entity]
    absent = [name for name in names if name not in columns]
    for name in columns:
        hint = None if name in {*ruleset.types, *names} else did_you_mean(name, absent)
        if hint:
            warnings.warn(f"column {name} is no input and is not read; {hint}", stacklevel=4)


def _absent(ruleset: ir.Ruleset, absent: list[ir.Input], columns: Mapping[str, Any]) -> str:
    others = [name for name in columns if name not in ruleset.types]
    hints = {item.name: did_you_mean(item.name, others) for item in absent}
    names = ", ".join(f"{name} ({hint})" if hint else name for name, hint in hints.items())
    return (
        f"rule set {ruleset.name}: no column for {names}; found: {', '.join(columns) or 'none'}; "
        'add it, or count it as missing in every case with missing_columns="unknown"'
    )
