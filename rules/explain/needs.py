"""What an undecided case lacks: the facts that its unknown conditions come from."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rules.engines import hit_policy
from rules.engines.reference import Evaluation
from rules.engines.semantics import NO_BINDING, Bound, Facts, truth, value
from rules.engines.world import Objects
from rules.explain.deciding import deciding, operands
from rules.explain.formats import fact_text
from rules.explain.grounding import ground, objects_of
from rules.language import ir
from rules.language.printer import expression_text

__all__ = ["Lacking", "Need", "lacking", "need_texts", "undecided_constraints", "undecided_rules"]

FEW = 3


@dataclasses.dataclass(frozen=True, kw_only=True, order=True)
class Need:
    """A fact to obtain: the value of an input, who is there, or whether someone is.

    Attributes:
        name: of an input or an entity.
        objects: what the input is about, or who may be there. None at all for a single value,
            for a relation that the case lacks, or where it is not known who is there.
    """

    name: str
    objects: Objects = ()

    def __str__(self) -> str:
        return fact_text(self.name, self.objects)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lacking:
    """What an undecided case lacks.

    Attributes:
        needs: the facts to obtain, in the order of declaration.
        undefined: the text of what has no value though its operands have one (a division by
            zero, an overflow, out of bounds), sorted.
        rules: the names of the rules that could change the outcome.
        constraints: the titles of the constraints that could.
    """

    needs: tuple[Need, ...]
    undefined: tuple[str, ...]
    rules: tuple[str, ...]
    constraints: tuple[str, ...]


def lacking(ruleset: ir.Ruleset, evaluation: Evaluation) -> Lacking:
    """What is needed to decide a case whose verdict is UNKNOWN.

    Args:
        ruleset: a rule set that decides.
        evaluation: of the case.
    """
    rules = undecided_rules(ruleset, evaluation)
    constraints = () if rules else undecided_constraints(ruleset, evaluation)
    search = _Search(ruleset, evaluation.world)
    for condition in [item.condition for item in rules] + [item.condition for item in constraints]:
        search.visit(condition, NO_BINDING)
    search.finish()
    order = [item.name for item in ruleset.entities] + [item.name for item in ruleset.inputs]
    return Lacking(
        needs=tuple(sorted(search.needs, key=lambda need: order.index(need.name))),
        undefined=tuple(sorted(search.undefined)),
        rules=tuple(rule.name for rule in rules),
        constraints=tuple(item.title for item in constraints),
    )


def need_texts(needs: Sequence[Need], values: Mapping[str, Any]) -> tuple[str, ...]:
    """The facts to obtain, as sentences list them.

    Args:
        needs: as `lacking` tells.
        values: of the case. A relation of which all that there is to know is needed, and that
            is much, is named once.
    """
    counts = Counter(need.name for need in needs if need.objects)
    whole = {name for name, n in counts.items() if n > FEW and n == len(values.get(name, ()))}
    return tuple(dict.fromkeys(need.name if need.name in whole else str(need) for need in needs))


def undecided_rules(ruleset: ir.Ruleset, evaluation: Evaluation) -> tuple[ir.Rule, ...]:
    """The rules of unknown truth that could change the outcome."""
    assert ruleset.decision is not None
    outcomes = [rule.outcome for rule in ruleset.ranked]
    ranks = hit_policy.undecided(ruleset.decision, outcomes, evaluation.truths)
    return tuple(ruleset.ranked[rank] for rank in ranks)


def undecided_constraints(ruleset: ir.Ruleset, evaluation: Evaluation) -> tuple[ir.Constraint, ...]:
    """The binding constraints of unknown truth that could forbid what the rules decide."""
    assert ruleset.decision is not None
    outcomes = [rule.outcome for rule in ruleset.ranked]
    made, _ = hit_policy.decide(ruleset.decision, outcomes, evaluation.truths)
    decided = made if isinstance(made, frozenset) else {made}
    return tuple(
        item
        for item in ruleset.constraints
        if item.weight is None
        and not decided <= set(item.allowed)
        and truth(item.condition, evaluation.world) is None
    )


class _Search:
    """Follows unknown values down to where they come from; each derived fact once."""

    def __init__(self, ruleset: ir.Ruleset, facts: Facts) -> None:
        self.needs: dict[Need, None] = {}
        self.undefined: dict[str, None] = {}
        self._facts = facts
        self._inputs = {item.name: item for item in ruleset.inputs}
        self._derived = {item.name: item for item in ruleset.derived}
        self._pending: list[tuple[str, Objects]] = []
        self._seen: set[tuple[str, Objects]] = set()

    def finish(self) -> None:
        """Follows the derived facts that were met, without deep recursion."""
        while self._pending:
            name, objects = self._pending.pop()
            item = self._derived[name]
            bound = {p.name: label for p, label in zip(item.parameters, objects, strict=True)}
            for parameter, label in zip(item.parameters, objects, strict=True):
                if self._facts.objects[parameter.entity][label] is None:
                    self._need(parameter.entity, (label,), (parameter.entity,))
            found = self.visit_all(item.clauses, bound)
            if not found and not isinstance(item.type, ir.BoolType):
                self.undefined[fact_text(name, objects)] = None

    def visit_all(self, parts: Iterable[ir.Expr], bound: Bound) -> bool:
        """Visits the parts that are unknown; whether there are any."""
        unknown = [part for part in parts if value(part, self._facts, bound) is None]
        for part in unknown:
            self.visit(part, bound)
        return bool(unknown)

    def visit(self, expr: ir.Expr, bound: Bound) -> None:
        """Notes where an expression that is unknown gets it from."""
        match expr:
            case ir.Ref(name=name) if name in self._inputs:
                self._need(name, objects_of(expr, bound), self._inputs[name].parameters)
            case ir.Ref(name=name):
                fact = name, objects_of(expr, bound)
                if fact not in self._seen:
                    self._seen.add(fact)
                    self._pending.append(fact)
            case ir.Quantified() | ir.Aggregate():
                self._visit_rows(expr, bound)
            case ir.Compare() | ir.Arithmetic() | ir.Call():
                if not self.visit_all(operands(expr), bound):
                    self.undefined[expression_text(ground(expr, bound))] = None
            case _:
                self.visit_all((part.expr for part in deciding(expr, bound, self._facts)), bound)

    def _visit_rows(self, expr: ir.Quantified | ir.Aggregate, bound: Bound) -> None:
        found = False
        for part in deciding(expr, bound, self._facts):
            found = True
            labels = tuple(part.objects.values())
            for binding, label in zip(expr.bindings, labels, strict=True):
                if self._facts.objects[binding.entity][label] is None:
                    self._need(binding.entity, (label,), (binding.entity,))
            where = expr.where if isinstance(expr, ir.Aggregate) else None
            parts = (part.expr,) if where in (None, part.expr) else (where, part.expr)
            self.visit_all(parts, part.bound)
        if not found:
            self.undefined[expression_text(ground(expr, bound))] = None

    def _need(self, name: str, objects: Objects, entities: tuple[str, ...]) -> None:
        """Notes a fact, or all of its name where it is not known who there is."""
        present = self._facts.objects
        pairs = zip(objects, entities, strict=True)
        if any(
            isinstance(label, int) and present[entity][label] is None for label, entity in pairs
        ):
            objects = ()
        self.needs[Need(name=name, objects=objects)] = None
