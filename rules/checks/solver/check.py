"""All questions about a rule set, one after the other."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator

from rules.checks.findings import Finding
from rules.checks.solver.coverage import coverage
from rules.checks.solver.examples import examples
from rules.checks.solver.leaves import any_case
from rules.checks.solver.limits import Step, limits
from rules.checks.solver.model import Model
from rules.checks.solver.questions import Questions, listed
from rules.checks.solver.reach import conflicts, reach
from rules.checks.solver.search import OutOfTime, Search
from rules.checks.solver.symbolic_case import BeyondFragment
from rules.encoding.texts import texts
from rules.language import ir
from rules.language.settings import undated

__all__ = ["solver_findings"]


def solver_findings(ruleset: ir.Ruleset, timeout: float) -> Iterator[Finding]:
    """See `rules.checks.solver.check_by_solver`."""
    if ruleset.decision is None:
        yield _not_checked("the rule set decides nothing", None)
        return
    if late := undated(ruleset):
        yield _not_checked(
            f"rule {late[0].name} holds on some days only; say for which day to check (--on "
            "2026-11-22), or name a date input with `dated` in the decision",
            late[0].span,
        )
        return
    deadline = time.monotonic() + timeout
    yield from examples(ruleset, deadline)
    try:
        case = any_case(ruleset.inputs, ruleset.entities, texts(ruleset))
        model = Model(ruleset, case)
    except BeyondFragment as reason:
        yield _not_checked(str(reason), ruleset.decision.span)
        return
    questions = Questions(model, Search([model], deadline=deadline))
    late_steps = []
    for name, step in _steps(questions):
        try:
            yield from step()
        except OutOfTime:
            late_steps.append(name)
    if late_steps:
        yield _not_checked(
            f"{listed(late_steps)}: no answer in {timeout:g} s", ruleset.decision.span
        )


def _steps(questions: Questions) -> Iterator[Step]:
    for rank, rule in enumerate(questions.rules):
        yield f"rule {rule.name}", functools.partial(reach, questions, rank)
    for rank, rule in enumerate(questions.rules):
        yield f"conflicts of {rule.name}", functools.partial(conflicts, questions, rank)
    yield "cases that no rule decides", functools.partial(coverage, questions)
    yield from limits(questions)


def _not_checked(reason: str, span: ir.Span | None) -> Finding:
    return Finding(code="I114", message=f"not checked: {reason}", span=span, severity="info")
