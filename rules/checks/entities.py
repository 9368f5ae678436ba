"""Entities: from syntax to IR."""

from __future__ import annotations

from collections.abc import Mapping

from rules.checks.collect import Collector, PoisonedError
from rules.checks.declarations import int32, refuse_duplicates
from rules.errors import RuleError, did_you_mean
from rules.language import ir, syntax
from rules.language.functions import FUNCTIONS
from rules.language.ir import MAX_ARITY
from rules.language.numbers import parse_number

__all__ = ["MAX_OBJECTS", "parameters_of", "refuse_function_name", "type_entity"]

MAX_OBJECTS = 2**20  # of one entity in one case: arrays have a place for each


def type_entity(node: syntax.EntityDeclaration) -> ir.Entity:
    """Checks an entity.

    Raises:
        RuleError: no objects, too many, or one that is listed twice.
    """
    name = node.name.text
    if node.members is not None:
        refuse_duplicates(node.members, "object")
        listed = ir.EnumType(members=tuple(word.text for word in node.members))
        return ir.Entity(name=name, type=listed, span=node.span)
    if node.bounds is not None:
        low, high = map(int32, node.bounds)
        if low > high:
            raise RuleError(
                "this range is empty", span=node.bounds[0].span, hint="the lower end comes first"
            )
        _refuse_many(high - low + 1, node.bounds[1].span)
        return ir.Entity(name=name, type=ir.IntType(low=low, high=high), span=node.span)
    if node.maximum is None:
        return ir.Entity(name=name, type=ir.ObjectType(entity=name), span=node.span)
    maximum = parse_number(node.maximum.text, span=node.maximum.span)
    if not isinstance(maximum, int) or maximum < 1:
        raise RuleError(
            "max is a whole number from 1 on",
            span=node.maximum.span,
            hint=f"for example entity {name} max 8",
        )
    _refuse_many(maximum, node.maximum.span)
    return ir.Entity(name=name, type=ir.ObjectType(entity=name), maximum=maximum, span=node.span)


def _refuse_many(count: int, span: ir.Span) -> None:
    if count > MAX_OBJECTS:
        raise RuleError(
            f"{count} objects are too many, each case has a place for every one",
            span=span,
            hint=f"at most {MAX_OBJECTS}; an entity without max has any number of objects, on "
            "engines that take one case at a time",
        )


def parameters_of(
    node: syntax.InputDeclaration, entities: Mapping[str, ir.Entity | None]
) -> tuple[str, ...]:
    """The entities that an input is about.

    Raises:
        RuleError: an unknown one, or more than MAX_ARITY.
    """
    errors, found = Collector(), []
    with errors.catch():
        refuse_arity(node.name, len(node.parameters))
        if node.parameters:
            refuse_function_name(node.name)
    for word in node.parameters:
        with errors.catch():
            if word.text not in entities:
                raise RuleError(
                    f"there is no entity {word.text}",
                    span=word.span,
                    hint=did_you_mean(word.text, entities)
                    or f"declare it, for example entity {word.text} max 8",
                )
            if entities[word.text] is None:
                raise PoisonedError(f"{word.text} has an error of its own", span=word.span)
            found.append(word.text)
    errors.raise_caught()
    return tuple(found)


def refuse_arity(name: syntax.Word, count: int) -> None:
    """Refuses relations of too many arguments.

    Raises:
        RuleError: more than MAX_ARITY.
    """
    if count > MAX_ARITY:
        raise RuleError(
            f"{name.text} is about {count} objects, at most {MAX_ARITY} are possible",
            span=name.span,
            hint="split it into relations of fewer arguments",
        )


def refuse_function_name(name: syntax.Word) -> None:
    """Refuses a relation that could not be told from a function.

    Raises:
        RuleError: there is a function of this name.
    """
    if name.text in FUNCTIONS:
        raise RuleError(
            f"{name.text} is a function, so no relation can be called that", span=name.span
        )
