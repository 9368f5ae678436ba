"""Who is there: the objects of an open entity, each in a slot of its case."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rules.encoding.entries import Codes, Entries, object_of
from rules.language import ir

__all__ = ["Mentions", "Population", "populate"]


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Population:
    """The objects of one open entity in a batch of cases.

    Positions stand in their own slots, names in the order in which a case mentions them.

    Attributes:
        labels: int64 `[B, n]`, codes as in `entries.py`, 0 in an empty slot.
        presence: int8 `[B, n]`: 1, or -1 where it is not known, 0 in an empty slot.
        told: bool `[B]`, the cases that say anything about who is there.
    """

    labels: Codes
    presence: npt.NDArray[np.int8]
    told: npt.NDArray[np.bool_]


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Mentions:
    """The objects of one entity that one relation mentions.

    Attributes:
        name: of the relation.
        entries: what it says.
        codes: int64 `[E, a]`, the arguments that are of the entity.
    """

    name: str
    entries: Entries
    codes: Codes


def populate(
    entity: ir.Entity,
    listing: Entries | None,
    mentions: Sequence[Mentions],
    count: int,
    names: Sequence[str],
) -> tuple[Population, list[Codes]]:
    """Gives each object a slot.

    Args:
        entity: without a fixed domain.
        listing: whom the cases list under the entity's own name.
        mentions: of the relations about it, in the order of their declaration.
        count: the number of cases, B.
        names: of the objects, by code.

    Returns:
        The population, and for each mention the slots, int64 `[E, a]`.

    Raises:
        ValueError: too many objects, positions mixed with names, or something told about an
            object that is said not to be there.
    """
    told = np.zeros(count, bool)
    rows, codes, there = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0, np.int8)]
    if listing is not None:
        told |= listing.told
        rows.append(listing.rows)
        codes.append(listing.objects[0])
        there.append(listing.values)
    for mention in mentions:
        told |= mention.entries.told
        rows.append(np.repeat(mention.entries.rows, mention.codes.shape[1]))
        codes.append(mention.codes.reshape(-1))
        there.append(np.ones(mention.codes.size, np.int8))
    ends = np.cumsum([len(part) for part in rows])[1 + (listing is not None) :]
    row, code, present = np.concatenate(rows), np.concatenate(codes), np.concatenate(there)
    listed = 0 if listing is None else len(listing.rows)
    objects = _Objects(row, code, present, listed)
    _refuse_mixed(entity, row, code, names)
    _refuse_absent(entity, objects, mentions, ends, names)
    slots = objects.slots()
    size = _size(entity, objects, slots)
    labels, presence = np.zeros((count, size), np.int64), np.zeros((count, size), np.int8)
    kept = objects.kept
    labels[objects.row[kept], slots[kept]] = objects.code[kept]
    presence[objects.row[kept], slots[kept]] = objects.present[kept]
    labels[~told] = np.arange(1, size + 1)
    presence[~told] = -1
    if entity.size is None:  # who is there of an unbounded entity is one anonymous object
        labels[~told, 1:] = presence[~told, 1:] = 0
    everywhere = slots[objects.of_mention]
    found = [
        everywhere[end - mention.codes.size : end].reshape(mention.codes.shape)
        for mention, end in zip(mentions, ends.tolist(), strict=True)
    ]
    return Population(labels=labels, presence=presence, told=told), found


class _Objects:
    """The distinct objects of each case, from all mentions in their order.

    Attributes:
        row, code, present: of each object; present as the first mention has it.
        of_mention: int64 `[M]`, the object that each mention is about.
    """

    def __init__(self, row: Codes, code: Codes, present: npt.NDArray[np.int8], listed: int) -> None:
        self._by_position = bool(len(code)) and int(code.min()) > 0
        low = int(code.min()) if len(code) else 0
        width = (int(code.max()) if len(code) else 0) - low + 1
        key = row * width + (code - low)
        _, first, self.of_mention = np.unique(key, return_index=True, return_inverse=True)
        self.of_mention = self.of_mention.reshape(-1)
        self.row, self.code, self.present = row[first], code[first], present[first]
        self.first = first
        self.listed = listed

    @property
    def kept(self) -> npt.NDArray[np.bool_]:
        """Bool `[O]`: those that are not said to be absent."""
        return self.present != 0

    def slots(self) -> Codes:
        """int64 `[O]`; -1 for what is not kept."""
        slots = np.where(self.code > 0, self.code - 1, -1)
        named = np.flatnonzero(self.kept & (self.code < 0))
        order = named[np.lexsort((self.first[named], self.row[named]))]
        rows = self.row[order]
        starts = np.searchsorted(rows, rows, side="left")
        slots[order] = np.arange(len(order)) - starts
        slots[~self.kept] = -1
        return slots


def _size(entity: ir.Entity, objects: _Objects, slots: Codes) -> int:
    widest = int(slots.max(initial=-1)) + 1
    if entity.size is None:
        return max(1, widest)
    if widest > entity.size:
        row = int(objects.row[slots >= entity.size].min())
        needed = int(slots[objects.row == row].max()) + 1
        raise ValueError(
            f"row {row + 1}: entity {entity.name}: found {needed} objects, expected at most "
            f"{entity.size}; declare `entity {entity.name} max {widest}`"
        )
    return entity.size


def _refuse_mixed(entity: ir.Entity, row: Codes, code: Codes, names: Sequence[str]) -> None:
    if not len(code) or code.min() > 0 or code.max() < 0:
        return
    both = np.intersect1d(row[code > 0], row[code < 0])
    if len(both):
        here = code[row == both[0]]
        raise ValueError(
            f"row {both[0] + 1}: entity {entity.name}: the case tells of "
            f"{object_of(entity, int(here[here < 0][0]), names)} by name and of "
            f"{here[here > 0][0]} by position; use one of the two"
        )


def _refuse_absent(
    entity: ir.Entity,
    objects: _Objects,
    mentions: Sequence[Mentions],
    ends: Codes,
    names: Sequence[str],
) -> None:
    wrong = np.flatnonzero(objects.present[objects.of_mention] == 0)
    wrong = wrong[wrong >= objects.listed]
    if len(wrong):
        index = int(wrong[0])
        about = mentions[int(np.searchsorted(ends, index, side="right"))].name
        one = objects.of_mention[index]
        label = object_of(entity, int(objects.code[one]), names)
        raise ValueError(
            f"row {objects.row[one] + 1}: entity {entity.name}: the case says that there is no "
            f"{label}, yet {about} tells something about it; remove one of them"
        )
