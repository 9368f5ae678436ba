"""Relations about objects: `earns(g)`, `parent(x, y)`."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from rules.checks.collect import Collector, PoisonedError
from rules.checks.scope import Scope
from rules.errors import RuleError, did_you_mean
from rules.language import ir, syntax
from rules.language.numbers import parse_number

__all__ = ["argument", "check_arity", "constant", "plural", "relation"]


def relation(node: syntax.Apply, scope: Scope) -> ir.Ref:
    """The value of a relation for some objects.

    Args:
        node: the relation with its arguments; the name is one of `scope.types`.
        scope: the names at this place.

    Raises:
        RuleError: the number of arguments is wrong, or one is no object of its entity.
    """
    name = node.function.text
    type_, about = scope.types[name], scope.parameters.get(name, ())
    check_arity(name, about, len(node.arguments), node.span)
    errors, arguments = Collector(), []
    for item, entity in zip(node.arguments, about, strict=True):
        with errors.catch():
            arguments.append(argument(item, entity, name, scope))
    errors.raise_caught()
    if type_ is None:
        raise PoisonedError(f"{name} has an error of its own", span=node.span)
    return ir.Ref(name=name, type=type_, arguments=tuple(arguments), span=node.span)


def plural(count: int, noun: str) -> str:
    """`1 argument`, `2 arguments`."""
    return f"{count} {noun}{'s' * (count != 1)}"


def check_arity(name: str, about: Sequence[str | None], count: int, span: ir.Span) -> None:
    """Refuses another number of arguments than declared.

    Raises:
        RuleError: there are more or fewer, or the name takes none.
    """
    if not about:
        raise RuleError(
            f"{name} is about the case itself and takes no arguments",
            span=span,
            hint=f"write {name}, or name what it is about in its declaration: {name}(Entity)",
        )
    if count != len(about):
        shown = ", ".join(str(entity or "...") for entity in about)
        found = f"here {'is' if count == 1 else 'are'} {count or 'none'}"
        raise RuleError(
            f"{name} is about {plural(len(about), 'object')} ({shown}), {found}", span=span
        )


def argument(
    node: syntax.Expression, entity_name: str | None, relation_name: str, scope: Scope
) -> ir.Variable | ir.Const:
    """What a relation is asked about.

    Args:
        node: a variable, or an object by its name or number.
        entity_name: the entity that the relation is about here.
        relation_name: for messages.
        scope: the names at this place.

    Raises:
        RuleError: it is neither, or an object that there is not.
    """
    if isinstance(node, syntax.Name) and node.text in scope.variables:
        variable = scope.variables[node.text]
        if variable is None or entity_name is None:
            raise PoisonedError(f"{node.text} has an error of its own", span=node.span)
        return dataclasses.replace(variable, span=node.span)
    entity = scope.entities.get(entity_name or "")
    if entity is None:
        raise PoisonedError(f"{relation_name} has an error of its own", span=node.span)
    value = constant(node)
    if value is None:
        raise RuleError(
            "an argument is a variable or an object; it cannot be computed",
            span=node.span,
            hint=_instead(node, entity, scope),
        )
    if isinstance(node, syntax.Name) and scope.is_declared(node.text):
        raise _declared(node, entity, relation_name, scope)
    if entity.domain is None:
        _check_object(value, entity, scope, node.span)
    elif value not in entity.domain:
        raise RuleError(
            f"{value!r} is not {_describe(entity)}",
            span=node.span,
            hint=did_you_mean(str(value), entity.type.members)
            if isinstance(entity.type, ir.EnumType)
            else None,
        )
    return ir.Const(value=value, type=entity.type, span=node.span)


def _declared(node: syntax.Name, entity: ir.Entity, relation_name: str, scope: Scope) -> RuleError:
    hint = f'for an object of this name write "{node.text}"'
    if scope.objects is None:
        hint = "choose another name for the variable"
        if entity.domain is not None:
            hint += f"; a value is compared: some x: x = {node.text} and {relation_name}(x)"
    return RuleError(
        f"{node.text} is a declared name, not {_describe(entity)}", span=node.span, hint=hint
    )


def _describe(entity: ir.Entity) -> str:
    """`an object of Month (1..12)`."""
    match entity.type:
        case ir.IntType(low=low, high=high):
            return f"an object of {entity.name} ({low}..{high})"
        case ir.EnumType(members=members):
            return f"an object of {entity.name} ({', '.join(members)})"
    return f"an object of {entity.name}"


def constant(node: syntax.Expression) -> int | str | None:
    """The name or the number that an argument is, None for anything else."""
    match node:
        case syntax.Name() | syntax.Text():
            return node.text
        case syntax.Negative(operand=syntax.Number() as number):
            value = parse_number(number.text, span=node.span)
            return -value if isinstance(value, int) else None
        case syntax.Number():
            value = parse_number(node.text, span=node.span)
            return value if isinstance(value, int) else None
    return None


def _instead(node: syntax.Expression, entity: ir.Entity, scope: Scope) -> str:
    if isinstance(entity.type, ir.IntType):
        return f"bind a variable: some x in {entity.name}: x = {scope.quote(node.span)} and ..."
    return f"bind a variable: some x in {entity.name}: ..."


def _check_object(value: int | str, entity: ir.Entity, scope: Scope, span: ir.Span) -> None:
    """Only tests name objects: rules cannot know what each case calls its own."""
    if scope.objects is None:
        raise RuleError(
            f"{value} is no variable, and each case names its own objects of {entity.name}",
            span=span,
            hint=f"bind a variable: some x in {entity.name}: ...",
        )
    known = scope.objects.get(entity.name, range(1, (entity.maximum or 1) + 1))
    if value not in known:
        listed = ", ".join(map(str, sorted(known, key=str)))
        raise RuleError(
            f"this test has no {entity.name} {value}",
            span=span,
            hint=did_you_mean(str(value), map(str, known))
            or (f"it has {listed}" if listed else "give something about it first"),
        )
