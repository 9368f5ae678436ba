"""Joins on the host: witnesses found through the entries of a relation.

`some y: parent(x, y) and ancestor(y, z)` need not try every y: where the case lists `parent`,
the others make the condition false. The answers are those of `rules.engines.semantics`.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from typing import TypeAlias, cast

from rules.engines.closures import Prepared
from rules.engines.semantics import NO_BINDING, Bound, Facts, conjunction
from rules.engines.values import Value, within
from rules.engines.world import Object, Objects, Relation, World
from rules.language import ir

__all__ = ["Join", "Joining", "joins"]

# For each variable of a quantifier a relation that tells what it can stand for: its name, the
# place of the variable among its arguments, and the other arguments.
Join: TypeAlias = tuple[str, int, tuple[ir.Variable | ir.Const, ...]]


class Joining:
    """Derives facts as `rules.engines.semantics.derive` does, by the relations of one case."""

    def __init__(self, world: World, prepared: Callable[[ir.Expr], Prepared]) -> None:
        """Args: a case; what prepares the expressions of its rule set."""
        self._closed: dict[str, Relation] = {}
        if world.objects:
            self._closed = {
                name: value
                for name, value in world.values.items()
                if isinstance(value, Relation) and value.default is False
            }
        self._prepared = prepared
        self._joins: dict[int, list[Join | None]] = {}  # by clause

    def derive(self, item: ir.Derived, objects: Objects, facts: Facts) -> Value | None:
        """What is derived about some objects; None is unknown."""
        bound, present = NO_BINDING, cast("bool | None", True)
        if objects:
            pairs = list(zip(item.parameters, objects, strict=True))
            bound = {parameter.name: label for parameter, label in pairs}
            present = conjunction([facts.objects[item.entity][label] for item, label in pairs])
        if isinstance(item.type, ir.BoolType):
            held: bool | None = False
            for clause in item.clauses:
                one = self._truth(clause, facts, bound)
                if one is not False:
                    held = one
                if one is True:
                    break
            return held if present else conjunction((present, held))
        derived = self._prepared(item.clauses[0])(facts, bound) if present else None
        return derived if derived is not None and within(item.type, derived) else None

    def _truth(self, clause: ir.Expr, facts: Facts, bound: Bound) -> bool | None:
        if not self._closed or not isinstance(clause, ir.Quantified) or clause.kind != "some":
            return cast("bool | None", self._prepared(clause)(facts, bound))
        if id(clause) not in self._joins:  # a clause lives as long as its rule set
            self._joins[id(clause)] = joins(clause.bindings, clause.body, bound, self._closed)
        body = self._prepared(clause.body)
        found: bool | None = False
        for row, present in self._rows(clause.bindings, self._joins[id(clause)], facts, bound):
            held = body(facts, row)
            if held is True and present:
                return True
            if held is not False:
                found = None
        return found

    def _rows(
        self,
        bindings: Sequence[ir.Binding],
        found: Sequence[Join | None],
        facts: Facts,
        bound: Bound,
    ) -> Iterator[tuple[Bound, bool | None]]:
        """As `semantics.rows`, without those for which the condition is false."""
        binding, join = bindings[0], found[0]
        domain = facts.objects[binding.entity]
        labels: Iterable[Object] = domain
        if join is not None:
            name, place, others = join
            about = tuple(
                bound[item.name] if isinstance(item, ir.Variable) else cast(Object, item.value)
                for item in others
            )
            labels = self._closed[name].candidates(place, about)
        for label in labels:
            row = {**bound, binding.name: label}
            if len(bindings) == 1:
                yield row, domain[label]
                continue
            for whole, present in self._rows(bindings[1:], found[1:], facts, row):
                yield whole, conjunction((domain[label], present))


def joins(
    bindings: Sequence[ir.Binding],
    condition: ir.Expr,
    bound: Iterable[str],
    relations: Container[str],
) -> list[Join | None]:
    """Which relation tells what a variable can stand for, where the condition is not false.

    Args:
        bindings: variables in the order in which they are bound.
        condition: what is asked about them.
        bound: the variables that are bound before.
        relations: the names of input truths.
    """
    known = set(bound) - {binding.name for binding in bindings}
    found: list[Join | None] = []
    parts = condition.operands if isinstance(condition, ir.And) else (condition,)
    for binding in bindings:
        found.append(
            next(
                (
                    join
                    for part in parts
                    if isinstance(part, ir.Ref) and part.name in relations
                    for join in _join(part, binding.name, known)
                ),
                None,
            )
        )
        known.add(binding.name)
    return found


def _join(part: ir.Ref, variable: str, known: set[str]) -> Iterator[Join]:
    names = [item.name if isinstance(item, ir.Variable) else None for item in part.arguments]
    if names.count(variable) != 1:
        return
    place = names.index(variable)
    others = (*part.arguments[:place], *part.arguments[place + 1 :])
    if all(item.name in known for item in others if isinstance(item, ir.Variable)):
        yield part.name, place, others
