"""Constraints that contradict each other, or that rules and fall-backs break."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

from rules.checks.findings import Finding
from rules.checks.solver.formulas import conj, disj, neg
from rules.checks.solver.questions import Questions
from rules.checks.solver.search import Found
from rules.engines.decisions import CONFLICT, DEFAULT, UNKNOWN, VIOLATED
from rules.engines.reference import Evaluation
from rules.engines.semantics import truth
from rules.language import ir

__all__ = ["Step", "limits"]

# What is checked, for messages, and what does it.
Step = tuple[str, Callable[[], Iterator[Finding]]]


def limits(questions: Questions) -> Iterator[Step]:
    """What to check about the constraints, in steps that can be left out one by one."""
    constraints = questions.ruleset.constraints
    for index, item in enumerate(constraints):
        yield f'constraint "{item.title}"', functools.partial(_alone, questions, index)
    binding = [index for index, item in enumerate(constraints) if item.weight is None]
    if binding:
        yield "contradictions", functools.partial(_contradiction, questions, binding)
        for rank, rule in enumerate(questions.rules):
            step = functools.partial(_broken_by_rule, questions, rank)
            yield f"constraints on {rule.name}", step
        yield "constraints on the default", functools.partial(_broken_by_default, questions)


def _alone(questions: Questions, index: int) -> Iterator[Finding]:
    """A constraint that never applies, or that what is decided of unknown cases may break."""
    decision, verdict = questions.ruleset.decision, questions.verdict
    assert decision is not None
    item, applies = questions.ruleset.constraints[index], questions.model.limits[index].holds
    if questions.find(applies, lambda one: _applies(item, one)) is None:
        yield questions.finding("W112", f'constraint "{item.title}" never applies', span=item.span)
        return
    if item.weight is not None or decision.unknown in item.allowed:
        return
    found = questions.find(
        conj(applies, neg(verdict.decided)),
        lambda one: one.rule in (UNKNOWN, CONFLICT, VIOLATED) and _applies(item, one),
    )
    if found is not None:
        yield questions.finding(
            "W111",
            f'the outcome {decision.unknown} of undecided cases may break "{item.title}"',
            span=item.span,
            hint=f"allow {decision.unknown} in it, or declare another `unknown`",
            found=found,
            title="an undecided case breaks a constraint",
        )


def _applies(item: ir.Constraint, one: Evaluation) -> bool:
    return truth(item.condition, one.world) is True


def _contradiction(questions: Questions, binding: list[int]) -> Iterator[Finding]:
    """Where the constraints that apply leave no outcome; under `collect`, only the empty set."""
    decision, constraints = questions.ruleset.decision, questions.ruleset.constraints
    assert decision is not None
    hold = {index: questions.model.limits[index].holds for index in binding}
    excluded = [
        disj(*(held for index, held in hold.items() if name not in constraints[index].allowed))
        for name in decision.outcomes
    ]

    def nothing_left(one: Evaluation) -> bool:
        left = set(decision.outcomes)
        for index in binding:
            if _applies(constraints[index], one):
                left &= set(constraints[index].allowed)
        return not left

    found = questions.find(conj(*excluded), nothing_left)
    if found is not None:
        met = [i for i in binding if _applies(constraints[i], found.evaluations[0])]
        titles = ", ".join(f'"{constraints[index].title}"' for index in met)
        yield questions.finding(
            "E108",
            f"no outcome satisfies the constraints that can apply together: {titles}",
            span=constraints[met[-1]].span,
            severity="error",
            found=found,
            title="the constraints contradict each other",
        )


def _broken_by_rule(questions: Questions, rank: int) -> Iterator[Finding]:
    rule, verdict = questions.rules[rank], questions.verdict
    wins = verdict.wins(rank)
    broken = questions.find(
        conj(wins, verdict.violated),
        lambda one: one.rule == VIOLATED and _winner(one) == rank,
    )
    if broken is None:
        return
    titles = _titles(questions, broken)
    decides = questions.find(verdict.decides(rank), lambda one: one.rule == rank)
    if decides is None:
        yield questions.finding(
            "E109",
            f"rule {rule.name} breaks a binding constraint whenever it decides: {titles}",
            span=rule.span,
            severity="error",
            found=broken,
            title=f"{rule.name} breaks a constraint",
        )
    else:
        yield questions.finding(
            "I110",
            f"rule {rule.name} is overruled in some cases by {titles}",
            span=rule.span,
            severity="info",
            found=broken,
            title=f"{rule.name} is overruled",
        )


def _broken_by_default(questions: Questions) -> Iterator[Finding]:
    decision, verdict = questions.ruleset.decision, questions.verdict
    assert decision is not None
    found = questions.find(
        conj(verdict.none_fires, verdict.violated),
        lambda one: one.rule == VIOLATED and _winner(one) == DEFAULT,
    )
    if found is not None:
        yield questions.finding(
            "W111",
            f"the default {decision.default} may break {_titles(questions, found)}",
            span=decision.span,
            found=found,
            title="the default breaks a constraint",
        )


def _winner(one: Evaluation) -> int:
    """The rank of the first rule that fires, or DEFAULT."""
    return next((rank for rank, held in enumerate(one.truths) if held is True), DEFAULT)


def _titles(questions: Questions, found: Found) -> str:
    pairs = zip(questions.ruleset.constraints, found.evaluations[0].violated, strict=True)
    return ", ".join(f'"{item.title}"' for item, broken in pairs if broken and item.weight is None)
