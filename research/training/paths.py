"""Leaves of a tree by name: `layers/0/kernel`, as people and rules write them."""

from __future__ import annotations

from typing import Any

import jax


def path_of(path: tuple[Any, ...], *, separator: str = "/") -> str:
    """A JAX key path as text."""
    return jax.tree_util.keystr(path, simple=True, separator=separator)


def by_path(tree: Any, *, separator: str = "/") -> dict[str, Any]:
    """The leaves of a tree by path, in the tree's order."""
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return {path_of(path, separator=separator): leaf for path, leaf in leaves}
