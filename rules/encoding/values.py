"""One value of a column: what stands for it, and what it stands for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rules.encoding.texts import TextCodes
from rules.engines.values import INT_MISSING, Value
from rules.language import ir

__all__ = ["Column", "decode_value", "encode_values", "missing_column", "missing_value"]

Column: TypeAlias = npt.NDArray[Any]

_MISSING: Mapping[type, np.generic] = MappingProxyType(
    {
        ir.FloatType: np.float32(np.nan),
        ir.IntType: np.int32(INT_MISSING),
        ir.BoolType: np.int8(-1),
        ir.EnumType: np.int32(-1),
        ir.DateType: np.int32(INT_MISSING),
        ir.StringType: np.int32(-1),
    }
)


def missing_value(type_: ir.Type) -> np.generic:
    """What stands for a missing value, of the dtype of the column."""
    return _MISSING[type(type_)]


def missing_column(type_: ir.Type, shape: int | tuple[int, ...]) -> Column:
    """A column of missing values."""
    missing = missing_value(type_)
    return np.full(shape, missing, missing.dtype)


def encode_values(
    type_: ir.Type, values: Sequence[Value | None], texts: TextCodes | None = None
) -> Column:
    """A column of values that an engine computed or admitted, None where one is unknown.

    Args:
        type_: of the values.
        values: one per element.
        texts: the codes of texts, where the values are some.
    """
    column = missing_column(type_, len(values))
    for row, value in enumerate(values):
        if value is None:
            continue
        match type_:
            case ir.EnumType(members=members):
                column[row] = members.index(str(value))
            case ir.StringType():
                assert texts is not None
                column[row] = texts.code(str(value))
            case _:
                column[row] = value
    return column


def decode_value(type_: ir.Type, code: Any, texts: Sequence[str] = ()) -> Value | None:
    """The value that one encoded element stands for; None is missing.

    Args:
        type_: of the input or derived name.
        code: a NumPy scalar, also of the other dtypes that `rules.engines.xla` takes.
        texts: by code, for a text.
    """
    plain = code.item()
    match type_:
        case ir.FloatType():
            return float(plain) if math.isfinite(plain) else None
        case ir.IntType() | ir.DateType():
            return None if plain == INT_MISSING else int(plain)
        case ir.BoolType():
            return None if plain < 0 else bool(plain)
        case ir.EnumType(members=members):
            return members[plain] if 0 <= plain < len(members) else None
        case ir.StringType():
            if plain < 0:
                return None
            return texts[plain] if plain < len(texts) else f"text {plain}"
        case ir.ObjectType():
            raise TypeError("no column holds objects")
