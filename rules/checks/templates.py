"""Because-templates: text with `{name:spec}` holes, checked against the types."""

from __future__ import annotations

import dataclasses
import re
import string

from rules.checks.collect import Collector
from rules.checks.scope import Scope
from rules.errors import RuleError, did_you_mean
from rules.language import ir, syntax

__all__ = ["parse_template"]

MAX_WIDTH = 100


def parse_template(template: syntax.Word, scope: Scope) -> tuple[str | ir.Field, ...]:
    """Splits a template into texts and fields.

    Args:
        template: the text of `because`; `{{` and `}}` are literal braces.
        scope: the names its fields may name, and the source to point at.

    Raises:
        RuleError: braces that do not match, an unknown name, a format that the type of the
            name does not take.
    """
    try:
        pieces = list(string.Formatter().parse(template.text))
    except ValueError as error:
        raise RuleError(
            f"this template is not well formed: {error}",
            span=template.span,
            hint="write {name} or {name:.2f}; for a literal brace write {{ or }}",
        ) from None
    errors = Collector()
    parts: list[str | ir.Field] = []
    for literal, name, spec, conversion in pieces:
        if literal:
            # Two literals meet where a brace was escaped.
            if parts and isinstance(parts[-1], str):
                parts[-1] += literal
            else:
                parts.append(literal)
        if name is not None:
            span = _span_of_field(name, template.span, scope.texts[template.span.source])
            with errors.catch():
                _check_field(name, spec or "", conversion, scope, span)
            parts.append(ir.Field(name=name, spec=spec or ""))
    errors.raise_caught()
    return tuple(parts)


def _span_of_field(name: str, template: ir.Span, text: str) -> ir.Span:
    """The first `{name` of the template, or the whole template where escapes hide it."""
    line = "".join(text.split("\n")[template.line - 1 : template.line])
    field = re.compile(r"\{" + re.escape(name) + r"([:!][^}]*)?\}")
    match = field.search(line, template.column - 1, template.end_column - 1)
    if match is None:
        return template
    return dataclasses.replace(template, column=match.start() + 1, end_column=match.end() + 1)


def _check_field(
    name: str,
    spec: str,
    conversion: str | None,
    scope: Scope,
    span: ir.Span,
) -> None:
    if conversion or "{" in spec or not name.isidentifier():
        shown = f"{{{name}{'!' + conversion if conversion else ''}{':' + spec if spec else ''}}}"
        raise RuleError(
            f"{shown} is not a field of a template",
            span=span,
            hint="a field is {name} or {name:format}, for example {income:,.2f}",
        )
    if name not in scope.types:
        raise RuleError(
            f"the template names {name}, which is no input or derived name",
            span=span,
            hint=did_you_mean(name, scope.types),
        )
    if about := scope.parameters.get(name):
        shown = ", ".join(str(entity or "...") for entity in about)
        raise RuleError(
            f"the template names {name}, which is about {shown}: that is not one value",
            span=span,
            hint=f"derive one, for example derive n = count x: ... {name}(x) ..., and name it",
        )
    type_ = scope.types[name]
    if type_ is not None and not _accepts(type_, spec):
        raise RuleError(
            f"the format {spec!r} does not fit {name}, which is {_kind(type_)}",
            span=span,
            hint=_example(name, type_),
        )


def _accepts(type_: ir.Type, spec: str) -> bool:
    """Whether a Python format spec formats every value of a type, the same everywhere."""
    if any(len(digits) > 3 or int(digits) > MAX_WIDTH for digits in re.findall(r"\d+", spec)):
        return False
    if spec.endswith(("n", "c")):  # by locale; as a character
        return False
    samples: tuple[float | int | str, ...]
    match type_:
        case ir.FloatType():
            samples = (0.5, -3.4e38)
        case ir.IntType():
            samples = (type_.low, type_.high, 0)
        case _:
            samples = ("true",)
    try:
        for sample in samples:
            format(sample, spec)
    except (ValueError, OverflowError):
        return False
    return True


def _kind(type_: ir.Type) -> str:
    match type_:
        case ir.FloatType():
            return "a float"
        case ir.IntType():
            return "an int"
        case ir.BoolType():
            return "a truth (true or false)"
        case ir.DateType():
            return "a date"
        case ir.StringType():
            return "a text"
        case _:
            return "a word"


def _example(name: str, type_: ir.Type) -> str:
    if isinstance(type_, ir.FloatType):
        return f"for example {{{name}:.2f}}, {{{name}:,.0f}} or {{{name}:.0%}}"
    if isinstance(type_, ir.IntType):
        return f"for example {{{name}}} or {{{name}:,}}"
    return f"write {{{name}}}"
