"""The case of a test block: what it gives, about which objects."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence

from rules.checks.collect import Collector, PoisonedError
from rules.checks.literals import literal
from rules.checks.relations import argument, check_arity, constant, plural
from rules.checks.scope import Scope
from rules.engines.values import within
from rules.errors import RuleError, did_you_mean
from rules.language import ir, syntax

__all__ = ["objects_of", "type_given"]

PEOPLE = ("anna", "bob", "cid", "dora")  # for examples; at most MAX_ARITY are needed
Item = syntax.Assignment | syntax.Absence


def objects_of(nodes: Sequence[Item], scope: Scope) -> Mapping[str, set[int | str]]:
    """The objects that a test gives something about, by entity; only entities it speaks of."""
    objects: dict[str, set[int | str]] = {}
    for node in nodes:
        about = _about(node.name.text, scope)
        arguments = node.arguments if isinstance(node, syntax.Assignment) else ()
        for entity, item in itertools.zip_longest(about, arguments[: len(about)]):
            if entity is not None:
                named = objects.setdefault(entity, set())
                value = None if item is None else constant(item)
                if value is not None:
                    named.add(value)
    return objects


def type_given(
    nodes: Sequence[Item], inputs: frozenset[str], params: frozenset[str], scope: Scope
) -> list[ir.Given]:
    """Checks what a test gives.

    Args:
        nodes: as written.
        inputs: names of the declared inputs.
        params: names of the declared params.
        scope: what is declared.

    Raises:
        RuleError: everything wrong with it.
    """
    errors = Collector()
    objects = objects_of(nodes, scope)
    scope = dataclasses.replace(scope, objects=objects)
    found: dict[tuple[str, tuple[int | str, ...]], ir.Given] = {}
    for node in nodes:
        with errors.catch():
            _refuse_name(node.name, inputs, params, scope)
            item = (
                _absence(node, scope) if isinstance(node, syntax.Absence) else _given(node, scope)
            )
            if (item.name, item.arguments) in found:
                raise RuleError(
                    f"{_shown(item.name, item.arguments)} is given twice", span=node.name.span
                )
            found[item.name, item.arguments] = item
    errors.raise_caught()
    for node, item in zip(nodes, found.values(), strict=True):
        with errors.catch():
            _refuse_contradiction(item, objects, node.span, scope)
    for name, named in objects.items():
        last = [node.span for node in nodes if name in _about(node.name.text, scope)][-1]
        with errors.catch():
            _check_objects(scope.entities[name], named, last)
    errors.raise_caught()
    return list(found.values())


def _about(name: str, scope: Scope) -> Sequence[str | None]:
    return (name,) if name in scope.entities else scope.parameters.get(name, ())


def _shown(name: str, arguments: Sequence[int | str]) -> str:
    return f"{name}({', '.join(map(str, arguments))})" if arguments else name


def _refuse_name(
    word: syntax.Word, inputs: frozenset[str], params: frozenset[str], scope: Scope
) -> None:
    name = word.text
    if name in inputs or name in scope.entities:
        return
    if name in params:
        raise RuleError(
            f"{name} is a param, so it is no part of a case",
            span=word.span,
            hint="it has the value that its declaration says; with others: with_params",
        )
    if name in scope.types:
        raise RuleError(
            f"{name} is derived, so it cannot be given",
            span=word.span,
            hint="give the inputs it is derived from",
        )
    raise RuleError(
        f"there is no input {name}",
        span=word.span,
        hint=did_you_mean(name, sorted(inputs | scope.entities.keys())),
    )


def _absence(node: syntax.Absence, scope: Scope) -> ir.Given:
    name = node.name.text
    if not _about(name, scope):
        raise RuleError(
            f"{name} is a single value, not a relation",
            span=node.span,
            hint=f"write {name} = unknown where it is missing",
        )
    entity = scope.entities.get(name)
    if entity is not None and entity.domain is not None:
        raise RuleError(f"the objects of {name} are always all there", span=node.span)
    return ir.Given(name=name, empty=True, span=node.span)


def _given(node: syntax.Assignment, scope: Scope) -> ir.Given:
    word, about = node.name, _about(node.name.text, scope)
    arguments: list[int | str] = []
    if about and not node.arguments:
        shown, people = ", ".join(map(str, about)), ", ".join(PEOPLE[: len(about)])
        raise RuleError(
            f"{word.text} is about {shown}: say about which",
            span=node.span,
            hint=f"for example {word.text}({people}) = ..., or no {word.text}",
        )
    if node.arguments:
        check_arity(word.text, about, len(node.arguments), node.span)
        for item, entity in zip(node.arguments, about, strict=True):
            typed = argument(item, entity, word.text, scope)
            assert isinstance(typed, ir.Const)  # there are no variables here
            assert isinstance(typed.value, int | str)
            arguments.append(typed.value)
    value = (
        _presence(node, scope.entities[word.text])
        if word.text in scope.entities
        else _value(node, scope)
    )
    return ir.Given(name=word.text, arguments=tuple(arguments), value=value, span=node.span)


def _presence(node: syntax.Assignment, entity: ir.Entity | None) -> bool | None:
    if entity is not None and entity.domain is not None:
        raise RuleError(f"the objects of {entity.name} are always all there", span=node.span)
    match node.value:
        case None:
            return None
        case syntax.Truth(value=True):
            return True
    raise RuleError(
        "an object is there (true) or it is unknown whether it is (unknown)",
        span=node.value.span,
        hint="leave out those that are not there",
    )


def _value(node: syntax.Assignment, scope: Scope) -> float | int | bool | str | None:
    name = node.name.text
    type_ = scope.types[name]
    if type_ is None:
        raise PoisonedError(f"{name} has an error of its own", span=node.span)
    if node.value is None:
        return None
    value = literal(node.value, type_, scope)
    if not within(type_, value):
        raise RuleError(
            f"this value is outside the bounds of {name}, so it would count as missing",
            span=node.value.span,
            hint=f"write {name} = unknown to test a missing value",
        )
    return value


def _refuse_contradiction(
    item: ir.Given, objects: Mapping[str, set[int | str]], span: ir.Span, scope: Scope
) -> None:
    """Refuses `no X` beside something that is given about an X."""
    if item.empty and item.name in scope.entities and objects[item.name]:
        named = ", ".join(sorted(map(str, objects[item.name])))
        raise RuleError(f"no {item.name}, but something is given about {named}", span=span)


def _check_objects(entity: ir.Entity | None, named: set[int | str], span: ir.Span) -> None:
    if entity is None or entity.domain is not None:
        return
    if len({type(item) for item in named}) > 1:
        shown = ", ".join(sorted(map(str, named)))
        raise RuleError(
            f"objects of {entity.name} have names or numbers, not both: {shown}", span=span
        )
    if entity.maximum is not None and len(named) > entity.maximum:
        raise RuleError(
            f"{plural(len(named), 'object')} of {entity.name}, declared is max {entity.maximum}",
            span=span,
            hint=f"declare more: entity {entity.name} max {len(named)}",
        )
    for item in named:
        if isinstance(item, int) and not 1 <= item <= (entity.maximum or item):
            raise RuleError(
                f"there is no {entity.name} {item}: they are numbered from 1"
                + (f" to {entity.maximum}" if entity.maximum else ""),
                span=span,
            )
