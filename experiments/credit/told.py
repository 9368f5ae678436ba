"""Guarantors and earlier payments: what a file of cases tells of them, else that there are none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from rules import Ruleset
from rules.cases import encode

__all__ = ["told_columns"]


def told_columns(
    ruleset: Ruleset, count: int, table: pa.Table | None = None
) -> dict[str, np.ndarray]:
    """The columns about objects that a rule set reads, in the forms of `docs/library.md`.

    The data set knows neither guarantors nor payments. If a case says nothing about an entity,
    there is nobody: the engines by themselves would take that for unknown.

    Args:
        ruleset: the policy; one without entities reads no such column.
        count: how many cases there are, N.
        table: the cases; columns that are about no object are ignored.

    Returns:
        By relation `[N, n1, ...]`, and by entity that cases name objects of, `[N, n]`.

    Raises:
        ValueError: a case has more objects than the policy allows, or what it tells of them
            cannot be read.
        TypeError: values of another kind than the policy declares.
    """
    names = {item.name: [item.name] for item in ruleset.entities if item.domain is None}
    relations = [item for item in ruleset.inputs if item.parameters]
    for item in relations:
        for entity in set(item.parameters) & set(names):
            names[entity].append(item.name)
    asked = {*names, *(item.name for item in relations)}
    if not asked:
        return {}
    told = None if table is None else table.select([n for n in table.column_names if n in asked])
    if told is None or not told.num_columns:
        one = encode(ruleset, [dict.fromkeys(names, ())], missing_columns="unknown")
        return {name: np.repeat(one[name], count, axis=0) for name in asked}
    for entity, about in names.items():
        told = _or_nobody(told, entity, about)
    encoded = encode(ruleset, told, missing_columns="unknown")
    return {name: encoded[name] for name in asked}


def _or_nobody(table: pa.Table, entity: str, about: list[str]) -> pa.Table:
    """The table with an empty list of objects where a case says nothing about an entity."""
    silent = np.ones(table.num_rows, bool)
    for name in about:
        if name in table.column_names:
            silent &= table[name].is_null().to_numpy()
    listed: list[Any] = [None] * table.num_rows
    kind = pa.list_(pa.string())
    if entity in table.column_names:
        listed = table[entity].to_pylist()
        kind = kind if pa.types.is_null(table[entity].type) else table[entity].type
        table = table.drop_columns([entity])
    nobody = "[]" if pa.types.is_string(kind) else {} if pa.types.is_struct(kind) else []
    filled = [nobody if empty else cell for empty, cell in zip(silent, listed, strict=True)]
    return table.append_column(entity, pa.array(filled, kind))
