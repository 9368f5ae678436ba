"""The JSON Schema of rule sets as JSON, made from the classes of the IR."""

from __future__ import annotations

import dataclasses
import typing
from typing import Any

from rules.language import ir
from rules.language.json_form import CHOICES, FORMAT, SPAN_FIELDS, form_fields, options

__all__ = ["schema"]

# Unions that are said once.
_NAMED = {options(union): name for union, name in ((ir.Expr, "Expr"), (ir.Type, "Type"))}
_SCALARS = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}


def schema() -> dict[str, Any]:
    """The schema (draft 2020-12), published as docs/ir.schema.json.

    It describes the shape; that names are declared, types agree and so on is checked by
    `from_json`.
    """
    definitions: dict[str, Any] = {}
    _define(ir.Ruleset, definitions)
    root = definitions["Ruleset"]
    root["properties"] = {"format": {"const": FORMAT}, **root["properties"]}
    root["required"] = ["format", *root["required"]]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Rulax rule set",
        "description": f"The typed form of a rule set, format {FORMAT}.",
        "$ref": "#/$defs/Ruleset",
        "$defs": dict(sorted(definitions.items())),
    }


def _define(kind: type, definitions: dict[str, Any]) -> None:
    if kind.__name__ in definitions:
        return
    definitions[kind.__name__] = {}  # nodes contain each other
    if kind is ir.Span:
        definitions["Span"] = _span()
        return
    properties: dict[str, Any] = {"is": {"const": kind.__name__}}
    required = ["is"]
    for name, (hint, default) in form_fields(kind).items():
        properties[name] = _shape(hint, definitions)
        if (kind.__name__, name) in CHOICES:
            properties[name] = {"enum": list(CHOICES[kind.__name__, name])}
        if default is dataclasses.MISSING:
            required.append(name)
    definitions[kind.__name__] = {
        "description": _summary(kind),
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _span() -> dict[str, Any]:
    return {
        "description": f"{_summary(ir.Span)} As [{', '.join(SPAN_FIELDS)}].",
        "type": "array",
        "items": {"type": "integer"},
        "minItems": len(SPAN_FIELDS),
        "maxItems": len(SPAN_FIELDS),
    }


def _shape(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    kinds = options(hint)
    name = _NAMED.get(tuple(kind for kind in kinds if kind is not type(None)))
    if name is not None:
        if name not in definitions:
            definitions[name] = {}  # expressions contain each other
            definitions[name] = {
                "anyOf": [_node(kind, definitions) for kind in kinds if kind is not type(None)]
            }
        named = {"$ref": f"#/$defs/{name}"}
        return {"anyOf": [named, {"type": "null"}]} if type(None) in kinds else named
    scalars = [_SCALARS[kind] for kind in kinds if kind in _SCALARS]
    if "number" in scalars:
        scalars = [name for name in scalars if name != "integer"]
    shapes: list[dict[str, Any]] = []
    if scalars:
        shapes.append({"type": scalars[0] if len(scalars) == 1 else sorted(scalars)})
    for kind in kinds:
        if typing.get_origin(kind) is tuple:
            shapes.append({"type": "array", "items": _shape(typing.get_args(kind)[0], definitions)})
        elif dataclasses.is_dataclass(kind):
            shapes.append(_node(kind, definitions))
    return shapes[0] if len(shapes) == 1 else {"anyOf": shapes}


def _node(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    _define(kind, definitions)
    return {"$ref": f"#/$defs/{kind.__name__}"}


def _summary(kind: type) -> str:
    paragraph = (kind.__doc__ or "").split("\n\n")[0]
    return " ".join(paragraph.split())
