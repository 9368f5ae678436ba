"""How the nodes of the IR look in JSON: one description for writing, reading and the schema."""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from rules.language import ir
from rules.language.functions import FUNCTIONS

__all__ = ["CHOICES", "FORMAT", "SPAN_FIELDS", "form_fields", "options", "to_form"]

FORMAT = 2
SPAN_FIELDS = tuple(item.name for item in dataclasses.fields(ir.Span))

_COMPARISONS = ("<", "<=", ">", ">=", "=", "!=")
# The words that a field may have, where its type is only `str`.
CHOICES: Mapping[tuple[str, str], tuple[str, ...]] = MappingProxyType(
    {
        ("Aggregate", "function"): ir.AGGREGATES,
        ("Arithmetic", "op"): ("+", "-", "*", "/", "mod"),
        ("Call", "function"): tuple(FUNCTIONS),
        ("Compare", "op"): _COMPARISONS,
        ("Decision", "policy"): ir.POLICIES,
        ("ExpectOutcome", "op"): ("=", "!=", "is unknown"),
        ("Quantified", "kind"): ("some", "all"),
    }
)


@functools.cache
def form_fields(kind: type) -> Mapping[str, tuple[Any, Any]]:
    """The fields of a node: type and default, `dataclasses.MISSING` where it must be given."""
    hints = typing.get_type_hints(kind)
    return MappingProxyType(
        {item.name: (hints[item.name], item.default) for item in dataclasses.fields(kind)}
    )


def options(hint: Any) -> tuple[Any, ...]:
    """The members of a union, or the type itself."""
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return typing.get_args(hint)
    return (hint,)


def to_form(node: Any, *, without: frozenset[str] = frozenset()) -> Any:
    """A node as JSON values.

    A node is an object with the name of its class under `is`. Fields that have their default
    are left out, so that a field that a later version adds changes nothing for the rule sets
    that do not use it. A span is an array of its numbers.

    Args:
        node: a node, or the value of a field.
        without: names of fields to leave out everywhere.
    """
    if isinstance(node, ir.Span):
        return [getattr(node, name) for name in SPAN_FIELDS]
    if isinstance(node, tuple):
        return [to_form(item, without=without) for item in node]
    if not dataclasses.is_dataclass(node):
        return node
    form: dict[str, Any] = {"is": type(node).__name__}
    kind: type = type(node)
    for name, (_, default) in form_fields(kind).items():
        value = getattr(node, name)
        if name not in without and (default is dataclasses.MISSING or value != default):
            form[name] = to_form(value, without=without)
    return form
