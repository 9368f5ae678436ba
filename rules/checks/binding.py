"""The variables of every text of a rule set, and the scope that each text is typed in."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from rules.checks.collect import Collector, PoisonedError
from rules.checks.quantifiers import bindings
from rules.checks.relations import plural
from rules.checks.safety import unsafe
from rules.checks.scope import Scope, members
from rules.checks.variables import Inference, Names, Slot, Variables
from rules.errors import RuleError, did_you_mean
from rules.language import ir, syntax

__all__ = ["Binder", "Place"]

Clauses = Mapping[str, Sequence[syntax.DeriveDeclaration]]
Text = (
    syntax.DeriveDeclaration | syntax.RuleDeclaration | syntax.ConstraintDeclaration | syntax.Holds
)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a condition, a value or a clause stands.

    Attributes:
        scope: the names that it may read.
        head: the parameters of the clause.
        free: variables that nothing binds, in the order of the text.
    """

    scope: Scope
    head: tuple[ir.Variable | None, ...]
    free: tuple[ir.Variable | None, ...]

    @property
    def parameters(self) -> tuple[ir.Binding, ...]:
        """The parameters of the clause as the IR has them.

        Raises:
            PoisonedError: the entity of one is not known.
        """
        return bindings(self.head)

    def closed(self, condition: ir.Expr) -> ir.Expr:
        """The condition of some objects, where it has free variables.

        Raises:
            PoisonedError: the entity of one is not known.
        """
        if not self.free:
            return condition
        return ir.Quantified(
            kind="some", bindings=bindings(self.free), body=condition, span=condition.span
        )


class Binder:
    """Finds all variables at once, because parameters may follow from other clauses.

    Args:
        scope: what is declared; its `parameters` are completed by those of derived names.
        parameters: the entities that each relation is about, by name.
        derived: the clauses of each derived name.
        texts: the other texts with variables.
    """

    def __init__(self, scope: Scope, derived: Clauses, texts: Sequence[Text]) -> None:
        self.errors = Collector()
        self._scope = scope
        self._members = members(scope.entities)
        declared = frozenset(
            {*scope.types, *scope.entities, *([scope.decision] if scope.decision else [])}
        )
        names = Names(declared=declared, entities=list(scope.entities), members=self._members)
        self._relations = {
            name: [_slot(entity) for entity in about] for name, about in scope.parameters.items()
        }
        for name, clauses in derived.items():
            self._relations[name] = [Slot("", None) for _ in clauses[0].parameters]
        self._inference = Inference(names, self._relations)
        self._variables: dict[int, Variables] = {}
        nodes: list[Text] = [node for clauses in derived.values() for node in clauses]
        for node in (*nodes, *texts):
            with self.errors.catch():
                self._variables[id(node)] = self._walk(node, derived)
        self._inference.settle()
        for node in (*nodes, *texts):
            self._check(node)
        self.parameters = {
            name: tuple(slot.entity for slot in self._relations[name]) for name in derived
        }

    def place(self, node: Text, names: Sequence[str] | None = None) -> Place:
        """The place of a text.

        Args:
            node: one of those that the binder knows.
            names: how to call the parameters of a clause; variables that collide are renamed.

        Raises:
            RuleError: its variables have errors, which are told already.
        """
        variables = self._variables.get(id(node))
        if variables is None:
            raise PoisonedError("its variables have errors of their own", span=node.span)
        called = self._called(variables, names)
        head = tuple(self._variable(slot, called) for slot in variables.head)
        free = tuple(self._variable(slot, called) for slot in variables.free)
        outer = [*zip(variables.head, head, strict=True), *zip(variables.free, free, strict=True)]
        scope = dataclasses.replace(
            self._scope,
            variables={slot.name: variable for slot, variable in outer},
            bound={key: self._variable(slot, called) for key, slot in variables.bound.items()},
        )
        return Place(scope=scope, head=head, free=free)

    def _walk(self, node: Text, derived: Clauses) -> Variables:
        match node:
            case syntax.DeriveDeclaration():
                name = node.name.text
                count = len(derived[name][0].parameters)
                if len(node.parameters) != count:
                    raise RuleError(
                        f"{name} is about {plural(count, 'object')} above, "
                        f"here about {len(node.parameters)}",
                        span=node.name.span,
                        hint="clauses of one name have the same parameters",
                    )
                return self._inference.walk(node.value, head=node.parameters, relation=name)
            case syntax.Holds():
                return self._inference.walk(node.condition, names_objects=True)
        return self._inference.walk(node.condition)

    def _check(self, node: Text) -> None:
        """Drops the variables of a text that has an error, and keeps the error."""
        variables = self._variables.get(id(node))
        if variables is None:
            return
        found = []
        for slot in variables:
            if error := self._inference.unknown(slot):
                found.append(error)
                slot.spoil()  # its entity is what others lack, too
        found += [error for slot in variables.free if (error := self._misspelt(slot))]
        names = [slot.name for slot in variables.free]
        match node:
            case syntax.DeriveDeclaration(is_clause=False):
                found += [_unbound(slot, node) for slot in variables.free]
            case syntax.DeriveDeclaration():
                found += unsafe(node.value, names, self._scope.quote)
            case _:
                found += unsafe(node.condition, names, self._scope.quote)
        self.errors.add(*found)
        if found:
            del self._variables[id(node)]

    def _misspelt(self, slot: Slot) -> RuleError | None:
        """`price(leftt)` would ask about any side, where the author means `left`."""
        entity = self._scope.entities.get(slot.entity or "")
        if entity is None or not isinstance(entity.type, ir.EnumType):
            return None
        near = did_you_mean(slot.name, entity.type.members)
        if near is None:
            return None
        return RuleError(
            f"{slot.name} is no object of {entity.name}, and so would stand for any of them",
            span=slot.span,
            hint=f"{near} For a variable of this name write some {slot.name}: ...",
        )

    def _called(self, variables: Variables, names: Sequence[str] | None) -> Mapping[str, str]:
        """New names: the parameters as asked for, others only where they collide with those."""
        own = [slot.name for slot in variables.head]
        head = own if names is None else list(names)
        called = dict(zip(own, head, strict=True))
        taken = {*head, *(slot.name for slot in variables)}
        for slot in variables:
            if slot.name not in called and slot.name in head:
                called[slot.name] = self._fresh(slot.name, taken)
                taken.add(called[slot.name])
        return called

    def _fresh(self, name: str, taken: set[str]) -> str:
        number = 2
        while (new := f"{name}_{number}") in taken or (
            self._scope.is_declared(new) or new in self._members
        ):
            number += 1
        return new

    def _variable(self, slot: Slot, called: Mapping[str, str]) -> ir.Variable | None:
        entity = self._scope.entities.get(slot.entity or "")
        if entity is None:
            return None
        return ir.Variable(
            name=called.get(slot.name, slot.name),
            entity=entity.name,
            type=entity.type,
            span=slot.span,
        )


def _slot(entity: str | None) -> Slot:
    slot = Slot("", None, entity)
    if entity is None:
        slot.spoil()
    return slot


def _unbound(slot: Slot, node: syntax.DeriveDeclaration) -> RuleError:
    name = node.name.text
    parameters = ", ".join([*(item.name.text for item in node.parameters), slot.name])
    return RuleError(
        f"{slot.name} stands for no particular object here",
        span=slot.span,
        hint=f"write derive {name}({parameters}) = ..., or an aggregate: sum {slot.name}: ...",
    )
