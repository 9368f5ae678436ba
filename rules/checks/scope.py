"""What the names of a rule text stand for."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence

from rules.checks.collect import PoisonedError
from rules.errors import RuleError, did_you_mean
from rules.language import ir, syntax
from rules.language.functions import FUNCTIONS
from rules.language.ir import Const, EnumType, Ref, StringType, Type, Variable
from rules.language.source import excerpt

__all__ = ["Scope", "describe", "is_bare", "members", "resolve"]

_TRUTHS = {"true": "true", "yes": "true", "false": "false", "no": "false"}


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """The names that an expression may read.

    Attributes:
        types: of params, inputs and derived names; None where the declaration has an error.
        decision: the name of the decision, which no expression may read.
        parameters: the entities that a relation is about, None for one that has an error;
            nothing for what is about the case itself.
        entities: by name; None where the declaration has an error.
        variables: those that are bound at this place; None where one has an error.
        bound: what the variables of each quantifier range over, by `id` of their nodes.
        objects: whether arguments may name objects, as in tests; their names, by entity.
        texts: the sources, to quote from.
    """

    types: Mapping[str, Type | None]
    decision: str | None = None
    parameters: Mapping[str, Sequence[str | None]] = dataclasses.field(default_factory=dict)
    entities: Mapping[str, ir.Entity | None] = dataclasses.field(default_factory=dict)
    variables: Mapping[str, Variable | None] = dataclasses.field(default_factory=dict)
    bound: Mapping[int, Variable | None] = dataclasses.field(default_factory=dict)
    objects: Mapping[str, Collection[int | str]] | None = None
    texts: Sequence[str] = ("",)

    def quote(self, span: ir.Span) -> str:
        """What stands at a place, on one line."""
        return excerpt(self.texts[span.source], span)

    def is_declared(self, name: str) -> bool:
        """Whether a name is taken, so that no variable may have it."""
        return name in self.types or name in self.entities or name == self.decision


def describe(type_: Type) -> str:
    """A type in words, with its article."""
    match type_:
        case EnumType(members=listed):
            return f"one of {{{', '.join(listed)}}}"
        case StringType():
            return "a text"
        case ir.ObjectType(entity=entity):
            return f"an object of {entity}"
    name = type(type_).__name__.removesuffix("Type").lower()
    return f"an {name}" if name == "int" else f"a {name}"


def members(entities: Mapping[str, ir.Entity | None]) -> Mapping[str, str]:
    """The objects of entities that list them, each with its entity."""
    return {
        member: entity.name
        for entity in reversed(list(entities.values()))
        if entity is not None and isinstance(entity.type, EnumType)
        for member in entity.type.members
    }


def is_bare(node: syntax.Expression, scope: Scope) -> bool:
    """Whether a word means something only beside a value of some enum, or of texts."""
    match node:
        case syntax.Group():
            return is_bare(node.inner, scope)
        case syntax.IfElse():
            return is_bare(node.then, scope) and is_bare(node.otherwise, scope)
        case syntax.Name():
            return node.text not in scope.types and node.text not in scope.variables
        case _:
            return isinstance(node, syntax.Text)


def resolve(
    node: syntax.Name | syntax.Text, scope: Scope, expected: Type | None
) -> Ref | Const | Variable:
    """What a word stands for: a value, a variable, a member of the expected enum, or a text.

    Raises:
        RuleError: it stands for nothing, or for two things.
    """
    listed = expected.members if isinstance(expected, EnumType) else ()
    quoted = isinstance(node, syntax.Text)
    if quoted and isinstance(expected, StringType):
        return Const(value=node.text, type=expected, span=node.span)
    if not quoted and node.text in scope.variables:
        variable = scope.variables[node.text]
        if variable is None:
            raise PoisonedError(f"{node.text} has an error of its own", span=node.span)
        return dataclasses.replace(variable, span=node.span)
    if node.text in listed and isinstance(expected, EnumType):
        if not quoted and node.text in scope.types:
            raise RuleError(
                f"{node.text} is both a declared name and a member of {{{', '.join(listed)}}}",
                span=node.span,
                hint=f'write "{node.text}" in quotes for the member, or rename one of them',
            )
        return Const(value=node.text, type=expected, span=node.span)
    if not quoted and node.text in scope.types:
        return _declared(node, scope)
    if isinstance(expected, EnumType):
        raise RuleError(
            f"{node.text!r} is not {describe(expected)}",
            span=node.span,
            hint=did_you_mean(node.text, [*listed, *scope.types]),
        )
    raise _unresolved(node, scope, expected)


def _declared(node: syntax.Name | syntax.Text, scope: Scope) -> Ref:
    name = node.text
    type_ = scope.types[name]
    if about := scope.parameters.get(name):
        shown = ", ".join(str(entity or "...") for entity in about)
        variables = ", ".join("xyzw"[: len(about)])
        raise RuleError(
            f"{name} is about {shown}, not about the case itself",
            span=node.span,
            hint=f"write {name}({variables}), or an aggregate such as "
            f"count {variables}: ... {name}({variables}) ...",
        )
    if type_ is None:
        raise PoisonedError(f"{name} has an error of its own", span=node.span)
    return Ref(name=name, type=type_, span=node.span)


def _unresolved(node: syntax.Name | syntax.Text, scope: Scope, expected: Type | None) -> RuleError:
    name = node.text
    quoted = isinstance(node, syntax.Text)
    if isinstance(expected, StringType):
        return RuleError(
            f"there is no input or derived name {name}",
            span=node.span,
            hint=f'write a text in quotes: "{name}"',
        )
    owners = [
        owner
        for owner, type_ in scope.types.items()
        if isinstance(type_, EnumType) and name in type_.members
    ]
    if owners:
        shown = f'"{name}"' if quoted else name
        return RuleError(
            f"{name} is a member of an enum and stands for nothing by itself",
            span=node.span,
            hint=f"compare it, for example {owners[0]} = {shown}; where it is a value, declare "
            "the type: derive name: {...} = ...",
        )
    if quoted:
        return RuleError(
            "a text can only be compared with an input or derived value that lists it",
            span=node.span,
            hint="declare the values it can take, for example input kind: {car, other}; "
            "or any text: input kind: string",
        )
    if name == scope.decision:
        return RuleError(
            f"{name} is what is decided, so no condition can read it",
            span=node.span,
            hint="derive a truth and use it here and in the rules",
        )
    if name in scope.entities:
        return RuleError(
            f"{name} is an entity, not a value",
            span=node.span,
            hint=f"its objects are what a variable ranges over: some x in {name}: ...",
        )
    hint = did_you_mean(name, [*scope.types, *scope.variables, "true", "false"])
    if name.casefold() in _TRUTHS:
        hint = f"write {_TRUTHS[name.casefold()]}"
    if name in FUNCTIONS:
        hint = f"{name} is a function: write {FUNCTIONS[name].signature}"
    if name == "today":
        hint = "the day is a value of the case: declare input today: date"
    return RuleError(f"there is no input or derived name {name}", span=node.span, hint=hint)
