"""The cases of tests in the Python builder."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from rules.language import syntax
from rules.language.builder_terms import Term
from rules.language.builder_values import literal
from rules.language.ir import Span

__all__ = ["given_items"]

Item = syntax.Assignment | syntax.Absence


def given_items(
    case: Mapping[str, object], several: Collection[str], span: Span
) -> tuple[Item, ...]:
    """What a test gives, from a case as `rules.decide` takes it.

    Args:
        case: values by name; of relations and entities mappings or lists.
        several: the names of relations and entities.
        span: where it is written.

    Raises:
        TypeError: a value that stands for no part of a case.
    """
    if not isinstance(case, Mapping):
        raise TypeError('given is a case: {"income": 30_000, "earns": {"anna": 80_000}}')
    return tuple(_items(case, several, span))


def _items(case: Mapping[Any, object], several: Collection[str], span: Span) -> Iterator[Item]:
    for name, value in case.items():
        if not isinstance(name, str):
            raise TypeError(f"the keys of given are names in quotes, not {name!r}")
        word = syntax.Word(text=name, span=span)
        if name not in several:
            yield syntax.Assignment(name=word, value=_literal(value, span), span=span)
        elif value is not None:  # None: nothing is known about it, as if it were left out
            yield from _about(word, value, span)


def _about(word: syntax.Word, value: object, span: Span) -> Iterator[Item]:
    if not isinstance(value, Mapping | list | tuple):
        raise TypeError(
            f"{word.text} is about objects: give a mapping, {{'anna': ...}}, or a list of those "
            f"it holds for, not {value!r}"
        )
    pairs = value if isinstance(value, Mapping) else {_key(item): True for item in value}
    if not pairs:
        yield syntax.Absence(name=word, span=span)
    for objects, item in pairs.items():
        about = objects if isinstance(objects, tuple) else (objects,)
        arguments = tuple(literal(part, span) for part in about)
        value_ = _literal(item, span)
        yield syntax.Assignment(name=word, arguments=arguments, value=value_, span=span)


def _key(item: Any) -> Any:
    if isinstance(item, bool) or item is None:
        raise TypeError("values by position are not for tests: name the objects, {'anna': True}")
    return tuple(item) if isinstance(item, list) else item


def _literal(value: object, span: Span) -> syntax.Expression | None:
    if isinstance(value, Term):
        raise TypeError(f"given holds values, not {value!r}")
    return None if value is None else literal(value, span)
