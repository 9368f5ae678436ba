"""Lists, maps and structs taken apart as wholes: rows, objects and values."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from rules.encoding.arrow_values import filled, number_array, text_array, truths
from rules.encoding.entries import Codes, Names, positions
from rules.language import ir

__all__ = ["Lines", "UnfitError", "lines_of"]


class UnfitError(Exception):
    """The cases have another form."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Lines:
    """Entries before their values are encoded.

    Attributes:
        rows: int64 `[E]`, the cases, ascending.
        objects: int64 `[E]` for each argument, codes.
        values: `[E]`.
        told: bool `[B]`, the cases that have it at all.
        by_position: whether values are told by position, so that nothing is told twice.
    """

    rows: Codes
    objects: tuple[Codes, ...]
    values: Any
    told: npt.NDArray[np.bool_]
    by_position: bool = False


def lines_of(
    item: ir.Input, entities: Sequence[ir.Entity], raw: pa.Array | list[Any], names: Names
) -> Lines:
    """Takes a relation apart.

    Args:
        item: the relation.
        entities: of its arguments.
        raw: one form per case.
        names: the codes of the objects of each open entity so far.

    Raises:
        UnfitError: it is of another form than this file knows.
    """
    if isinstance(raw, list):
        return _python(item, entities, raw, names)
    kind = raw.type
    if pa.types.is_map(kind):
        pair = pa.struct([pa.field("key", kind.key_type), pa.field("value", kind.item_type)])
        return _rows(item, entities, raw.cast(pa.list_(pair)), names)
    if pa.types.is_struct(kind):
        return _struct(entities, raw, names)
    if _is_list(kind):
        inner = kind.value_type
        if pa.types.is_struct(inner):
            return _rows(item, entities, raw, names)
        if len(entities) == 1 and not pa.types.is_nested(inner):
            return _plain_lists(item, entities[0], raw, names)
    raise UnfitError


def _is_list(kind: pa.DataType) -> bool:
    is_list = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    return any(test(kind) for test in is_list)


def _plain_lists(item: ir.Input, entity: ir.Entity, raw: pa.Array, names: Names) -> Lines:
    lengths, told, items = _flat(raw)
    rows, places = positions(lengths)
    if isinstance(item.type, ir.BoolType) and not pa.types.is_boolean(items.type):
        if items.null_count == len(items) > 0:  # bools that are all missing, or nulls for objects
            raise UnfitError
        holds = np.ones(len(items), np.int8)
        return Lines(rows=rows, objects=(_codes(entity, items, names),), values=holds, told=told)
    return _by_position(entity, rows, places, items, told)


def _rows(item: ir.Input, entities: Sequence[ir.Entity], raw: pa.Array, names: Names) -> Lines:
    """Lists of structs: the objects, then the value, which truths may leave out."""
    lengths, told, items = _flat(raw)
    rows, _ = positions(lengths)
    if items.null_count:
        raise UnfitError
    fields = items.flatten()
    if len(fields) == len(entities) and isinstance(item.type, ir.BoolType):
        fields.append(np.ones(len(items), np.int8))
    if len(fields) != len(entities) + 1:
        raise UnfitError
    *labels, values = fields
    objects = tuple(
        _codes(entity, column, names) for entity, column in zip(entities, labels, strict=True)
    )
    return Lines(rows=rows, objects=objects, values=values, told=told)


def _struct(entities: Sequence[ir.Entity], raw: pa.Array, names: Names) -> Lines:
    """One field per object; a field that is null is not mentioned."""
    if len(entities) != 1 or not raw.type.num_fields:
        raise UnfitError
    labels = text_array(field.name for field in raw.type)
    codes = _codes(entities[0], labels, names)
    columns = raw.flatten()
    if len({column.type for column in columns} - {pa.null()}) > 1:
        raise UnfitError
    mentioned = np.stack([_valid(column) for column in columns], axis=1)
    rows, fields = np.nonzero(mentioned)
    values = pa.concat_arrays([column for column in columns if column.type != pa.null()])
    offsets = np.cumsum([0] + [len(c) * (c.type != pa.null()) for c in columns])
    picked = values.take(number_array(offsets[fields] + rows))
    return Lines(rows=rows, objects=(codes[fields],), values=picked, told=_valid(raw))


def _python(
    item: ir.Input, entities: Sequence[ir.Entity], raw: Sequence[Any], names: Names
) -> Lines:
    told = np.array([row is not None for row in raw], bool)
    if len(entities) != 1:
        raise UnfitError
    (entity,) = entities
    given = [row for row in raw if row is not None]
    lengths = np.zeros(len(raw), np.int64)
    if all(isinstance(row, Mapping) for row in given):
        lengths[told] = [len(row) for row in given]
        labels = [label for row in given for label in row]
        if not all(type(label) is str for label in labels):
            raise UnfitError
        codes = _codes(entity, text_array(labels), names)
        values = [value for row in given for value in row.values()]
        return Lines(rows=positions(lengths)[0], objects=(codes,), values=values, told=told)
    if all(isinstance(row, list | tuple) for row in given):
        lengths[told] = [len(row) for row in given]
        values = [value for row in given for value in row]
        if isinstance(item.type, ir.BoolType) and not {type(v) for v in values} <= _TRUTHS:
            raise UnfitError
        rows, places = positions(lengths)
        return _by_position(entity, rows, places, values, told)
    raise UnfitError


_TRUTHS = frozenset({bool, type(None), np.bool_})


def _by_position(
    entity: ir.Entity, rows: Codes, places: Codes, values: Any, told: npt.NDArray[np.bool_]
) -> Lines:
    if entity.domain is None:
        places = places + 1
    elif len(places) and places.max() >= len(entity.domain):
        raise UnfitError
    return Lines(rows=rows, objects=(places,), values=values, told=told, by_position=True)


def _flat(raw: pa.Array) -> tuple[Codes, npt.NDArray[np.bool_], pa.Array]:
    """Lengths of lists, which of them there are, and their items."""
    lengths = filled(pc.list_value_length(raw), 0)
    return lengths.astype(np.int64), _valid(raw), pc.list_flatten(raw)


def _valid(array: pa.Array) -> npt.NDArray[np.bool_]:
    return truths(array.is_valid())


def _codes(entity: ir.Entity, labels: pa.Array, names: Names) -> Codes:
    """int64 `[E]`: the codes of objects."""
    if pa.types.is_dictionary(labels.type):
        labels = labels.dictionary_decode()
    if pa.types.is_string_view(labels.type):
        labels = labels.cast(pa.string())
    is_text = pa.types.is_string(labels.type) or pa.types.is_large_string(labels.type)
    if labels.null_count or not (is_text or pa.types.is_integer(labels.type)):
        raise UnfitError
    if entity.domain is not None:
        domain = text_array(map(str, entity.domain))
        codes = pc.index_in(labels.cast(pa.string()), domain)
        if codes.null_count:
            raise UnfitError
        return filled(codes, 0).astype(np.int64)
    if is_text:
        if pc.any(pc.equal(labels, text_array([""])[0].cast(labels.type))).as_py():
            raise UnfitError
        return -1 - names[entity.name].encode(labels).astype(np.int64)
    numbers: Codes = filled(labels, 0).astype(np.int64)
    if len(numbers) and numbers.min() < 1:
        raise UnfitError
    return numbers
