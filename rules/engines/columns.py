"""The columns a rule set reads: their names, dtypes and shapes, checked."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rules.engines.array_ops import Array
from rules.engines.values import expected
from rules.errors import did_you_mean
from rules.language import ir

__all__ = ["check_columns"]

_DTYPES: Mapping[type, tuple[str, ...]] = {
    ir.FloatType: ("float32", "float16", "bfloat16", "float64"),
    ir.IntType: ("int32",),
    ir.BoolType: ("bool", "int8"),
    ir.EnumType: ("int32", "int8"),
}
_MISSING: Mapping[type, str] = {
    ir.FloatType: "NaN",
    ir.IntType: "-2**31",
    ir.BoolType: "-1 (int8)",
    ir.EnumType: "a negative code",
}


def check_columns(ruleset: ir.Ruleset, columns: Mapping[str, Array]) -> tuple[int, ...]:
    """The common shape `[...]` of the columns that a rule set reads.

    Args:
        ruleset: a checked rule set.
        columns: arrays by name; columns that are no inputs are ignored.

    Raises:
        ValueError: when a column is absent, or shapes do not broadcast.
        TypeError: when a column has another dtype than its input allows.
    """
    shape: tuple[int, ...] = ()
    for item in ruleset.inputs:
        if item.name not in columns:
            raise ValueError(_absent(ruleset, item, columns))
        column = columns[item.name]
        if str(column.dtype) not in _DTYPES[type(item.type)]:
            raise TypeError(_mistyped(ruleset, item, column))
        try:
            shape = np.broadcast_shapes(shape, column.shape)
        except ValueError:
            raise ValueError(
                f"rule set {ruleset.name}: column {item.name} has shape {column.shape}, "
                f"expected one that broadcasts with {shape}, the shape of the columns before it"
            ) from None
    return shape


def _absent(ruleset: ir.Ruleset, item: ir.Input, columns: Mapping[str, Array]) -> str:
    hint = did_you_mean(item.name, columns)
    found = ", ".join(columns) or "none"
    return (
        f"rule set {ruleset.name}: no column for input {item.name}; found: {found}; expected "
        f"every input, with {_MISSING[type(item.type)]} where a case lacks it"
        + (f"; {hint}" if hint else "")
    )


def _mistyped(ruleset: ir.Ruleset, item: ir.Input, column: Array) -> str:
    dtypes = _DTYPES[type(item.type)]
    return (
        f"rule set {ruleset.name}: column {item.name} is {column.dtype}, expected "
        f"{' or '.join(dtypes)} ({expected(item.type)}; missing is "
        f"{_MISSING[type(item.type)]}); convert it, for example "
        f"columns[{item.name!r}].astype({dtypes[0]!r}), or use rules.cases.encode"
    )
