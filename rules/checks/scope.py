"""What the names of a rule text stand for."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from rules.checks.collect import PoisonedError
from rules.errors import RuleError, did_you_mean
from rules.language import syntax
from rules.language.functions import FUNCTIONS
from rules.language.ir import Const, EnumType, Ref, Type

__all__ = ["Scope", "describe", "resolve"]

_TRUTHS = {"true": "true", "yes": "true", "false": "false", "no": "false"}


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """The names that an expression may read.

    Attributes:
        types: of inputs and derived names; None where the declaration has an error.
        decision: the name of the decision, which no expression may read.
        text: the source, to quote from.
    """

    types: Mapping[str, Type | None]
    decision: str | None
    text: str


def describe(type_: Type) -> str:
    """A type in words, with its article."""
    if isinstance(type_, EnumType):
        return f"one of {{{', '.join(type_.members)}}}"
    name = type(type_).__name__.removesuffix("Type").lower()
    return f"an {name}" if name == "int" else f"a {name}"


def resolve(node: syntax.Name | syntax.Text, scope: Scope, expected: Type | None) -> Ref | Const:
    """What a word stands for: an input, a derived name, or a member of the expected enum.

    Raises:
        RuleError: it stands for nothing, or for two things.
    """
    members = expected.members if isinstance(expected, EnumType) else ()
    quoted = isinstance(node, syntax.Text)
    if node.text in members and isinstance(expected, EnumType):
        if not quoted and node.text in scope.types:
            raise RuleError(
                f"{node.text} is both a declared name and a member of {{{', '.join(members)}}}",
                span=node.span,
                hint=f'write "{node.text}" in quotes for the member, or rename one of them',
            )
        return Const(value=node.text, type=expected, span=node.span)
    if not quoted and node.text in scope.types:
        type_ = scope.types[node.text]
        if type_ is None:
            raise PoisonedError(f"{node.text} has an error of its own", span=node.span)
        return Ref(name=node.text, type=type_, span=node.span)
    if isinstance(expected, EnumType):
        raise RuleError(
            f"{node.text!r} is not {describe(expected)}",
            span=node.span,
            hint=did_you_mean(node.text, [*members, *scope.types]),
        )
    raise _unresolved(node, scope)


def _unresolved(node: syntax.Name | syntax.Text, scope: Scope) -> RuleError:
    name = node.text
    owners = [
        owner
        for owner, type_ in scope.types.items()
        if isinstance(type_, EnumType) and name in type_.members
    ]
    if owners:
        shown = f'"{name}"' if isinstance(node, syntax.Text) else name
        return RuleError(
            f"{name} is a member of an enum and stands for nothing by itself",
            span=node.span,
            hint=f"compare it, for example {owners[0]} = {shown}; where it is a value, declare "
            "the type: derive name: {...} = ...",
        )
    if isinstance(node, syntax.Text):
        return RuleError(
            "a text can only be compared with an input or derived value that lists it",
            span=node.span,
            hint="declare the values it can take, for example input kind: {car, other}",
        )
    if name == scope.decision:
        return RuleError(
            f"{name} is what is decided, so no condition can read it",
            span=node.span,
            hint="derive a truth and use it here and in the rules",
        )
    hint = did_you_mean(name, [*scope.types, "true", "false"])
    if name.casefold() in _TRUTHS:
        hint = f"write {_TRUTHS[name.casefold()]}"
    if name in FUNCTIONS:
        hint = f"{name} is a function: write {FUNCTIONS[name].signature}"
    return RuleError(f"there is no input or derived name {name}", span=node.span, hint=hint)
