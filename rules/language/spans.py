"""The same syntax at other places."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TypeVar

from rules.language.ir import Span

__all__ = ["with_spans"]

_Node = TypeVar("_Node")


def with_spans(node: _Node, moved: Callable[[Span], Span]) -> _Node:
    """A syntax tree, or a tuple of them, with other spans.

    Args:
        node: the tree; it may hold texts, numbers and None.
        moved: where a span goes.
    """
    if isinstance(node, Span):
        return moved(node)  # type: ignore[return-value]
    if isinstance(node, tuple):
        return tuple(with_spans(item, moved) for item in node)  # type: ignore[return-value]
    if dataclasses.is_dataclass(node) and not isinstance(node, type):
        fields = {
            field.name: with_spans(getattr(node, field.name), moved)
            for field in dataclasses.fields(node)
        }
        return type(node)(**fields)
    return node
