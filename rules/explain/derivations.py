"""How recursive truths come about: in how many steps, and from what was there before.

A fact of a recursive group may hold because of others of the group, in circles even. Its
derivation may not: it leads down to facts that hold without it. The step of a fact is the
first round of the least fixpoint, from nothing, in which it comes up; what it rests on came
up in earlier ones, so derivations by steps end, and none is shorter.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import cast

from rules.engines.fixpoint import Fact, Rising
from rules.engines.prepared import once_per_ruleset
from rules.engines.semantics import Facts, derive
from rules.engines.values import Value
from rules.engines.world import Objects
from rules.language import ir
from rules.language.strata import is_recursive

__all__ = ["Derivations"]


class Derivations:
    """The steps of recursive facts, found when they are asked for."""

    def __init__(self, ruleset: ir.Ruleset, facts: Facts) -> None:
        """Args: a checked rule set, and every param, input and derived value of a case."""
        self._facts = facts
        self._groups = _groups(ruleset)
        self._steps: dict[tuple[Fact, bool | None], Mapping[Fact, int]] = {}

    def step(self, fact: Fact) -> int | None:
        """In which round a fact comes up; None for what does not, or is not recursive."""
        if fact[0] not in self._groups or self._facts.read(*fact) is False:
            return None
        return self._of(fact)[fact]

    def before(self, fact: Fact) -> Facts:
        """What there was before a fact came up: the facts that its derivation may use."""
        if self.step(fact) is None:
            return self._facts
        steps = self._of(fact)
        earlier = {other for other, step in steps.items() if step < steps[fact]}
        return _Earlier(self._groups[fact[0]], self._facts, earlier)

    def _of(self, fact: Fact) -> Mapping[Fact, int]:
        held = cast("bool | None", self._facts.read(*fact))
        if (fact, held) not in self._steps:
            found = _steps(self._groups[fact[0]], self._facts, fact, held)
            self._steps.update(dict.fromkeys(((other, held) for other in found), found))
        return self._steps[fact, held]


@once_per_ruleset
def _groups(ruleset: ir.Ruleset) -> Mapping[str, Mapping[str, ir.Derived]]:
    """The recursive groups, by name of a member."""
    return {
        item.name: {member.name: member for member in group}
        for group in ruleset.strata
        if is_recursive(group)
        for item in group
    }


class _Earlier:
    """The facts of a group that are named, with their values; the others are false."""

    def __init__(
        self, group: Mapping[str, ir.Derived], facts: Facts, earlier: Container[Fact]
    ) -> None:
        self.objects = facts.objects
        self._group = group
        self._facts = facts
        self._earlier = earlier
        self.asked: set[Fact] = set()

    def read(self, name: str, objects: Objects = ()) -> Value | None:
        if name in self._group and (name, objects) not in self._earlier:
            self.asked.add((name, objects))
            return False
        return self._facts.read(name, objects)


def _steps(
    group: Mapping[str, ir.Derived], facts: Facts, fact: Fact, held: bool | None
) -> dict[Fact, int]:
    """The steps of a fact and of those that it may rest on, true ones or also unknown ones."""
    rising = Rising(group, facts)
    rising.read(*fact)
    rising.settle()
    pending = {other for other, final in rising.truths.items() if final in (True, held)}
    steps: dict[Fact, int] = {}
    waiting: dict[Fact, set[Fact]] = {}  # by fact that was not there, what asked for it
    step = 0
    while pending:
        step += 1
        risen = []
        for other in pending:
            earlier = _Earlier(group, facts, steps)
            found = derive(group[other[0]], other[1], earlier)
            if found is True or (found is None and held is None):
                risen.append(other)
            else:
                for missing in earlier.asked:
                    waiting.setdefault(missing, set()).add(other)
        steps.update(dict.fromkeys(risen, step))
        pending = {w for other in risen for w in waiting.pop(other, ())} - steps.keys()
    return steps
