"""Derived values in groups that can be computed one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rules.language import ir
from rules.language.walk import names

__all__ = ["components", "is_recursive", "reads", "strata"]


def reads(item: ir.Derived) -> frozenset[str]:
    """The names that the clauses of a derived value read themselves."""
    return frozenset[str]().union(*(names(clause) for clause in item.clauses))


def is_recursive(group: Sequence[ir.Derived]) -> bool:
    """Whether a group of `strata` reads itself."""
    return len(group) > 1 or group[0].name in reads(group[0])


def strata(derived: Sequence[ir.Derived]) -> tuple[tuple[ir.Derived, ...], ...]:
    """The strongly connected components of what reads what, each after those it reads.

    Ties as in `derived`, within a component too.
    """
    items = {item.name: item for item in derived}
    edges = {name: sorted(reads(item) & items.keys()) for name, item in items.items()}
    rank = {name: position for position, name in enumerate(items)}
    parts = components(list(items), edges)
    ordered = (sorted(part, key=rank.__getitem__) for part in parts)
    return tuple(tuple(items[name] for name in part) for part in ordered)


def components(nodes: Sequence[str], edges: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Strongly connected components, each after those that its edges lead to.

    Tarjan, "Depth-first search and linear graph algorithms", 1972, without recursion, since
    chains may be long.

    Args:
        nodes: in the order to start from.
        edges: from each node to others of them.
    """
    found: list[list[str]] = []
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    open_nodes: list[str] = []
    is_open: set[str] = set()
    for root in nodes:
        if root in index:
            continue
        path = [(root, iter(edges[root]))]
        index[root] = low[root] = len(index)
        open_nodes.append(root)
        is_open.add(root)
        while path:
            node, pending = path[-1]
            for other in pending:
                if other not in index:
                    index[other] = low[other] = len(index)
                    open_nodes.append(other)
                    is_open.add(other)
                    path.append((other, iter(edges[other])))
                    break
                if other in is_open:
                    low[node] = min(low[node], index[other])
            else:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[node])
                if low[node] == index[node]:
                    component = []
                    while True:
                        member = open_nodes.pop()
                        is_open.discard(member)
                        component.append(member)
                        if member == node:
                            break
                    found.append(component)
    return found
