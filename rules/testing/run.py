"""Runs the test blocks of a rule set with the reference engine."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from rules.engines.decisions import CONFLICT, DEFAULT, UNKNOWN
from rules.engines.reference import Evaluation, evaluate, truth
from rules.language import ir
from rules.language.numbers import shortest_float32
from rules.language.source import excerpt
from rules.language.walk import names

__all__ = ["Check", "TestResult", "run_tests"]


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
    """

    title: str
    checks: tuple[Check, ...]
    span: ir.Span | None

    @property
    def passed(self) -> bool:
        """Whether every expectation was met."""
        return all(check.passed for check in self.checks)


def run_tests(ruleset: ir.Ruleset) -> tuple[TestResult, ...]:
    """Runs every test of a rule set, in the order of the text.

    Args:
        ruleset: a checked rule set.
    """
    return tuple(_run(ruleset, test) for test in ruleset.tests)


def _run(ruleset: ir.Ruleset, test: ir.Test) -> TestResult:
    evaluation = evaluate(ruleset, test.case)
    checks = tuple(_check(ruleset, evaluation, item) for item in test.expectations)
    return TestResult(title=test.title, checks=checks, span=test.span)


def _check(
    ruleset: ir.Ruleset,
    evaluation: Evaluation,
    item: ir.ExpectOutcome | ir.ExpectRule | ir.ExpectTruth,
) -> Check:
    match item:
        case ir.ExpectOutcome():
            passed, found = _outcome(ruleset, evaluation, item)
        case ir.ExpectRule():
            passed, found = _rule(ruleset, evaluation, item)
        case ir.ExpectTruth():
            passed = truth(item.condition, evaluation.values) is True
            found = _values(evaluation, names(item.condition))
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
    }
    way = ways.get(evaluation.rule) or f"rule {ruleset.ranked[evaluation.rule].name}"
    shown = ", ".join(str(o) for o in decision.outcomes if o in outcomes) or "nothing"
    return passed, f"{decision.name} = {shown} ({way})"


def _rule(ruleset: ir.Ruleset, evaluation: Evaluation, item: ir.ExpectRule) -> tuple[bool, str]:
    ranks = {rule.name: rank for rank, rule in enumerate(ruleset.ranked)}
    rank = ranks[item.rule]
    answer = evaluation.truths[rank]
    involved = names(ruleset.ranked[rank].condition)
    passed = (answer is True) == item.fires
    if item.because is not None:
        involved |= {item.because}
        passed = passed and evaluation.values[item.because] is True
    says = {True: "fires", False: "does not fire", None: "is unknown"}[answer]
    return passed, f"{item.rule} {says} ({_values(evaluation, involved)})"


def _values(evaluation: Evaluation, involved: Iterable[str]) -> str:
    wanted = set(involved)
    shown = [
        f"{name} = {_shown(value)}" for name, value in evaluation.values.items() if name in wanted
    ]
    return ", ".join(shown) or "it reads no value"


def _shown(value: float | int | bool | str | None) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return str(value).lower()
    return shortest_float32(value) if isinstance(value, float) else str(value)
