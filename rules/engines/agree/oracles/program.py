"""Normal logic programs: what the oracles have in common, before each one's syntax."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

__all__ = [
    "ANY",
    "Atom",
    "Clause",
    "Every",
    "Let",
    "Part",
    "Term",
    "Test",
    "Total",
    "Var",
    "bound_first",
    "strata",
]


@dataclasses.dataclass(frozen=True, slots=True)
class Var:
    """A variable of a clause."""

    name: str


ANY = Var("_")
Term: TypeAlias = Var | int | str


@dataclasses.dataclass(frozen=True, slots=True)
class Atom:
    """A predicate of some terms, or that it does not hold."""

    name: str
    terms: tuple[Term, ...]
    negated: bool = False

    def no(self) -> Atom:
        """The negated atom."""
        return dataclasses.replace(self, negated=True)


@dataclasses.dataclass(frozen=True, slots=True)
class Test:
    """A comparison of two ints, or of two texts by `=` and `!=`."""

    op: str
    left: Term
    right: Term


@dataclasses.dataclass(frozen=True, slots=True)
class Let:
    """The value of a function; the clause does not hold where it has none."""

    variable: Var
    function: str
    arguments: tuple[Term, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Every:
    """An atom for all objects for which others hold; these do not recur."""

    atom: Atom
    among: tuple[Atom, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Total:
    """`count`, `sum`, `min` or `max` of a term over the tuples for which atoms hold."""

    variable: Var
    function: str
    term: Term
    over: tuple[Var, ...]
    among: tuple[Atom, ...]


Part: TypeAlias = Atom | Test | Let | Every | Total


@dataclasses.dataclass(frozen=True, slots=True)
class Clause:
    """The head holds where all parts of the body do."""

    head: Atom
    body: tuple[Part, ...]


def bound_first(clause: Clause) -> list[Part]:
    """The body of a clause: what binds variables before what only reads them."""
    late = [part for part in clause.body if not isinstance(part, Atom) or part.negated]
    return [*(part for part in clause.body if part not in late), *late]


def strata(clauses: Sequence[Clause]) -> Mapping[str, int]:
    """A number for each predicate: at least that of what it reads, above that of what it negates.

    Raises:
        ValueError: a predicate depends on its own negation.
    """
    level = {clause.head.name: 0 for clause in clauses}
    for _ in range(len(level) + 1):
        settled = True
        for clause in clauses:
            least = max((_least(part, level) for part in clause.body), default=0)
            if level[clause.head.name] < least:
                level[clause.head.name] = least
                settled = False
        if settled:
            return level
    raise ValueError("a predicate depends on its own negation")


def _least(part: Part, level: Mapping[str, int]) -> int:
    match part:
        case Atom(name=name, negated=negated):
            return level.get(name, 0) + negated
        case Every(atom=atom, among=among):
            return max(level.get(atom.name, 0), _above(among, level))
        case Total(among=among):
            return _above(among, level)
        case _:
            return 0


def _above(atoms: Iterable[Atom], level: Mapping[str, int]) -> int:
    return max(level.get(atom.name, -1) + 1 for atom in atoms)
