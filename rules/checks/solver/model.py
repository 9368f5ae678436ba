"""A rule set for all cases at once: derived values, the truths of rules, constraints."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from rules.checks.solver.expressions import Symbolic, settled_value
from rules.checks.solver.formulas import FALSE, Truth, k3_all, k3_any
from rules.checks.solver.symbolic_case import BeyondFragment, SymbolicCase
from rules.checks.solver.values import Numeric, SymbolicValue, restrict, within
from rules.engines.world import Objects
from rules.language import ir
from rules.language.strata import is_recursive

__all__ = ["Model"]

MAX_RISING = 4_096  # truths of a recursive group, times the rounds that they may take


class Model:
    """A rule set over a symbolic case.

    Attributes:
        truths: of the ranked rules.
        limits: of the conditions of the constraints.
    """

    def __init__(self, ruleset: ir.Ruleset, case: SymbolicCase) -> None:
        """Raises:
        BeyondFragment: the rule set is too large to be written out.
        """
        self.ruleset = ruleset
        self.case = case
        self._derived: dict[tuple[str, Objects], SymbolicValue] = {}
        self._params = {
            item.name: settled_value(case.texts, item.type, item.value) for item in ruleset.params
        }
        self._types = {item.name: item.type for item in ruleset.inputs}
        self._symbolic = Symbolic(case.space, case.texts, case.objects, self.read)
        for group in ruleset.strata:
            if is_recursive(group):
                self._rise(group)
            else:
                for objects in self._tuples(group[0]):
                    self._derived[group[0].name, objects] = self._derive(group[0], objects)
        self.truths = tuple(self.truth(rule.condition) for rule in ruleset.ranked)
        self.limits = tuple(self.truth(item.condition) for item in ruleset.constraints)

    def truth(self, condition: ir.Expr) -> Truth:
        """Whether a condition over the names of the rule set holds."""
        return self._symbolic.truth(condition)

    def read(self, name: str, objects: Objects = ()) -> SymbolicValue:
        """The value of a name about some objects."""
        if name in self._params:
            return self._params[name]
        if name in self._types:
            value = self.case.leaves[name, objects].value
            if isinstance(value, Numeric):
                return restrict(value, within(self._types[name], value.number))
            return value
        return self._derived[name, objects]

    def _tuples(self, item: ir.Derived) -> itertools.product[Objects]:
        return itertools.product(*(self.case.objects[part.entity] for part in item.parameters))

    def _derive(self, item: ir.Derived, objects: Objects) -> SymbolicValue:
        pairs = list(zip(item.parameters, objects, strict=True))
        bound = {part.name: label for part, label in pairs}
        present = k3_all(self.case.objects[part.entity][label] for part, label in pairs)
        if isinstance(item.type, ir.BoolType):
            held = k3_any(self._symbolic.truth(clause, bound) for clause in item.clauses)
            return k3_all((present, held))
        value = restrict(self._symbolic.value(item.clauses[0], bound), present.holds)
        if isinstance(value, Numeric):
            return restrict(value, within(item.type, value.number))
        return value

    def _rise(self, group: Sequence[ir.Derived]) -> None:
        """The least fixpoint of a recursive group.

        Each round that changes anything makes a truth rise, true and possible parts alike, so
        as many rounds as there are truths are enough.
        """
        facts = [(item, objects) for item in group for objects in self._tuples(item)]
        if len(facts) ** 2 > MAX_RISING:
            raise BeyondFragment(
                f"{group[0].name} is recursive over {len(facts)} tuples of objects"
            )
        for item, objects in facts:
            self._derived[item.name, objects] = FALSE
        for _ in facts:
            risen = {(item.name, objects): self._derive(item, objects) for item, objects in facts}
            if all(_same(self._derived[fact], value) for fact, value in risen.items()):
                return
            self._derived.update(risen)


def _same(left: SymbolicValue, right: SymbolicValue) -> bool:
    assert isinstance(left, Truth) and isinstance(right, Truth)
    return all(
        a is b or (not isinstance(a, bool) and not isinstance(b, bool) and a.eq(b))
        for a, b in zip(left, right, strict=True)
    )
