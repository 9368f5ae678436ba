"""Expressions about particular objects, and the names that variables stand for."""

from __future__ import annotations

import dataclasses
from typing import Any, cast

from rules.engines.semantics import Bound
from rules.engines.world import Object, Objects
from rules.language import ir

__all__ = ["ground", "objects_of"]


def ground(expr: ir.Expr, bound: Bound) -> ir.Expr:
    """The expression with objects in place of its free variables: `earns(anna) > 50_000`."""
    return cast(ir.Expr, _ground(expr, bound)) if bound else expr


def _ground(node: Any, bound: Bound) -> Any:
    if isinstance(node, tuple):
        return tuple(_ground(item, bound) for item in node)
    if isinstance(node, ir.Variable):
        if node.name not in bound:
            return node
        return ir.Const(value=bound[node.name], type=node.type, span=node.span)
    if isinstance(node, ir.Const) or not dataclasses.is_dataclass(node):
        return node
    if isinstance(node, ir.Quantified | ir.Aggregate):
        own = {item.name for item in node.bindings}
        bound = {name: label for name, label in bound.items() if name not in own}
    below = {
        field.name: _ground(getattr(node, field.name), bound)
        for field in dataclasses.fields(node)
        if field.name not in ("type", "span", "bindings")
    }
    return dataclasses.replace(node, **below)  # type: ignore[type-var]


def objects_of(expr: ir.Ref, bound: Bound) -> Objects:
    """The objects that a name is read about."""
    return tuple(
        bound[item.name] if isinstance(item, ir.Variable) else cast(Object, item.value)
        for item in expr.arguments
    )
