"""Rules by parameter path, such as `layers/0/kernel`.

A rule is a regular expression that is searched in a path: `bias$` finds every bias,
`^encoder/` all that is below `encoder`. Paths are those of the tree that the optimizer is
given: for an update that moves one part of the params, they begin below that part.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import jax
import optax

from research.arguments import ArgumentError, require
from research.training.paths import by_path, path_of

_SHOWN = 12


def compiled(patterns: Sequence[str], what: str) -> tuple[re.Pattern[str], ...]:
    """The regular expressions of the rules.

    Args:
        patterns: a list, not one text.
        what: the rules' name in errors.

    Raises:
        ArgumentError: for a text instead of a list, or what is no regular expression.
    """
    require(
        not isinstance(patterns, str),
        f"{what} is the text {patterns!r}, expected a list of regular expressions: ({patterns!r},)",
    )
    return tuple(_compiled(pattern, what) for pattern in patterns)


def require_found(rules: Sequence[re.Pattern[str]], params: Any, what: str) -> None:
    """Checks that every rule is found in the path of some parameter.

    Raises:
        ArgumentError: naming the rule and the paths there are.
    """
    paths = list(by_path(params))
    for rule in rules:
        more = f", and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
        require(
            any(map(rule.search, paths)),
            f"{what}: {rule.pattern!r} is found in no parameter path; there are "
            f"{', '.join(paths[:_SHOWN]) or 'none'}{more}",
        )


def found(rules: Sequence[re.Pattern[str]]) -> Callable[[Any], Any]:
    """The mask `params -> tree of bool`: where one of the rules is found."""
    return lambda params: jax.tree_util.tree_map_with_path(
        lambda path, _: any(rule.search(path_of(path)) for rule in rules), params
    )


def matrices(params: Any) -> Any:
    """The mask of what has two dimensions or more: kernels and embeddings, not biases."""
    return jax.tree.map(lambda leaf: leaf.ndim > 1, params)


def scale_by_path(
    rules: Sequence[tuple[re.Pattern[str], float]],
) -> optax.GradientTransformation:
    """Multiplies each parameter's update by the factor of the first rule found in its path."""

    def factor(path: tuple[Any, ...]) -> float:
        return next((factor for rule, factor in rules if rule.search(path_of(path))), 1.0)

    def scaled(updates: Any, params: Any) -> Any:
        return jax.tree_util.tree_map_with_path(lambda path, leaf: leaf * factor(path), updates)

    return optax.stateless(scaled)


def frozen(
    inner: optax.GradientTransformation, rules: Sequence[re.Pattern[str]]
) -> optax.GradientTransformation:
    """Keeps what the rules find as it is; `inner` neither sees nor remembers anything of it."""
    is_frozen = found(rules)

    def labels(params: Any) -> Any:
        return jax.tree.map(lambda still: "frozen" if still else "trained", is_frozen(params))

    return optax.partition({"trained": inner, "frozen": optax.set_to_zero()}, labels)


def _compiled(pattern: str, what: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except (re.error, TypeError) as error:
        message = f"{what}: {pattern!r} is no regular expression: {error}"
        raise ArgumentError(message) from None
