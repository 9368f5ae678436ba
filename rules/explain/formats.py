"""Values, facts and places as sentences, trees and JSON show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from rules.engines.values import Value
from rules.engines.world import Object, Objects
from rules.language import ir
from rules.language.numbers import shortest_float32
from rules.language.printer import member_text, quoted_text
from rules.language.settings import EPOCH
from rules.language.source import source_of

__all__ = [
    "fact_text",
    "format_value",
    "listed",
    "listed_titles",
    "object_text",
    "place_text",
    "plain",
    "plain_value",
]


def format_value(value: Value | None, spec: str = "", type_: ir.Type = ir.BOOL) -> str:
    """A value as sentences show it; `unknown` where there is none.

    Args:
        value: as the engines have it.
        spec: as in a because-template; that of a date is one of `strftime`.
        type_: tells dates from other whole numbers.
    """
    if isinstance(value, int) and isinstance(type_, ir.DateType):
        return format(date.fromordinal(value + EPOCH), spec)
    match value:
        case None:
            return "unknown"
        case bool():
            return format(str(value).lower(), spec)
        case float() if not spec:
            return shortest_float32(value)
        case _:
            return format(value, spec)


def plain_value(value: Value | None, type_: ir.Type = ir.BOOL) -> Value | None:
    """A value for JSON: a float32 as the shortest decimal that names it, a date as text."""
    if isinstance(value, float):
        return float(shortest_float32(value))
    is_day = isinstance(type_, ir.DateType) and value is not None
    return format_value(value, "", type_) if is_day else value


def plain(value: Any, type_: ir.Type = ir.BOOL) -> Any:
    """A value or relation for JSON: of a relation a mapping from `anna` or `ann, bob`."""
    if not isinstance(value, Mapping):
        return plain_value(value, type_)
    return {
        ", ".join(map(str, key)) if isinstance(key, tuple) else str(key): plain_value(one, type_)
        for key, one in value.items()
    }


def object_text(label: Object) -> str:
    """An object as it could stand in a test block."""
    return str(label) if isinstance(label, int) else member_text(label)


def fact_text(name: str, objects: Objects) -> str:
    """`earns(anna)`, or just the name where it is about nothing."""
    return f"{name}({', '.join(map(object_text, objects))})" if objects else name


def place_text(ruleset: ir.Ruleset, span: ir.Span | None) -> str | None:
    """`policy.rules:12:8`; None where the rules have no text."""
    if span is None:
        return None
    return f"{source_of(ruleset, span).filename}:{span.line}:{span.column}"


def listed(texts: Iterable[str], noun: str) -> str:
    """`rule risky`, `rules risky, large`."""
    texts = list(texts)
    return f"{noun}{'s' * (len(texts) != 1)} {', '.join(texts)}"


def listed_titles(titles: Iterable[str], noun: str) -> str:
    """`constraint "fraud is never approved"`."""
    return listed((quoted_text(title) for title in titles), noun)
