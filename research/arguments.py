"""Arguments that can't be used: one error, raised before work begins."""

from __future__ import annotations


class ArgumentError(ValueError):
    """What was found, what was expected, what to do."""


def require(condition: bool, message: str) -> None:
    """Raises `ArgumentError` with the message unless the condition holds."""
    if not condition:
        raise ArgumentError(message)
