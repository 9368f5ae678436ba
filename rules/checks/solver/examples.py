"""Tests that cannot hold, and what they would need to."""

from __future__ import annotations

from collections.abc import Iterator

from rules.checks.findings import Finding
from rules.checks.solver.formulas import Formula, conj, neg
from rules.checks.solver.leaves import case_like
from rules.checks.solver.model import Model
from rules.checks.solver.questions import listed
from rules.checks.solver.search import Found, OutOfTime, Search
from rules.checks.solver.symbolic_case import BeyondFragment
from rules.checks.solver.verdict import Verdict
from rules.checks.witness import given_text
from rules.encoding.texts import texts
from rules.engines.reference import Evaluation
from rules.engines.world import admit_case
from rules.language import ir
from rules.testing.run import check_expectation, run_tests

__all__ = ["examples"]


def examples(ruleset: ir.Ruleset, deadline: float) -> Iterator[Finding]:
    """E113: tests that fail, and whether values for what is missing could mend them."""
    for test, result in zip(ruleset.tests, run_tests(ruleset), strict=True):
        if result.passed:
            continue
        failed = next(check for check in result.checks if not check.passed)
        yield Finding(
            code="E113",
            message=f'test "{test.title}" cannot hold: it expects {failed.expected}, but '
            f"{failed.found}",
            span=test.span,
            hint=_mend(ruleset, test, deadline),
            severity="error",
        )


def _mend(ruleset: ir.Ruleset, test: ir.Test, deadline: float) -> str | None:
    """What would make a test hold."""
    for other in ruleset.tests:
        if other is not test and other.case == test.case and _contradict(other, test):
            return f'test "{other.title}" expects another outcome of the same case'
    given = {item.name for item in test.given}
    missing = [item.name for item in ruleset.inputs if item.name not in given]
    if not missing:
        return None
    try:
        found = _completed(ruleset, test, missing, deadline)
    except (BeyondFragment, OutOfTime):
        return None
    if found is None:
        return f"no values of {listed(missing)} make it hold"
    wanted = {name: found.case[name] for name in missing if found.case.get(name) is not None}
    return f"it would hold if it also gave {given_text(ruleset, wanted)}"


def _contradict(left: ir.Test, right: ir.Test) -> bool:
    expected = [
        {
            item.outcome
            for item in test.expectations
            if isinstance(item, ir.ExpectOutcome) and item.op == "="
        }
        for test in (left, right)
    ]
    return bool(expected[0] and expected[1] and not expected[0] & expected[1])


def _completed(
    ruleset: ir.Ruleset, test: ir.Test, missing: list[str], deadline: float
) -> Found | None:
    world = admit_case(ruleset, test.case)
    own = {*texts(ruleset), *(item.value for item in test.given if isinstance(item.value, str))}
    model = Model(ruleset, case_like(ruleset, world, missing, own))
    verdict = Verdict(model)
    wanted = conj(*(_formula(model, verdict, item) for item in test.expectations))

    def holds(one: Evaluation) -> bool:
        checks = (check_expectation(ruleset, one, item) for item in test.expectations)
        return all(check.passed for check in checks)

    return Search([model], deadline=deadline).find(wanted, holds, complete=False)


def _formula(model: Model, verdict: Verdict, item: ir.Expectation) -> Formula:
    match item:
        case ir.ExpectTruth(condition=condition):
            return model.truth(condition).holds
        case ir.ExpectRule(rule=rule, fires=fires, because=because):
            ranks = [rank for rank, one in enumerate(verdict.rules) if one.name == rule]
            fired = model.truths[ranks[0]].holds
            reason = model.read(because).holds if because else True  # type: ignore[union-attr]
            return conj(fired if fires else neg(fired), reason)
        case ir.ExpectOutcome(op="is unknown"):
            return verdict.unknown
        case ir.ExpectOutcome(op=op, outcome=outcome):
            assert outcome is not None
            comes = verdict.comes(outcome)
            return comes if op == "=" else neg(comes)
