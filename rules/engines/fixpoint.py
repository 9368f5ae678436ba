"""Recursive truths: the least ones that agree with their clauses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias, cast

from rules.engines.semantics import Facts, derive
from rules.engines.values import Value
from rules.engines.world import Objects
from rules.language import ir

__all__ = ["Fact", "Rising"]

Fact: TypeAlias = tuple[str, Objects]  # a derived name and the objects it is about


class Rising:
    """The truths of a recursive group, rising from false to their least fixpoint.

    The order is false < unknown < true, in which clauses without negation are monotone.
    Semi-naive: only what read a truth that rose is evaluated again. Facts are found that are
    read, and those that they depend on.

    Attributes:
        objects: who is present.
        truths: of the facts read so far; they only rise, and are final after `settle`.
    """

    def __init__(self, group: Mapping[str, ir.Derived], below: Facts) -> None:
        """Args: a recursive group of `ruleset.strata`, by name; what it reads beside itself."""
        self.objects = below.objects
        self.truths: dict[Fact, bool | None] = {}
        self._group = group
        self._below = below
        self._pending: dict[Fact, None] = {}
        self._readers: dict[Fact, dict[Fact, None]] = {}
        self._reader: Fact | None = None

    def read(self, name: str, objects: Objects = ()) -> Value | None:
        """The truth of a fact so far, or what is below."""
        if name not in self._group:
            return self._below.read(name, objects)
        fact = name, objects
        if fact not in self.truths:
            self.truths[fact] = False
            self._readers[fact] = {}
            self._pending[fact] = None
        if self._reader is not None:
            self._readers[fact][self._reader] = None
        return self.truths[fact]

    def settle(self, until: Fact | None = None) -> None:
        """Raises truths until they agree with the clauses.

        Can be called again after an error from below, and goes on where it was.

        Args:
            until: a fact that has been read, to stop as soon as it is true.
        """
        while self._pending and (until is None or self.truths[until] is not True):
            self._reader = name, objects = next(reversed(self._pending))
            try:
                held = cast("bool | None", derive(self._group[name], objects, self))
            finally:
                fact, self._reader = self._reader, None
            del self._pending[fact]
            if held is not self.truths[fact]:
                self.truths[fact] = held
                self._pending.update(self._readers[fact])
