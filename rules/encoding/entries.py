"""What cases say about a relation, one line per tuple of objects.

Objects of a fixed domain are coded by their position in it, from 0. Objects of an open entity
are coded 1, 2, ... where they are told by position, and -1, -2, ... where by name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from rules.encoding.texts import TextCodes
from rules.encoding.values import Column
from rules.engines.world import Object
from rules.language import ir

__all__ = ["Entries", "Names", "code_of", "object_of", "positions", "refuse_twice"]

Codes = npt.NDArray[np.int64]
Names = Mapping[str, TextCodes]  # of each open entity, over all cases


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Entries:
    """What a batch of cases says about one relation, or whom it lists of one entity.

    Attributes:
        rows: int64 `[E]`, the cases, ascending.
        objects: int64 `[E]` for each argument, codes.
        values: `[E]`, encoded; for an entity int8, whether the object is present.
        told: bool `[B]`, the cases that have it at all.
        padded: whether it is an array with room for objects that are not present.
    """

    rows: Codes
    objects: tuple[Codes, ...]
    values: Column
    told: npt.NDArray[np.bool_]
    padded: bool = False


def positions(lengths: Codes) -> tuple[Codes, Codes]:
    """Rows and positions (from 0) of the items of lists of these lengths `[B]`."""
    rows = np.repeat(np.arange(len(lengths)), lengths)
    starts = np.cumsum(lengths) - lengths
    return rows, np.arange(len(rows)) - starts[rows]


def code_of(entity: ir.Entity, label: Object, names: Names) -> int:
    """The code of an object."""
    if entity.domain is not None:
        return entity.domain.index(label)
    return label if isinstance(label, int) else -1 - names[entity.name].code(label)


def object_of(entity: ir.Entity, code: int, texts: Sequence[str]) -> Object:
    """The object that a code stands for.

    Args:
        entity: what it is one of.
        code: of the object.
        texts: the names of the objects of an open entity.
    """
    if entity.domain is not None:
        return entity.domain[code]
    return code if code > 0 else texts[-1 - code]


def refuse_twice(
    item: ir.Input, entities: Sequence[ir.Entity], entries: Entries, names: Names
) -> None:
    """Refuses what says two things about the same objects.

    Raises:
        ValueError: naming the first that does.
    """
    lines = np.stack([entries.rows, *entries.objects], axis=1)
    _, first, counts = np.unique(lines, axis=0, return_index=True, return_counts=True)
    twice = first[counts > 1]
    if not len(twice):
        return
    row, *codes = lines[twice.min()].tolist()
    labels = ", ".join(
        str(object_of(entity, code, names[entity.name].texts if entity.name in names else ()))
        for entity, code in zip(entities, codes, strict=True)
    )
    raise ValueError(f"row {row + 1}: input {item.name}({labels}): told twice; tell it once")
