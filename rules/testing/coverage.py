"""Which rules and conditions the tests of a rule set have seen on both sides."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

from rules.engines.decisions import DEFAULT, UNKNOWN
from rules.engines.reference import Evaluation, evaluate
from rules.engines.semantics import NO_BINDING, Bound, rows, truth
from rules.engines.world import World
from rules.language import ir
from rules.language.printer import expression_text
from rules.language.walk import children

__all__ = ["Coverage", "Seen", "coverage"]


@dataclasses.dataclass(kw_only=True, slots=True)
class Seen:
    """A rule, a condition within one, or a constraint, and what the tests made of it.

    Attributes:
        kind: `rule`, `condition` or `constraint`.
        name: the name of a rule, the text of a condition, the title of a constraint.
        owner: the rule, derived name or constraint that a condition stands in.
        true: in how many evaluations it held, fired, or was broken.
        false: in how many it did not.
        unknown: in how many that was unknown.
        span: where it stands.
    """

    kind: str
    name: str
    owner: str
    span: ir.Span | None
    true: int = 0
    false: int = 0
    unknown: int = 0

    @property
    def covered(self) -> bool:
        """Whether it was seen on both sides."""
        return bool(self.true and self.false)

    @property
    def problem(self) -> str | None:
        """What the tests lack, or None."""
        yes, no = {
            "rule": ("fires", "stays silent"),
            "condition": ("true", "false"),
            "constraint": ("broken", "kept"),
        }[self.kind]
        missing = [side for side, seen in ((yes, self.true), (no, self.false)) if not seen]
        return f"never {' and never '.join(missing)}" if missing else None

    def count(self, held: bool | None) -> None:
        """Counts one evaluation."""
        match held:
            case True:
                self.true += 1
            case False:
                self.false += 1
            case None:
                self.unknown += 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class Coverage:
    """What the tests of a rule set cover.

    Attributes:
        tests: how many there are.
        rules: one for each rule, in the order of the text.
        conditions: one for each comparison, truth and quantifier.
        constraints: one for each constraint.
        outcomes: how often each outcome was decided, with `default` and `unknown` for the
            two fall-backs; what never was has 0.
    """

    tests: int
    rules: tuple[Seen, ...]
    conditions: tuple[Seen, ...]
    constraints: tuple[Seen, ...]
    outcomes: dict[str, int]

    @property
    def rule_share(self) -> float:
        """The share of rules that fire in one test and stay silent in another."""
        return _share(self.rules)

    @property
    def condition_share(self) -> float:
        """The share of conditions that are true in one evaluation and false in another."""
        return _share(self.conditions)

    @property
    def missing(self) -> tuple[Seen, ...]:
        """What is not covered, in the order of the text."""
        found = [
            item
            for item in (*self.rules, *self.conditions, *self.constraints)
            if item.problem is not None
        ]
        return tuple(sorted(found, key=_place))


def coverage(ruleset: ir.Ruleset) -> Coverage:
    """Runs the tests of a rule set and counts what its rules and conditions came to.

    Args:
        ruleset: a checked rule set.

    Raises:
        ValueError: nothing says for which day to decide, or a case has more objects than
            declared.
    """
    collector = _Collector(ruleset)
    for test in ruleset.tests:
        collector.add(evaluate(ruleset, test.case, margin=False))
    return collector.coverage()


class _Collector:
    def __init__(self, ruleset: ir.Ruleset) -> None:
        self.ruleset = ruleset
        self.rules = {
            rule.name: Seen(kind="rule", name=rule.name, owner=rule.name, span=rule.span)
            for rule in ruleset.rules
        }
        self.constraints = [
            Seen(kind="constraint", name=item.title, owner=item.title, span=item.span)
            for item in ruleset.constraints
        ]
        self.conditions: dict[tuple[str, int], Seen] = {}
        decision = ruleset.decision
        names = () if decision is None else (*decision.outcomes, "default", "unknown")
        self.outcomes = dict.fromkeys(names, 0)

    def add(self, evaluation: Evaluation) -> None:
        world = evaluation.world
        for item in self.ruleset.derived:
            for bound in _all_objects(item.parameters, world):
                for clause in item.clauses:
                    self.visit(clause, item.name, item.span, world, bound)
        for rule, held in zip(self.ruleset.ranked, evaluation.truths, strict=True):
            self.rules[rule.name].count(held)
            self.visit(rule.condition, rule.name, rule.span, world, NO_BINDING)
        limits = zip(self.ruleset.constraints, self.constraints, evaluation.violated, strict=True)
        for limit, seen, violated in limits:
            seen.count(violated)
            self.visit(limit.condition, limit.title, limit.span, world, NO_BINDING)
        self._decided(evaluation)

    def _decided(self, evaluation: Evaluation) -> None:
        outcome = evaluation.outcome
        if outcome is None:
            return
        for name in outcome if isinstance(outcome, frozenset) else (outcome,):
            self.outcomes[name] += 1
        if evaluation.rule == DEFAULT:
            self.outcomes["default"] += 1
        if evaluation.rule == UNKNOWN:
            self.outcomes["unknown"] += 1

    def visit(
        self, expr: ir.Expr, owner: str, place: ir.Span | None, world: World, bound: Bound
    ) -> None:
        """Counts the conditions within an expression, for all objects of its variables."""
        if _is_condition(expr):
            # Equal conditions at different places are different conditions.
            seen = self.conditions.get((owner, id(expr)))
            if seen is None:
                seen = self.conditions[owner, id(expr)] = Seen(
                    kind="condition",
                    name=expression_text(expr),
                    owner=owner,
                    span=expr.span or place,
                )
            seen.count(truth(expr, world, bound))
        if isinstance(expr, ir.Quantified | ir.Aggregate):
            for row, present in rows(expr.bindings, world, bound):
                if present is not False:
                    for child in children(expr):
                        self.visit(child, owner, place, world, row)
            return
        for child in children(expr):
            self.visit(child, owner, place, world, bound)

    def coverage(self) -> Coverage:
        return Coverage(
            tests=len(self.ruleset.tests),
            rules=tuple(self.rules.values()),
            conditions=tuple(self.conditions.values()),
            constraints=tuple(self.constraints),
            outcomes=self.outcomes,
        )


def _all_objects(parameters: tuple[ir.Binding, ...], world: World) -> Iterator[Bound]:
    if not parameters:
        yield NO_BINDING
        return
    for row, present in rows(parameters, world, NO_BINDING):
        if present is not False:
            yield row


def _is_condition(expr: ir.Expr) -> bool:
    """What is true or false by itself, not by its parts."""
    match expr:
        case ir.Compare() | ir.IsUnknown() | ir.Quantified():
            return True
        case ir.Ref(type=ir.BoolType()):
            return True
        case _:
            return False


def _share(items: Iterable[Seen]) -> float:
    covered = [item.covered for item in items]
    return sum(covered) / len(covered) if covered else 1.0


def _place(item: Seen) -> tuple[int, int, int]:
    span = item.span
    return (0, 0, 0) if span is None else (span.source, span.line, span.column)
