"""The columns a rule set reads: their names, dtypes and shapes, checked."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from rules.engines.array_ops import Array
from rules.engines.values import expected
from rules.errors import did_you_mean
from rules.language import ir

__all__ = ["check_columns", "entity_size", "presence_names", "sizes"]

_DTYPES: Mapping[type, tuple[str, ...]] = {
    ir.FloatType: ("float32", "float16", "bfloat16", "float64"),
    ir.IntType: ("int32",),
    ir.BoolType: ("bool", "int8"),
    ir.EnumType: ("int32", "int8"),
    ir.DateType: ("int32",),
    ir.StringType: ("int32",),
}
_MISSING: Mapping[type, str] = {
    ir.FloatType: "NaN",
    ir.IntType: "-2**31",
    ir.BoolType: "-1 (int8)",
    ir.EnumType: "a negative code",
    ir.DateType: "-2**31",
    ir.StringType: "a negative code",
}


def presence_names(ruleset: ir.Ruleset) -> tuple[str, ...]:
    """The entities whose objects each case names: each has a column that says who is there."""
    return tuple(item.name for item in ruleset.entities if item.domain is None)


def column_names(ruleset: ir.Ruleset) -> dict[str, int]:
    """The columns that a rule set reads, and how many axes each has beside those of the batch."""
    return {item.name: len(item.parameters) for item in _read(ruleset)}


def sizes(ruleset: ir.Ruleset, item: ir.Input | ir.Derived) -> tuple[int, ...]:
    """The axes that an input or derived value has after those of the batch, one per parameter.

    Raises:
        ValueError: an entity has no bound, so arrays have no room for its objects.
    """
    names = [item if isinstance(item, str) else item.entity for item in item.parameters]
    return tuple(entity_size(ruleset, name) for name in names)


def check_columns(ruleset: ir.Ruleset, columns: Mapping[str, Array]) -> tuple[int, ...]:
    """The common shape `[...]` of the columns that a rule set reads, without their own axes.

    Args:
        ruleset: a checked rule set.
        columns: arrays by name, `[..., n1, ..., nk]` for a relation, and for each open entity
            `[..., n]` by its name; others are ignored.

    Raises:
        ValueError: a column is absent, has other axes than its input, shapes do not broadcast,
            or an entity has no bound.
        TypeError: a column has another dtype than its input allows.
    """
    shape: tuple[int, ...] = ()
    for item in _read(ruleset):
        if item.name not in columns:
            raise ValueError(_absent(ruleset, item, columns))
        column = columns[item.name]
        if str(column.dtype) not in _DTYPES[type(item.type)]:
            raise TypeError(_mistyped(ruleset, item, column))
        own = sizes(ruleset, item)
        batch = column.shape[: column.ndim - len(own)]
        if batch + own != column.shape:
            raise ValueError(_misshapen(ruleset, item, column))
        common = _broadcast(shape, batch)
        if common is None:
            raise ValueError(
                f"rule set {ruleset.name}: column {item.name} has shape {column.shape}, "
                f"expected one that broadcasts with {shape}, the shape of the columns before it"
            )
        shape = common
    return shape


def _broadcast(left: tuple[int, ...], right: tuple[int, ...]) -> tuple[int, ...] | None:
    """The common shape; None when there is none.

    Unlike that of NumPy it takes the symbolic sizes of `jax.export`.
    """
    pairs = itertools.zip_longest(reversed(left), reversed(right), fillvalue=1)
    sizes: list[int] = []
    for a, b in pairs:
        if a != b and 1 not in (a, b):
            return None
        sizes.insert(0, b if a == 1 else a)
    return tuple(sizes)


def _read(ruleset: ir.Ruleset) -> tuple[ir.Input, ...]:
    """The inputs, and who is there of each open entity as one."""
    presence = (
        ir.Input(name=name, type=ir.BOOL, parameters=(name,)) for name in presence_names(ruleset)
    )
    return (*ruleset.inputs, *presence)


def entity_size(ruleset: ir.Ruleset, name: str) -> int:
    """The number of objects of an entity that arrays have room for.

    Raises:
        ValueError: it has no bound.
    """
    size = ruleset.entity[name].size
    if size is None:
        raise ValueError(
            f"rule set {ruleset.name}: entity {name} has no bound, which arrays need; declare for "
            f"example `entity {name} max 32`, or use the reference or python engine"
        )
    return size


def _absent(ruleset: ir.Ruleset, item: ir.Input, columns: Mapping[str, Array]) -> str:
    hint = did_you_mean(item.name, columns)
    found = ", ".join(columns) or "none"
    if item.name in ruleset.entity:
        what, every = f"entity {item.name}", "who is there, bool or int8 (-1 where not known)"
    else:
        missing = _MISSING[type(item.type)]
        what, every = f"input {item.name}", f"every input, with {missing} where a case lacks it"
    return f"rule set {ruleset.name}: no column for {what}; found: {found}; expected {every}" + (
        f"; {hint}" if hint else ""
    )


def _misshapen(ruleset: ir.Ruleset, item: ir.Input, column: Array) -> str:
    axes = ", ".join(
        f"{size} for {name}"
        for name, size in zip(item.parameters, sizes(ruleset, item), strict=True)
    )
    return (
        f"rule set {ruleset.name}: column {item.name} has shape {column.shape}, expected the "
        f"batch and then {axes}; rules.cases.encode makes it so"
    )


def _mistyped(ruleset: ir.Ruleset, item: ir.Input, column: Array) -> str:
    dtypes = _DTYPES[type(item.type)]
    return (
        f"rule set {ruleset.name}: column {item.name} is {column.dtype}, expected "
        f"{' or '.join(dtypes)} ({expected(item.type)}; missing is "
        f"{_MISSING[type(item.type)]}); convert it, for example "
        f"columns[{item.name!r}].astype({dtypes[0]!r}), or use rules.cases.encode"
    )
