"""Runs the test blocks of a rule set with the reference engine."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable, Mapping

from rules.engines.decisions import CONFLICT, DEFAULT, UNKNOWN, VIOLATED
from rules.engines.reference import Evaluation, evaluate, truth
from rules.engines.values import Value
from rules.engines.world import Objects
from rules.language import ir
from rules.language.printer import constant_text
from rules.language.source import excerpt
from rules.language.walk import names, walk

__all__ = ["Check", "TestResult", "check_expectation", "run_tests"]

SHOWN = 8  # objects of a relation that a message tells of


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One expectation of a test.

    Attributes:
        expected: the expectation as written.
        passed: whether it was met.
        found: what came instead or as wished, with the values of the names involved.
        span: where the expectation stands.
    """

    expected: str
    passed: bool
    found: str
    span: ir.Span | None


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class TestResult:
    """What came of one test block.

    Attributes:
        title: of the test.
        checks: one for each expectation.
        span: where the test stands.
        seconds: how long it took.
    """

    title: str
    checks: tuple[Check, ...]
    span: ir.Span | None
    seconds: float = dataclasses.field(default=0.0, compare=False)

    @property
    def passed(self) -> bool:
        """Whether every expectation was met."""
        return all(check.passed for check in self.checks)


def run_tests(ruleset: ir.Ruleset) -> tuple[TestResult, ...]:
    """Runs every test of a rule set, in the order of the text.

    Args:
        ruleset: a checked rule set.

    Raises:
        ValueError: nothing says for which day to decide (see `rules.in_force`), or a case has
            more objects than declared.
    """
    return tuple(_run(ruleset, test) for test in ruleset.tests)


def _run(ruleset: ir.Ruleset, test: ir.Test) -> TestResult:
    start = time.perf_counter()
    evaluation = evaluate(ruleset, test.case, margin=False)
    checks = tuple(check_expectation(ruleset, evaluation, item) for item in test.expectations)
    seconds = time.perf_counter() - start
    return TestResult(title=test.title, checks=checks, span=test.span, seconds=seconds)


def check_expectation(ruleset: ir.Ruleset, evaluation: Evaluation, item: ir.Expectation) -> Check:
    """Whether what a rule set says about a case is what a test expects."""
    match item:
        case ir.ExpectOutcome():
            passed, found = _outcome(ruleset, evaluation, item)
        case ir.ExpectRule():
            passed, found = _rule(ruleset, evaluation, item)
        case ir.ExpectTruth():
            passed, found = _truth(ruleset, evaluation, item)
    expected = excerpt(ruleset.text, item.span) if item.span and ruleset.text else repr(item)
    return Check(expected=expected, passed=passed, found=found, span=item.span)


def _outcome(
    ruleset: ir.Ruleset, evaluation: Evaluation, item: ir.ExpectOutcome
) -> tuple[bool, str]:
    decision = ruleset.decision
    assert decision is not None  # the checker refuses expectations about no decision
    came = evaluation.outcome
    outcomes = came if isinstance(came, frozenset) else {came}
    match item.op:
        case "=":
            passed = item.outcome in outcomes
        case "!=":
            passed = item.outcome not in outcomes
        case _:
            passed = evaluation.rule == UNKNOWN
    ways = {
        DEFAULT: "no rule fires",
        UNKNOWN: "a missing input could change it",
        CONFLICT: "rules conflict",
        VIOLATED: f"breaks {_broken(ruleset, evaluation)}",
    }
    way = ways.get(evaluation.rule) or f"rule {ruleset.ranked[evaluation.rule].name}"
    shown = ", ".join(str(o) for o in decision.outcomes if o in outcomes) or "nothing"
    return passed, f"{decision.name} = {shown} ({way})"


def _broken(ruleset: ir.Ruleset, evaluation: Evaluation) -> str:
    pairs = zip(ruleset.constraints, evaluation.violated, strict=True)
    return ", ".join(f'"{item.title}"' for item, broken in pairs if broken and item.weight is None)


def _rule(ruleset: ir.Ruleset, evaluation: Evaluation, item: ir.ExpectRule) -> tuple[bool, str]:
    ranks = {rule.name: rank for rank, rule in enumerate(ruleset.ranked)}
    if item.rule not in ranks:
        return not item.fires, f"{item.rule} is not in force on this day"
    rank = ranks[item.rule]
    answer = evaluation.truths[rank]
    involved = names(ruleset.ranked[rank].condition)
    passed = (answer is True) == item.fires
    if item.because is not None:
        involved |= {item.because}
        passed = passed and evaluation.values[item.because] is True
    says = {True: "fires", False: "does not fire", None: "is unknown"}[answer]
    return passed, f"{item.rule} {says} ({_values(ruleset, evaluation, involved)})"


def _truth(ruleset: ir.Ruleset, evaluation: Evaluation, item: ir.ExpectTruth) -> tuple[bool, str]:
    there = evaluation.world.objects
    for node in walk(item.condition):
        if isinstance(node, ir.Const) and isinstance(node.type, ir.ObjectType):
            entity = node.type.entity
            if node.value not in there[entity]:
                present = ", ".join(map(str, there[entity])) or "none"
                return False, f"this case has no {entity} {node.value}, it has: {present}"
    held = truth(item.condition, evaluation.world)
    return held is True, _values(ruleset, evaluation, names(item.condition))


def _values(ruleset: ir.Ruleset, evaluation: Evaluation, involved: Iterable[str]) -> str:
    wanted = set(involved)
    shown = [
        f"{name} = {_shown(ruleset.types[name], value)}"
        for name, value in evaluation.values.items()
        if name in wanted
    ]
    return ", ".join(shown) or "it reads no value"


def _shown(type_: ir.Type, value: Value | Mapping[Objects, Value | None] | None) -> str:
    """A value, or what a relation holds for, or its values by objects."""
    if not isinstance(value, Mapping):
        return "unknown" if value is None else constant_text(value, type_)
    entries = {"/".join(map(str, key)): value[key] for key in value}
    if isinstance(type_, ir.BoolType):
        parts = [key for key, held in entries.items() if held]
        parts += [f"{key}: unknown" for key, held in entries.items() if held is None]
    else:
        parts = [f"{key}: {_shown(type_, one)}" for key, one in entries.items()]
    return f"{{{', '.join(parts[:SHOWN])}{', ...' * (len(parts) > SHOWN)}}}"
