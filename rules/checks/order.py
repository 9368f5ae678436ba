"""Derived names in dependency order: each after the names it reads."""

from __future__ import annotations

import graphlib
from collections.abc import Mapping, Sequence

from rules.errors import RuleError
from rules.language import syntax

__all__ = ["dependency_order"]


def dependency_order(
    derived: Mapping[str, Sequence[syntax.DeriveDeclaration]],
) -> tuple[list[str], list[RuleError]]:
    """Sorts derived names so that each comes after those it reads; ties as in the text.

    Args:
        derived: the declarations of each name.

    Returns:
        The order, and an error with its path for each cycle; the names of a cycle are left
        out of the order.
    """
    reads = {
        name: {word for node in nodes for word in _names(node.value) if word in derived}
        for name, nodes in derived.items()
    }
    errors = []
    while loop := _cycle(reads):
        errors.append(_error(loop, derived))
        reads = {name: read - set(loop) for name, read in reads.items() if name not in loop}
    rank = {name: position for position, name in enumerate(derived)}
    sorter = graphlib.TopologicalSorter(reads)
    sorter.prepare()
    order: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=rank.__getitem__)
        order.extend(ready)
        sorter.done(*ready)
    return order, errors


def _cycle(reads: Mapping[str, set[str]]) -> list[str]:
    try:
        graphlib.TopologicalSorter(reads).prepare()
    except graphlib.CycleError as error:
        path: list[str] = error.args[1]
        return path[::-1][1:]  # graphlib lists what is read before what reads it
    return []


def _error(loop: list[str], derived: Mapping[str, Sequence[syntax.DeriveDeclaration]]) -> RuleError:
    names = list(derived)
    start = min(range(len(loop)), key=lambda i: names.index(loop[i]))
    path = [*loop[start:], *loop[:start], loop[start]]
    return RuleError(
        f"{path[0]} depends on itself: {' -> '.join(path)}",
        span=derived[path[0]][0].name.span,
        hint="a derived name may only read names that do not lead back to it",
    )


def _names(expression: syntax.Expression) -> list[str]:
    found, pending = [], [expression]
    while pending:
        node = pending.pop()
        if isinstance(node, syntax.Name):
            found.append(node.text)
        pending.extend(syntax.children(node))
    return found
