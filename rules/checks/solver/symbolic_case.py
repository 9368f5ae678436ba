"""A case that the solver chooses: what may vary in it, and the case of a model."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import z3

from rules.checks.solver.formulas import Formula, Truth, conj, neg
from rules.checks.solver.keys import key_of
from rules.checks.solver.numbers import Constant, Variable
from rules.checks.solver.simplest import simplest_date, simplest_float, simplest_int
from rules.checks.solver.space import Box, Space
from rules.checks.solver.values import Coded, Numeric, SymbolicValue
from rules.engines.values import Value, canonical
from rules.engines.world import Object, Objects
from rules.language import ir

__all__ = ["BeyondFragment", "Leaf", "SymbolicCase", "Texts", "holds", "plainest"]

FEW = 2


class BeyondFragment(Exception):
    """A rule set, or a part of one, that the solver cannot answer for; says why."""


class Texts:
    """Names and texts as numbers, the same in all formulas of one question."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}

    def code(self, text: str) -> int:
        """The number of a text."""
        return self._codes.setdefault(text, len(self._codes))

    def text(self, code: int) -> str:
        """The text with a number."""
        return next(text for text, number in self._codes.items() if number == code)


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Leaf:
    """An input, about some objects.

    Attributes:
        value: as the case has it, before the bounds of its type are looked at.
    """

    item: ir.Input
    objects: Objects
    value: SymbolicValue

    @property
    def known(self) -> Formula:
        """Whether the case has it."""
        return self.value.known


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class SymbolicCase:
    """Many cases at once.

    Attributes:
        objects: by entity and object whether it is present.
        listed: the entities whose objects the case names.
        leaves: by name and objects.
    """

    space: Space
    texts: Texts
    objects: Mapping[str, Mapping[Object, Truth]]
    listed: frozenset[str]
    leaves: Mapping[tuple[str, Objects], Leaf]

    @property
    def complete(self) -> Formula:
        """Nothing is missing, and it is known who is there."""
        there = [truth.known for name in self.listed for truth in self.objects[name].values()]
        return conj(*there, *(leaf.known for leaf in self.leaves.values()))

    @property
    def few_objects(self) -> Formula:
        """Of each entity there are no more than a few objects."""
        domains = [list(self.objects[name].values()) for name in self.listed]
        return conj(*(neg(truth.possible) for domain in domains for truth in domain[FEW:]))

    def case(
        self,
        model: z3.ModelRef,
        *,
        exact: bool = False,
        pick: Callable[[Leaf, Box], float | int] | None = None,
    ) -> dict[str, Any]:
        """The case of a model, as `rules.engines.world` takes it.

        Args:
            model: of the solver.
            exact: whether keys as bit vectors mean something in it, or just bounds.
            pick: chooses a number among the keys that the model leaves open, by default the
                plainest.
        """
        choose = pick or plainest
        present: dict[str, dict[Object, bool | None]] = {}
        for entity, objects in self.objects.items():
            states = {label: _state(model, truth) for label, truth in objects.items()}
            present[entity] = {label: s for label, s in states.items() if s is not False}
        case: dict[str, Any] = {
            entity: present[entity] for entity in self.objects if entity in self.listed
        }
        for leaf in self.leaves.values():
            value = self._value(model, leaf, exact, choose) if holds(model, leaf.known) else None
            if not leaf.item.parameters:
                case[leaf.item.name] = value
                continue
            about = zip(leaf.item.parameters, leaf.objects, strict=True)
            entries = case.setdefault(leaf.item.name, {})
            if all(label in present[entity] for entity, label in about):
                entries[leaf.objects] = value
        return case

    def _value(
        self,
        model: z3.ModelRef,
        leaf: Leaf,
        exact: bool,
        choose: Callable[[Leaf, Box], float | int],
    ) -> Value:
        match leaf.value:
            case Truth(holds=held):
                return holds(model, held)
            case Coded(code=int(code)):
                return self.texts.text(code)
            case Coded(code=code):
                return self.texts.text(model.eval(code, model_completion=True).as_long())
            case Numeric(number=Constant(value=key)):
                return choose(leaf, (key, key))
            case Numeric(number=number):
                assert isinstance(number, Variable)
                found = number.exact_key(model) if exact else None
                return choose(leaf, number.reached(model) if found is None else (found, found))

    def keys(self, case: Mapping[str, Any]) -> dict[Variable, int]:
        """The keys of the numbers that a case, as `case` makes them, gives to variables."""
        found = {}
        for leaf in self.leaves.values():
            number = leaf.value.number if isinstance(leaf.value, Numeric) else None
            value = case.get(leaf.item.name)
            if leaf.objects and isinstance(value, dict):
                value = value.get(leaf.objects)
            if isinstance(number, Variable) and value is not None:
                found[number] = key_of(canonical(value) or 0.0) if number.is_float else int(value)
        return found


def plainest(leaf: Leaf, box: Box) -> float | int:
    """The plainest number for an input between two keys."""
    if isinstance(leaf.item.type, ir.FloatType):
        return simplest_float(*box)
    return (simplest_date if isinstance(leaf.item.type, ir.DateType) else simplest_int)(*box)


def holds(model: z3.ModelRef, formula: Formula) -> bool:
    """Whether a formula is true in a model."""
    if isinstance(formula, bool):
        return formula
    return z3.is_true(model.eval(formula, model_completion=True))


def _state(model: z3.ModelRef, truth: Truth) -> bool | None:
    if holds(model, truth.holds):
        return True
    return None if holds(model, truth.possible) else False
