"""Values and objects as whole numbers, the only ones that durable_rules ever sees.

It cannot read floats such as 1e-05, takes NaN for null, and compares texts with numbers.
Keys of values keep their order, so comparisons of keys are those of values.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from typing import cast

from rules.engines.values import Value
from rules.engines.world import Object, World
from rules.language import ir

__all__ = ["Codes", "float_key", "object_code", "value_key"]

_BITS = struct.Struct("<i")
_FLOAT32 = struct.Struct("<f")


def float_key(number: float) -> int:
    """The place of a float32 among all float32 values: int32, 0 for 0.0.

    The bits of IEEE 754 numbers are ordered as magnitudes; the sign turns the order.

    Args:
        number: canonical, see `rules.engines.values.canonical`.
    """
    (bits,) = _BITS.unpack(_FLOAT32.pack(number))
    return int(bits) if bits >= 0 else -(int(bits) & 0x7FFFFFFF)


def value_key(type_: ir.Type, value: Value, texts: Mapping[str, int]) -> int:
    """The key of a known value.

    Args:
        type_: of the value: a float, int, date, enum or string.
        value: canonical.
        texts: the codes of texts.
    """
    match type_:
        case ir.FloatType():
            return float_key(cast(float, value))
        case ir.EnumType(members=members):
            return members.index(str(value))
        case ir.StringType():
            return texts[str(value)]
        case _:
            return int(value)


def object_code(type_: ir.Type, label: Object) -> int:
    """The code of an object of a range or a list of names."""
    return type_.members.index(str(label)) if isinstance(type_, ir.EnumType) else int(label)


class Codes:
    """The codes of the objects and texts of one case."""

    def __init__(self, ruleset: ir.Ruleset, world: World, texts: Iterable[str]) -> None:
        """Args: whose entities; the objects; the texts of the rule set, in their order."""
        self.objects: dict[str, dict[Object, int]] = {}
        self.labels: dict[str, dict[int, Object]] = {}
        for entity in ruleset.entities:
            labels = world.objects[entity.name]
            if entity.domain is None:
                codes = {label: code for code, label in enumerate(labels)}
            else:
                codes = {label: object_code(entity.type, label) for label in labels}
            self.objects[entity.name] = codes
            self.labels[entity.name] = {code: label for label, code in codes.items()}
        self._texts = {text: code for code, text in enumerate(texts)}

    def key(self, type_: ir.Type, value: Value) -> int:
        """The key of a known value; a text that is new gets a code of its own."""
        if isinstance(type_, ir.StringType):
            return self._texts.setdefault(str(value), len(self._texts))
        return value_key(type_, value, self._texts)
