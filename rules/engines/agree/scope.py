"""What a random expression may read where it stands."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from random import Random

from rules.engines.agree.vocabulary import Symbol
from rules.language import ir

__all__ = ["MAX_TUPLES", "MAX_VARIABLES", "Scope"]

_NAMES = ("g", "h", "u", "v", "w", "z")
MAX_VARIABLES = 4
MAX_TUPLES = 64  # of objects that the variables in scope can stand for together
ASSUMED = 4  # the size of an entity without a bound


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scope:
    """The names, the entities and the variables at one place of a rule set.

    Attributes:
        random: where the choices come from.
        symbols: the params, inputs and derived names that may be read.
        entities: what variables may range over.
        variables: what is bound here, the innermost last.
        positive: names of the recursive group that is being written, which may only be read
            where a truth is not negated.
        calculates: whether there is arithmetic and aggregates, or only names and constants.
    """

    random: Random
    symbols: Sequence[Symbol]
    entities: Sequence[ir.Entity]
    variables: tuple[ir.Variable, ...] = ()
    positive: tuple[Symbol, ...] = ()
    calculates: bool = True

    def plain(self) -> Scope:
        """The same place, where the recursive group may not be read."""
        return dataclasses.replace(self, positive=())

    def within(self, bindings: Sequence[ir.Binding]) -> Scope:
        """The scope inside of a quantifier or a head."""
        types = {entity.name: entity.type for entity in self.entities}
        inner = tuple(
            ir.Variable(name=item.name, entity=item.entity, type=types[item.entity])
            for item in bindings
        )
        return dataclasses.replace(self, variables=(*self.variables, *inner))

    def bind(self, entities: Sequence[str]) -> tuple[ir.Binding, ...]:
        """New variables for some entities, with names that are free here."""
        taken = {variable.name for variable in self.variables}
        free = [name for name in _NAMES if name not in taken]
        names = self.random.sample(free, len(entities))
        return tuple(
            ir.Binding(name=name, entity=entity)
            for name, entity in zip(names, entities, strict=True)
        )

    def choose(self, count: int) -> tuple[ir.Binding, ...]:
        """New variables for entities chosen at random."""
        return self.bind([self.random.choice(self.entities).name for _ in range(count)])

    def open(self, *, most: int = 2) -> tuple[tuple[ir.Binding, ...], Scope] | None:
        """Bindings for a quantifier and the scope of its body; None where there is no room."""
        room = min(MAX_VARIABLES - len(self.variables), most)
        if not self.entities or room <= 0:
            return None
        bindings = self.choose(min(room, self.random.choice((1, 1, 1, 2))))
        inner = self.within(bindings)
        return (bindings, inner) if self.tuples(inner.variables) <= MAX_TUPLES else None

    def tuples(self, items: Sequence[ir.Binding | ir.Variable]) -> int:
        """How many tuples of objects some variables can stand for."""
        sizes = {entity.name: entity.size or ASSUMED for entity in self.entities}
        return math.prod(sizes[item.entity] for item in items)

    def has(self, kind: type) -> bool:
        """Whether there is a name of the kind that is about no objects."""
        return any(isinstance(item.type, kind) and not item.parameters for item in self.symbols)

    def is_about(self, symbol: Symbol, bindings: Sequence[ir.Binding], kind: type) -> bool:
        """Whether a name of the kind is about the objects of just these variables."""
        entities = tuple(item.entity for item in bindings)
        return isinstance(symbol.type, kind) and symbol.parameters == entities

    def read(self, kind: type, *, type_: ir.Type | None = None) -> ir.Ref:
        """A name of the kind, preferably about a variable in scope.

        Raises:
            LookupError: there is none.
        """
        found = [
            symbol
            for symbol in self.symbols
            if isinstance(symbol.type, kind)
            and (type_ is None or symbol.type == type_)
            and all(self.objects(entity) for entity in symbol.parameters)
        ]
        if not found:
            raise LookupError("no such name")
        if self.variables and self.random.random() < 0.8:
            innermost = self.variables[-1].entity
            found = [item for item in found if innermost in item.parameters] or found
        return self.apply(self.random.choice(found))

    def apply(self, symbol: Symbol) -> ir.Ref:
        """A name with arguments chosen from what is in scope."""
        arguments = tuple(
            # Often the innermost variable, so that what it ranges over matters.
            items[-1] if self.random.random() < 0.4 else self.random.choice(items)
            for items in map(self.objects, symbol.parameters)
        )
        return ir.Ref(name=symbol.name, type=symbol.type, arguments=arguments)

    def objects(self, entity: str) -> list[ir.Variable | ir.Const]:
        """What may stand as an argument of an entity."""
        bound: list[ir.Variable | ir.Const] = [
            variable for variable in self.variables if variable.entity == entity
        ]
        declared = next(item for item in self.entities if item.name == entity)
        if declared.domain is None or (bound and self.random.random() < 0.85):
            return bound
        value = self.random.choice(declared.domain)
        return [ir.Const(value=value, type=declared.type), *bound]

    def few(self) -> int:
        """Two, sometimes three."""
        return self.random.choice((2, 2, 3))

    def first_of(self, choices: Sequence[Callable[[], ir.Expr]]) -> ir.Expr:
        """One of the choices; those that find no name to read are passed over.

        Raises:
            LookupError: all are.
        """
        for choice in self.random.sample(choices, len(choices)):
            try:
                return choice()
            except LookupError:
                continue
        raise LookupError("no choice finds a name to read")
