"""Arguments that can't be used: one error, raised before work begins, with a suggestion."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable


class ArgumentError(ValueError):
    """What was found, what was expected, what to do."""


def require(condition: bool, message: str) -> None:
    """Raises `ArgumentError` with the message unless the condition holds."""
    if not condition:
        raise ArgumentError(message)


def require_names(examples: Collection[str], *names: str) -> None:
    """Raises `ArgumentError` unless the examples, arrays by name, have all these names."""
    require(
        set(names) <= set(examples),
        f"found the names {', '.join(examples) or '(none)'}, expected {' and '.join(names)}",
    )


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`"; did you mean 'income'?"` for the known name nearest to `name`, else an empty text."""
    known = list(known)
    by_folded = {option.casefold(): option for option in known}
    near = difflib.get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
    return f"; did you mean {by_folded[near[0]]!r}?" if near else ""
