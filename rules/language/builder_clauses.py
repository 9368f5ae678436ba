"""Names, types and annotations of the Python builder."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

from rules.errors import RuleError
from rules.language import syntax
from rules.language.builder_places import Places
from rules.language.builder_terms import Entity, Term, expression
from rules.language.builder_values import literal
from rules.language.parser import parse_part
from rules.language.reserved import RESERVED
from rules.language.spans import with_spans

__all__ = [
    "Type",
    "annotation_nodes",
    "entity_syntax",
    "is_bool",
    "name_word",
    "quoted",
    "type_syntax",
]

Type: TypeAlias = type[object] | str | Sequence[str] | Entity

_OPERATORS = MappingProxyType({"gt": ">", "ge": ">=", "lt": "<", "le": "<="})
_NAMES = MappingProxyType(
    {float: "float", int: "int", bool: "bool", str: "string", datetime.date: "date"}
)


def name_word(name: str, places: Places) -> syntax.Word:
    """A name of the language.

    Raises:
        RuleError: it is none.
    """
    if not re.fullmatch(r"[^\W\d]\w*", name):
        raise places.error(f"{name!r} is not a name", "a name is one word of letters, digits and _")
    if name in RESERVED:
        raise places.error(
            f"{name} is a reserved word", f"choose another name, for example {name}_"
        )
    return syntax.Word(text=name, span=places.here())


def quoted(text: str, places: Places) -> syntax.Word:
    """A text, or a member of an enum.

    Raises:
        TypeError: it is no text.
    """
    if not isinstance(text, str):
        raise TypeError(f"expected a text, found {text!r}")
    return syntax.Word(text=text, span=places.here(), quoted=True)


def type_syntax(type: Type, bounds: Mapping[str, object], places: Places) -> syntax.TypeExpression:
    """A type, from Python's or as in a rule text.

    Raises:
        TypeError: it is no type, or no bounds.
        RuleError: a text that is no type.
    """
    span = places.here()
    for word in bounds:
        if word not in _OPERATORS:
            raise TypeError(
                f"there is no argument {word}: bounds are gt (>), ge (>=), lt (<) and le (<=)"
            )
    given = tuple(
        syntax.Bound(op=_OPERATORS[word], value=literal(value, span), span=span)
        for word, value in bounds.items()
        if value is not None
    )
    if isinstance(type, Entity):
        return _named(type.name, given, places)
    if isinstance(type, str):
        try:
            node: syntax.TypeExpression = with_spans(parse_part(type, "type"), lambda _: span)
        except RuleError as error:
            raise places.error(f"{type!r} is no type: {error.message}", error.hint) from None
        if given and not (isinstance(node, syntax.NamedType) and not node.bounds):
            raise TypeError(f"{type!r} takes no more bounds")
        return (
            _named(node.name.text, given, places)
            if isinstance(node, syntax.NamedType) and given
            else node
        )
    if isinstance(type, _python_type):
        if type not in _NAMES:
            raise TypeError(
                f"there is no type {type.__name__}: expected float, int, bool, str, "
                "datetime.date, a list of members, or a text such as 'prob'"
            )
        return _named(_NAMES[type], given, places)
    if given:
        raise TypeError("a list of members takes no bounds")
    members = tuple(quoted(member, places) for member in type)
    if not members:
        raise TypeError("a list of members needs at least one")
    return syntax.EnumeratedType(members=members, span=span)


_python_type = type


def _named(name: str, bounds: tuple[syntax.Bound, ...], places: Places) -> syntax.NamedType:
    span = places.here()
    return syntax.NamedType(name=syntax.Word(text=name, span=span), bounds=bounds, span=span)


def is_bool(node: syntax.TypeExpression) -> bool:
    """Whether a type is that of truths."""
    return isinstance(node, syntax.NamedType) and node.name.text == "bool"


def annotation_nodes(notes: Mapping[str, object], places: Places) -> tuple[syntax.Annotation, ...]:
    """What stands in brackets: `priority=100` is `[priority 100]`; None as value is a flag."""
    span = places.here()
    found = []
    for name, value in notes.items():
        if isinstance(value, list | tuple | set | frozenset):
            value = ", ".join(sorted(value) if isinstance(value, set | frozenset) else value)
        if isinstance(value, Term):
            raise TypeError(f"{name} is a number, a text or a date, not {value!r}")
        node = None if value is None else expression(value, places)
        found.append(
            syntax.Annotation(name=syntax.Word(text=name, span=span), value=node, span=span)
        )
    return tuple(found)


def entity_syntax(
    name: str, objects: range | Sequence[str] | None, maximum: int | None, places: Places
) -> syntax.EntityDeclaration:
    """An entity, by its objects, by how many there may be, or neither.

    Raises:
        TypeError: both, or objects that are no range and no names.
    """
    word = name_word(name, places)
    if objects is not None and maximum is not None:
        raise TypeError(f"{name} has either objects or max, not both")
    members, bounds = None, None
    if isinstance(objects, range):
        if objects.step != 1 or not objects:
            raise TypeError(f"the numbers of {name} are in a row: range(1, 13)")
        bounds = (literal(objects[0], word.span), literal(objects[-1], word.span))
    elif isinstance(objects, str):
        raise TypeError(f"the objects of {name} are a list of names: [{objects!r}]")
    elif objects is not None:
        members = tuple(quoted(item, places) for item in objects)
    count = None if maximum is None else syntax.Number(text=str(maximum), span=word.span)
    return syntax.EntityDeclaration(
        name=word, maximum=count, bounds=bounds, members=members, span=word.span
    )
