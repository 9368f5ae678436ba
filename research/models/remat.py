"""Rematerialisation: chosen modules compute their activations again in the backward pass.

Memory for one more forward pass of these modules (Chen et al., "Training Deep Nets with
Sublinear Memory Cost", 2016). The values and gradients are the same.
"""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Iterator
from typing import Any

import jax
from flax import nnx

from research.arguments import require


@contextlib.contextmanager
def rematerialised(module: nnx.Module, pattern: str | None) -> Iterator[None]:
    r"""Within the block, calls of the chosen modules keep their inputs only.

    Paths, parameters and statistics are the same in the block and after it.

    Args:
        module: the whole model.
        pattern: regular expression that the whole path of a module must match, such as
            `layers/\d+`; None chooses none.

    Raises:
        ArgumentError: when it is no regular expression or no module's path matches.
    """
    chosen = [] if pattern is None else _matching(module, pattern)
    for part in chosen:
        # The class, not the attribute of the parent: that would change the paths.
        _become(part, _rematerialising(type(part)))
    try:
        yield
    finally:
        for part in chosen:
            _become(part, type(part).__bases__[0])


def _matching(module: nnx.Module, pattern: str) -> list[nnx.Module]:
    try:
        expression = re.compile(pattern)
    except re.error as error:
        require(False, f"remat is {pattern!r}, expected a regular expression: {error}")
    # Containers such as nnx.List are never called.
    parts = {
        "/".join(map(str, path)): part
        for path, part in nnx.iter_modules(module)
        if callable(part) and path
    }
    chosen = [part for path, part in parts.items() if expression.fullmatch(path)]
    require(
        bool(chosen),
        f"remat {pattern!r} matches no module's path, expected it to match one of: "
        + (", ".join(sorted(parts)) or "(there are none)"),
    )
    return chosen


@functools.cache
def _rematerialising(kind: type[nnx.Module]) -> type[nnx.Module]:
    def call(self: nnx.Module, *args: Any, **kwargs: Any) -> Any:
        leaves, structure = jax.tree.flatten((args, kwargs), is_leaf=_is_graph)
        # Flags such as `train` stay Python values: modules branch on them.
        traced = [index for index, leaf in enumerate(leaves) if _is_traced(leaf)]

        # nnx.remat brings back what the call moves: statistics, and how many keys
        # `rngs` has handed out.
        @nnx.remat
        def again(self: nnx.Module, *values: Any) -> Any:
            filled = list(leaves)
            for index, value in zip(traced, values, strict=True):
                filled[index] = value
            args, kwargs = jax.tree.unflatten(structure, filled)
            return kind.__call__(self, *args, **kwargs)

        return again(self, *(leaves[index] for index in traced))

    return type(kind.__name__, (kind,), {"__call__": call, "__module__": kind.__module__})


def _become(part: nnx.Module, kind: type[nnx.Module]) -> None:
    # An nnx.Module's own __setattr__ would list the class among its attributes.
    object.__setattr__(part, "__class__", kind)


def _is_graph(leaf: Any) -> bool:
    return isinstance(leaf, nnx.Pytree)


def _is_traced(leaf: Any) -> bool:
    return _is_graph(leaf) or isinstance(leaf, jax.Array)
