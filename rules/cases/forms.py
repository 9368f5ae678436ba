"""Whatever people keep cases in, as columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from rules.language import ir

__all__ = ["columns_of"]

KINDS = (
    "a mapping of columns, a list of dictionaries, a dictionary, a pyarrow.Table or a data frame"
)


def columns_of(ruleset: ir.Ruleset, cases: Any) -> tuple[Mapping[str, Any], int]:
    """Columns by name, and how many cases there are.

    Args:
        ruleset: tells which names are relations, which may be lists in a single case.
        cases: see `rules.cases.encode`.

    Raises:
        TypeError: these are no cases.
        ValueError: columns differ in length.
    """
    if isinstance(cases, Mapping):
        return _of_mapping(ruleset, cases)
    if hasattr(cases, "to_arrow"):  # polars
        cases = cases.to_arrow()
    if isinstance(cases, pa.RecordBatch):
        cases = pa.Table.from_batches([cases])
    if isinstance(cases, pa.Table):
        return {name: cases[name] for name in cases.column_names}, cases.num_rows
    if hasattr(cases, "iloc"):  # pandas
        return {str(name): cases[name] for name in cases.columns}, len(cases)
    if isinstance(cases, Iterable) and not isinstance(cases, str | bytes):
        return _of_rows(list(cases))
    raise TypeError(f"found cases of type {type(cases).__name__}, expected {KINDS}")


def _of_rows(rows: Sequence[Any]) -> tuple[Mapping[str, Any], int]:
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping):
            raise TypeError(f"row {number}: found {row!r}, expected a dictionary of inputs")
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}, len(rows)


def _of_mapping(ruleset: ir.Ruleset, cases: Mapping[str, Any]) -> tuple[Mapping[str, Any], int]:
    arity = {item.name: 1 for item in ruleset.entities}
    arity |= {item.name: len(item.parameters) for item in ruleset.inputs if item.parameters}
    plain = {name: values for name, values in cases.items() if name not in arity}
    relations = {name: values for name, values in cases.items() if name in arity}
    scalar = {name for name, values in plain.items() if _is_scalar(values)}
    if plain and len(scalar) < len(plain):
        if scalar:
            raise TypeError(
                f"cases mix single values ({', '.join(sorted(scalar))}) with columns; expected "
                "either one case or columns of one length"
            )
    elif plain or all(_is_of_one_case(arity[name], form) for name, form in relations.items()):
        return {name: [value] for name, value in cases.items()}, 1
    lengths = {name: len(values) for name, values in cases.items()}
    (first, count), *others = lengths.items()
    for name, length in others:
        if length != count:
            raise ValueError(
                f"column {name} has {length} values, {first} has {count}; expected columns of "
                "one length"
            )
    return cases, count


def _is_scalar(values: Any) -> bool:
    return values is None or isinstance(values, str | bytes) or np.ndim(values) == 0


def _is_of_one_case(arity: int, values: Any) -> bool:
    """Whether this is a relation in one case, not a column of such."""
    if values is None or isinstance(values, Mapping | str):
        return True
    if not isinstance(values, list | tuple):
        return False
    items = [item for item in values if item is not None]
    if any(isinstance(item, Mapping) for item in items):
        return False
    depth = 1 + any(isinstance(item, list | tuple) for item in items)
    if arity == 1 or not items or depth == 1:
        return depth == 1
    parts = [part for item in items if isinstance(item, list | tuple) for part in item]
    return not any(isinstance(part, list | tuple | Mapping) for part in parts)
