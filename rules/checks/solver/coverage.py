"""Cases that no rule decides, and cases that stay unknown though nothing is missing."""

from __future__ import annotations

from collections.abc import Iterator

from rules.checks.findings import Finding
from rules.checks.solver.formulas import Formula, conj, disj, neg
from rules.checks.solver.keys import key_of, successor
from rules.checks.solver.questions import Questions
from rules.checks.solver.space import Number
from rules.checks.solver.values import Numeric
from rules.engines.decisions import UNKNOWN

__all__ = ["coverage"]

SMALL, LARGE = 0.001, 1e9  # magnitudes that no result of which leaves float32


def coverage(questions: Questions) -> Iterator[Finding]:
    """I101, W102: no rule fires; W103: unknown although the case lacks nothing."""
    decision = questions.ruleset.decision
    assert decision is not None
    no_rule = questions.find(
        questions.verdict.all_false,
        lambda one: all(truth is False for truth in one.truths),
        complete=True,
    )
    if no_rule is not None and decision.default in (decision.unknown, None):
        falls = (
            "the empty set" if decision.default is None else f"{decision.default}, as if unknown"
        )
        yield questions.finding(
            "W102",
            f"no rule decides some cases: they get {falls}",
            span=decision.span,
            hint="write a rule for them, or give the default an outcome of its own",
            found=no_rule,
            title="no rule fires",
        )
    elif no_rule is not None:
        yield questions.finding(
            "I101",
            f"no rule decides some cases: they get the default {decision.default}",
            span=decision.span,
            severity="info",
            found=no_rule,
            title="the default decides",
        )

    unknown = questions.find(
        conj(questions.verdict.unknown, _common_sizes(questions)),
        lambda one: one.rule == UNKNOWN,
        complete=True,
    )
    if unknown is not None:
        yield questions.finding(
            "W103",
            "some cases that lack nothing stay undecided: a division by zero, or a derived value "
            "outside its bounds",
            span=decision.span,
            hint="rule it out by bounds of the inputs, or write a rule with `is unknown`",
            found=unknown,
            title="undecided though nothing is missing",
        )


def _common_sizes(questions: Questions) -> Formula:
    """No float is so large or small that results leave float32: that is no reason to warn."""
    numbers = [
        leaf.value.number
        for leaf in questions.model.case.leaves.values()
        if isinstance(leaf.value, Numeric) and leaf.value.number.is_float
    ]
    return conj(*(_common_size(one) for one in numbers))


def _common_size(number: Number) -> Formula:
    def between(low: float, high: float) -> Formula:
        beyond = successor(key_of(high), is_float=True)
        return conj(number.at_least(key_of(low)), neg(number.at_least(beyond)))

    return disj(between(-LARGE, -SMALL), between(0.0, 0.0), between(SMALL, LARGE))
