"""Variables: where each is bound, and the entity whose objects it ranges over.

An entity is written (`g in Guarantor`) or follows from the relations that a variable stands
in, also from derived relations, whose parameters follow in the same way; where nothing else
tells, from a variable that it is compared with. So all texts are walked before any is typed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from rules.checks.collect import Collector
from rules.checks.relations import check_arity
from rules.errors import RuleError, did_you_mean
from rules.language import ir, syntax
from rules.language.functions import FUNCTIONS

__all__ = ["Inference", "Names", "Slot", "Variables"]


class Slot:
    """A variable, or a parameter of a derived relation, with its entity once it is known."""

    def __init__(self, name: str, span: ir.Span | None, entity: str | None = None) -> None:
        self.name = name
        self.span = span
        self._entity = entity
        self._is_wrong = False
        self._same: Slot | None = None

    @property
    def root(self) -> Slot:
        """What stands for all slots that are known to be of one entity."""
        slot = self
        while slot._same is not None:
            slot = slot._same
        return slot

    @property
    def entity(self) -> str | None:
        """The name of the entity, None while it is unknown."""
        return self.root._entity

    @property
    def is_wrong(self) -> bool:
        """Whether an error that is told already keeps the entity from being known."""
        return self.root._is_wrong

    def spoil(self) -> None:
        """Keeps quiet about a slot whose entity nothing tells."""
        self.root._is_wrong = True

    def unite(self, other: Slot) -> bool:
        """Makes two slots one; False, and nothing done, where their entities differ."""
        left, right = self.root, other.root
        if left.entity is not None and right.entity is not None and left.entity != right.entity:
            return False
        if left is not right:
            right._entity = right._entity or left._entity
            right._is_wrong = right._is_wrong or left._is_wrong
            left._same = right
        return True


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Variables:
    """The variables of one condition, value or clause.

    Attributes:
        head: the parameters of a clause.
        free: bound by nothing that is written, in the order of the text.
        bound: those of its quantifiers, by `id` of their nodes.
    """

    head: tuple[Slot, ...]
    free: tuple[Slot, ...]
    bound: Mapping[int, Slot]

    def __iter__(self) -> Iterator[Slot]:
        yield from (*self.head, *self.free, *self.bound.values())


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """What is declared, as far as variables care.

    Attributes:
        declared: names that no variable may have.
        entities: the names of the entities.
        members: objects of entities that list them, each with its entity.
    """

    declared: frozenset[str]
    entities: Sequence[str]
    members: Mapping[str, str]


class Inference:
    """Collects what the texts say about variables, then tells their entities.

    Args:
        names: what is declared.
        relations: a slot for each argument of each relation, inputs and derived.
    """

    def __init__(self, names: Names, relations: Mapping[str, Sequence[Slot]]) -> None:
        self._names = names
        self._relations = relations
        self._compared: list[tuple[Slot, Slot]] = []

    def walk(
        self,
        *roots: syntax.Expression,
        head: Sequence[syntax.Parameter] = (),
        relation: str | None = None,
        names_objects: bool = False,
    ) -> Variables:
        """Finds the variables of some expressions that belong together.

        Args:
            *roots: the expressions.
            head: the parameters of a clause.
            relation: what the clause derives.
            names_objects: names that are bound by nothing are objects, as in tests.

        Raises:
            RuleError: a name that is taken, an unknown entity, a variable of two entities.
        """
        errors = Collector()
        environment: dict[str, Slot] = {}
        parameters = []
        for parameter in head:
            with errors.catch():
                slot = self._bind(parameter, environment)
                parameters.append(slot)
        errors.raise_caught()
        if relation is not None:
            for position, slot in zip(self._relations[relation], parameters, strict=True):
                with errors.catch():
                    _unite(slot, position, slot.span, f"another clause of {relation}")
        free: dict[str, Slot] = {}
        if not names_objects:
            for root in roots:
                for name in self._unbound(root, frozenset(environment)):
                    free.setdefault(name.text, Slot(name.text, name.span))
        environment.update(free)
        bound: dict[int, Slot] = {}
        for root in roots:
            self._walk(root, environment, bound, errors)
        errors.raise_caught()
        return Variables(head=tuple(parameters), free=tuple(free.values()), bound=bound)

    def settle(self) -> None:
        """Gives entities to variables that are only compared with others."""
        pending, before = self._compared, -1
        while len(pending) != before:
            before = len(pending)
            rest = []
            for left, right in pending:
                if (left.entity is None) == (right.entity is None):
                    rest.append((left, right))
                else:
                    left.unite(right)
            pending = rest

    def unknown(self, slot: Slot) -> RuleError | None:
        """What to say about a variable whose entity nothing tells; None where something does."""
        if slot.entity is not None or slot.is_wrong:
            return None
        shown = ", ".join(self._names.entities) or "there are none yet: entity Person max 8"
        example = self._names.entities[0] if self._names.entities else "Person"
        return RuleError(
            f"nothing tells which objects {slot.name} stands for",
            span=slot.span,
            hint=f"name their entity, for example {slot.name} in {example}; entities: {shown}",
        )

    # ------------------------------------------------------------------------ walking

    def _bind(self, parameter: syntax.Parameter, environment: dict[str, Slot]) -> Slot:
        name, entity = parameter.name, parameter.entity
        if name.text in self._names.declared:
            raise RuleError(
                f"{name.text} is a declared name, a variable needs one of its own",
                span=name.span,
            )
        if name.text in self._names.members:
            raise RuleError(
                f"{name.text} is an object of {self._names.members[name.text]}, a variable "
                "needs a name of its own",
                span=name.span,
                hint=f"for a single object use a variable and compare: x = {name.text}",
            )
        if name.text in environment:
            earlier = environment[name.text].span
            where = f" in line {earlier.line}" if earlier is not None else ""
            raise RuleError(
                f"{name.text} stands for something else here already{where}",
                span=name.span,
                hint="choose another name for this variable",
            )
        if entity is not None and entity.text not in self._names.entities:
            raise RuleError(
                f"there is no entity {entity.text}",
                span=entity.span,
                hint=did_you_mean(entity.text, self._names.entities)
                or f"declare it, for example entity {entity.text} max 8",
            )
        slot = Slot(name.text, name.span, None if entity is None else entity.text)
        environment[name.text] = slot
        return slot

    def _unbound(self, node: syntax.Expression, bound: frozenset[str]) -> Iterator[syntax.Name]:
        """Names that stand as arguments of relations and are bound by nothing above them."""
        if isinstance(node, syntax.Quantified):
            bound |= {parameter.name.text for parameter in node.bindings}
        if isinstance(node, syntax.Apply) and node.function.text not in FUNCTIONS:
            for item in node.arguments:
                if isinstance(item, syntax.Name) and not (
                    item.text in bound
                    or item.text in self._names.declared
                    or item.text in self._names.members
                ):
                    yield item
        for child in syntax.children(node):
            yield from self._unbound(child, bound)

    def _walk(
        self,
        node: syntax.Expression,
        environment: Mapping[str, Slot],
        bound: dict[int, Slot],
        errors: Collector,
    ) -> None:
        match node:
            case syntax.Quantified():
                inner = dict(environment)
                for parameter in node.bindings:
                    with errors.catch():
                        bound[id(parameter)] = self._bind(parameter, inner)
                environment = inner
            case syntax.Apply() if node.function.text not in FUNCTIONS:
                with errors.catch():
                    self._arguments(node, environment)
            case syntax.Comparison(
                operators=("=" | "!=",),
                operands=(syntax.Name(text=left), syntax.Name(text=right)),
            ) if left in environment and right in environment:
                self._compared.append((environment[left], environment[right]))
        for child in syntax.children(node):
            self._walk(child, environment, bound, errors)

    def _arguments(self, node: syntax.Apply, environment: Mapping[str, Slot]) -> None:
        name = node.function.text
        slots = [
            environment.get(item.text) if isinstance(item, syntax.Name) else None
            for item in node.arguments
        ]
        positions = self._relations.get(name)
        if not positions:  # told where the expression is typed
            for slot in slots:
                if slot is not None:
                    slot.spoil()
            return
        check_arity(name, [slot.entity for slot in positions], len(slots), node.span)
        for slot, position, item in zip(slots, positions, node.arguments, strict=True):
            if slot is not None:
                _unite(slot, position, item.span, name)


def _unite(slot: Slot, position: Slot, span: ir.Span | None, relation: str) -> None:
    ours, theirs = slot.entity, position.entity
    if not slot.unite(position):
        raise RuleError(
            f"{slot.name} stands for an object of {ours}, {relation} is about {theirs}",
            span=span,
            hint="use another variable; one variable stands for objects of one entity",
        )
