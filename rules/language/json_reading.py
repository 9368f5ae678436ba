"""From JSON values to the nodes of the IR, with the path of whatever does not fit."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping
from typing import Any

from rules.errors import RuleError, did_you_mean
from rules.language import ir
from rules.language.json_form import CHOICES, FORMAT, SPAN_FIELDS, form_fields, options

__all__ = ["read_form"]

# Expressions of a text are at most 100 levels deep; few of them make two nodes.
MAX_DEPTH = 200
_KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


def read_form(form: Mapping[str, Any]) -> ir.Ruleset:
    """A rule set of the right shape; whether it makes sense is not checked.

    Raises:
        RuleError: what is wrong and at which path, `$` being the form itself.
    """
    if not isinstance(form, Mapping):
        raise RuleError(f"$: found {_shown(form)}, expected an object")
    number = form.get("format")
    if number != FORMAT or isinstance(number, bool):
        raise RuleError(
            f"$.format: found {_shown(number)}, expected {FORMAT}",
            hint="a rule set as JSON says so: make one with python -m rules export --json FILE"
            if number is None
            else "it was written by another version of Rulax; update this one, or export again",
        )
    rest = {name: value for name, value in form.items() if name != "format"}
    ruleset: ir.Ruleset = _node(rest, (ir.Ruleset,), "$", 0)
    return ruleset


def _read(value: Any, hint: Any, path: str, depth: int) -> Any:
    kinds = options(hint)
    if value is None and type(None) in kinds:
        return None
    nodes: tuple[Any, ...] = tuple(kind for kind in kinds if dataclasses.is_dataclass(kind))
    arrays = [kind for kind in kinds if typing.get_origin(kind) is tuple]
    if isinstance(value, Mapping) and nodes:
        return _node(value, nodes, path, depth)
    if isinstance(value, list | tuple) and ir.Span in nodes:
        return _span(value, path)
    if isinstance(value, list | tuple) and arrays:
        (item, _) = typing.get_args(arrays[0])
        items = []
        for index, each in enumerate(value):
            items.append(_read(each, item, f"{path}[{index}]", depth))
        return tuple(items)
    if type(value) in kinds:
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        # Other programs may write 3.0 as 3, and 3 as 3.0.
        if float in kinds:
            return float(value)
        if int in kinds and isinstance(value, float) and value.is_integer():
            return int(value)
    expected = [_KINDS[kind] for kind in kinds if kind in _KINDS]
    expected += ["an array"] if arrays else []
    expected += ["an object"] if nodes else []
    expected += ["null"] if type(None) in kinds else []
    raise RuleError(f"{path}: found {_shown(value)}, expected {' or '.join(expected)}")


def _node(form: Mapping[str, Any], kinds: tuple[Any, ...], path: str, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise RuleError(
            "$: this form is nested too deeply",
            hint="give parts of long expressions names of their own, as derived values",
        )
    names = [kind.__name__ for kind in kinds]
    name = form.get("is")
    if name not in names:
        raise RuleError(
            f"{path}.is: found {_shown(name)}, expected {' or '.join(names)}",
            hint=did_you_mean(str(name), names),
        )
    kind = kinds[names.index(name)]
    fields = form_fields(kind)
    for key in form:
        if key != "is" and key not in fields:
            raise RuleError(
                f"{path}: {name} has no field {key!r}",
                hint=did_you_mean(str(key), fields)
                or f"its fields are {', '.join(fields)}; a later version may know more",
            )
    values = {}
    for field, (hint, default) in fields.items():
        if field in form:
            values[field] = _read(form[field], hint, f"{path}.{field}", depth + 1)
        elif default is dataclasses.MISSING:
            raise RuleError(f"{path}: the field {field!r} of {name} is missing")
        choices = CHOICES.get((kind.__name__, field))
        if choices and values[field] not in choices:
            raise RuleError(
                f"{path}.{field}: found {values[field]!r}, expected {' or '.join(choices)}",
                hint=did_you_mean(values[field], choices),
            )
    if kind in (ir.Const, ir.Param):
        values["value"] = _typed(values["value"], values["type"], f"{path}.value")
    return kind(**values)


def _typed(value: Any, type_: ir.Type, path: str) -> Any:
    """The value of a constant or a param, of the Python type that goes with its type."""
    match type_:
        case ir.FloatType():
            kind: Any = float
        case ir.IntType() | ir.DateType():
            kind = int
        case ir.BoolType():
            kind = bool
        case ir.ObjectType():
            kind = int | str
        case _:
            kind = str
    return _read(value, kind, path, 0)


def _span(value: Any, path: str) -> ir.Span:
    numbers = all(isinstance(item, int) and not isinstance(item, bool) for item in value)
    if len(value) != len(SPAN_FIELDS) or not numbers:
        raise RuleError(
            f"{path}: found {_shown(value)}, expected [{', '.join(SPAN_FIELDS)}], whole numbers"
        )
    return ir.Span(**dict(zip(SPAN_FIELDS, value, strict=True)))


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
