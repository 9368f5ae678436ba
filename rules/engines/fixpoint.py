"""Recursive truths: the least ones that agree with their clauses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias, cast

from rules.engines import semantics
from rules.engines.semantics import Facts
from rules.engines.values import Value
from rules.engines.world import Objects
from rules.language import ir

__all__ = ["Derive", "Fact", "Fixpoint", "Rising"]

Fact: TypeAlias = tuple[str, Objects]  # a derived name and the objects it is about
Derive: TypeAlias = Callable[[ir.Derived, Objects, Facts], Value | None]


class Fixpoint:
    """Truths that rise from false to their least fixpoint.

    The order is false < unknown < true, in which clauses without negation are monotone.
    Semi-naive: only what read a truth that rose is evaluated again. Facts are found that are
    read, and those that they depend on.

    Attributes:
        truths: of the facts read so far; they only rise, and are final after `settle`.
    """

    def __init__(self, evaluate: Callable[[Fact], bool | None]) -> None:
        """Args: what evaluates the clauses of a fact, and reads others by `truth_of`."""
        self.truths: dict[Fact, bool | None] = {}
        self._evaluate = evaluate
        self._pending: dict[Fact, None] = {}
        self._readers: dict[Fact, dict[Fact, None]] = {}
        self._reader: Fact | None = None

    def truth_of(self, fact: Fact) -> bool | None:
        """The truth of a fact so far."""
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
            self._reader = next(reversed(self._pending))
            try:
                held = self._evaluate(self._reader)
            finally:
                fact, self._reader = self._reader, None
            del self._pending[fact]
            if held is not self.truths[fact]:
                self.truths[fact] = held
                self._pending.update(
                    {reader: None for reader in self._readers[fact] if self._can_rise(reader)}
                )

    def answer(self, fact: Fact) -> bool | None:
        """The truth of a fact: so far for what is being evaluated, else the final one."""
        held = self.truth_of(fact)
        if self._reader is not None or held is True or not self._pending:
            return held
        self.settle(until=fact)
        return self.truths[fact]

    def _can_rise(self, fact: Fact) -> bool:
        return self.truths[fact] is not True


class Rising(Fixpoint):
    """The truths of a recursive group of a rule set, beside what is below it.

    Attributes:
        objects: who is present.
    """

    def __init__(
        self, group: Mapping[str, ir.Derived], below: Facts, derive: Derive = semantics.derive
    ) -> None:
        """Prepares a group.

        Args:
            group: a recursive group of `ruleset.strata`, by name.
            below: what it reads beside itself.
            derive: what derives a fact.
        """
        super().__init__(self._derived)
        self.objects = below.objects
        self._group = group
        self._below = below
        self._derive = derive

    def read(self, name: str, objects: Objects = ()) -> Value | None:
        """The truth of a fact so far, or what is below."""
        if name not in self._group:
            return self._below.read(name, objects)
        return self.truth_of((name, objects))

    def _derived(self, fact: Fact) -> bool | None:
        name, objects = fact
        return cast("bool | None", self._derive(self._group[name], objects, self))
