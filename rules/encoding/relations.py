"""From what people keep about several objects per case to entries.

Arrays of NumPy and Arrow are taken apart as wholes. What does not fit, or is wrong, goes case
by case through `rules.engines.world`, which defines the forms and tells what is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rules.encoding.arrow_lists import UnfitError, lines_of
from rules.encoding.columns import encode_column
from rules.encoding.entries import Entries, Names, code_of, positions, refuse_twice
from rules.encoding.texts import TextCodes
from rules.encoding.values import encode_values
from rules.engines.values import Value
from rules.engines.world import Objects, entity_entries, relation_entries
from rules.language import ir

__all__ = ["encode_listing", "encode_relation", "presence_input"]


def presence_input(entity: ir.Entity) -> ir.Input:
    """An open entity as a relation that says who is present."""
    return ir.Input(name=entity.name, type=ir.BOOL, parameters=(entity.name,))


def encode_relation(
    ruleset: ir.Ruleset, item: ir.Input, raw: Any, names: Names, texts: TextCodes
) -> Entries:
    """Encodes a relation.

    Args:
        ruleset: where its entities are declared.
        item: the relation.
        raw: an array of NumPy `[B, n, ...]`, an array of Arrow (lists, maps, structs, JSON
            texts) or a sequence of one raw form per case (see `rules.engines.world`).
        names: the codes of the objects of each open entity so far.
        texts: the codes of texts so far.

    Raises:
        TypeError, ValueError: as `rules.engines.world.relation_entries`, with the row.
    """
    entities = [ruleset.entity[name] for name in item.parameters]
    if _is_padded(raw):
        return _padded(item, entities, np.asarray(raw), texts)

    def case_by_case() -> Entries:
        def read(value: Any) -> dict[Objects, Value | None]:
            return relation_entries(ruleset, item, value)

        return _case_by_case(item, entities, _plain(item.name, raw), read, names, texts)

    try:
        lines = lines_of(item, entities, _listed(raw), names)
        values = encode_column(item, lines.values, texts=texts, rows=lines.rows)
    except (UnfitError, TypeError, ValueError, NotImplementedError) as error:
        found = case_by_case()
        if isinstance(error, UnfitError | NotImplementedError | pa.ArrowException):
            return found
        raise
    entries = Entries(rows=lines.rows, objects=lines.objects, values=values, told=lines.told)
    if not lines.by_position:
        refuse_twice(item, entities, entries, names)
    return entries


def encode_listing(entity: ir.Entity, raw: Any, names: Names) -> Entries:
    """Encodes who is there of an open entity.

    Args:
        entity: without a fixed domain.
        raw: bools or int8 of NumPy `[B, n]` (-1 is not known), an array of Arrow (lists or
            maps), or a sequence of one raw form per case (see `rules.engines.world`).
        names: the codes of the objects so far.

    Raises:
        TypeError, ValueError: as `rules.engines.world.entity_entries`, with the row.
    """
    item = presence_input(entity)
    if _is_padded(raw):
        return _padded(item, [entity], np.asarray(raw), TextCodes(()))

    def read(value: Any) -> dict[Objects, Value | None]:
        return {(label,): there for label, there in entity_entries(entity, value).items()}

    try:
        lines = lines_of(item, [entity], _listed(raw), names)
        if lines.by_position:
            raise UnfitError  # a list of bools says nothing about who they are
        values = encode_column(item, lines.values, rows=lines.rows)
    except (UnfitError, TypeError, ValueError, NotImplementedError):
        rows = _plain(entity.name, raw)
        return _case_by_case(item, [entity], rows, read, names, TextCodes(()))
    entries = Entries(rows=lines.rows, objects=lines.objects, values=values, told=lines.told)
    refuse_twice(item, [entity], entries, names)
    return entries


def _is_padded(raw: Any) -> bool:
    return hasattr(raw, "dtype") and hasattr(raw, "__array__") and np.ndim(raw) > 1


def _padded(
    item: ir.Input, entities: Sequence[ir.Entity], array: npt.NDArray[Any], texts: TextCodes
) -> Entries:
    count, *sizes = array.shape
    if len(sizes) != len(entities):
        arguments = ", ".join(["B", *(entity.name for entity in entities)])
        raise ValueError(
            f"input {item.name}: found an array of shape {array.shape}, expected [{arguments}]"
        )
    for entity, size in zip(entities, sizes, strict=True):
        if entity.size is not None and size > entity.size:
            raise ValueError(
                f"input {item.name}: found an array of shape {array.shape}, with room for {size} "
                f"{entity.name} objects; expected at most {entity.size}"
                + ("" if entity.domain else f", or declare `entity {entity.name} max {size}`")
            )
    index = np.indices(array.shape).reshape(array.ndim, -1)
    objects = [
        codes + (entity.domain is None) for codes, entity in zip(index[1:], entities, strict=True)
    ]
    values = encode_column(item, array.reshape(-1), texts=texts, rows=index[0])
    return Entries(
        rows=index[0],
        objects=tuple(objects),
        values=values,
        told=np.ones(count, bool),
        padded=True,
    )


def _listed(raw: Any) -> pa.Array | list[Any]:
    """An array of Arrow in one piece, or a list."""
    if isinstance(raw, pa.ChunkedArray):
        raw = raw.combine_chunks()
    if isinstance(raw, pa.ExtensionArray):
        raw = raw.storage
    if isinstance(raw, pa.Array):
        return raw.dictionary_decode() if pa.types.is_dictionary(raw.type) else raw
    return list(raw.tolist() if hasattr(raw, "tolist") else raw)


def _plain(name: str, raw: Any) -> list[Any]:
    """One raw form per case."""
    listed = _listed(raw)
    if isinstance(listed, list):
        rows = [None if _is_nan(row) else row for row in listed]
    elif pa.types.is_map(listed.type):
        rows = [None if row is None else dict(row) for row in listed.to_pylist()]
    elif pa.types.is_struct(listed.type):  # a field that is null is not mentioned
        rows = [
            row and {key: value for key, value in row.items() if value is not None}
            for row in listed.to_pylist()
        ]
    else:
        rows = listed.to_pylist()
    return [_parsed(name, number, row) for number, row in enumerate(rows, start=1)]


def _is_nan(row: Any) -> bool:
    return isinstance(row, float) and row != row


def _parsed(name: str, number: int, row: Any) -> Any:
    if not isinstance(row, str):
        return row
    try:
        return json.loads(row)
    except ValueError as error:
        raise ValueError(
            f"row {number}: {name}: found {row[:40]!r}, which is not JSON ({error}); expected "
            'for example {"anna": 80000} or [3, 5]'
        ) from None


def _case_by_case(
    item: ir.Input,
    entities: Sequence[ir.Entity],
    rows: Sequence[Any],
    read: Callable[[Any], Mapping[Objects, Value | None]],
    names: Names,
    texts: TextCodes,
) -> Entries:
    values: list[Value | None] = []
    codes: list[list[int]] = [[] for _ in entities]
    lengths = np.zeros(len(rows), np.int64)
    for number, row in enumerate(rows):
        if row is None:
            continue
        try:
            found = read(row)
        except (TypeError, ValueError) as error:
            raise type(error)(f"row {number + 1}: {error}") from None
        lengths[number] = len(found)
        values.extend(found.values())
        for column, entity, labels in zip(codes, entities, zip(*found, strict=True), strict=False):
            column.extend(code_of(entity, label, names) for label in labels)
    return Entries(
        rows=positions(lengths)[0],
        objects=tuple(np.array(column, np.int64) for column in codes),
        values=encode_values(item.type, values, texts),
        told=np.array([row is not None for row in rows], bool),
    )
