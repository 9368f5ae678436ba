"""Going on after an error, so that one run reports all of them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from rules.errors import RuleError, grouped

__all__ = ["Collector", "PoisonedError"]


class PoisonedError(RuleError):
    """Raised where a declaration with an error is used: that error is told already."""

    @property
    def errors(self) -> tuple[RuleError, ...]:
        """None: nothing new to tell."""
        return ()


class Collector:
    """Catches errors now and raises them together later.

    Example:
        >>> errors = Collector()
        >>> for declaration in declarations:
        ...     with errors.catch():
        ...         check(declaration)
        >>> errors.raise_caught()
    """

    def __init__(self) -> None:
        self._errors: list[RuleError] = []
        self._failed = False

    @contextlib.contextmanager
    def catch(self) -> Iterator[None]:
        """Keeps any `RuleError` of its body for `raise_caught`."""
        try:
            yield
        except RuleError as error:
            self._failed = True
            self.add(*error.errors)

    def add(self, *errors: RuleError) -> None:
        """Keeps errors that were made without being raised."""
        self._errors.extend(errors)

    def raise_caught(self) -> None:
        """Raises what was caught, in the order of the text, or does nothing if there is nothing.

        Raises:
            RuleError: the one error, or `RuleErrors` for several.
        """
        if self._errors:
            raise grouped(self._errors)
        if self._failed:
            raise PoisonedError("the error is told already")
