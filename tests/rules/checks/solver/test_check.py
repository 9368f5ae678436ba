"""The solver against all cases, one by one: what it finds is there, what it doesn't isn't."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

import rules
from rules.checks.solver import check_by_solver
from rules.checks.witness import test_text as block_text
from rules.engines.decisions import CONFLICT, DEFAULT, UNKNOWN, VIOLATED
from rules.engines.reference import Evaluation
from rules.engines.semantics import truth
from rules.language import ir
from rules.language.ruleset_printer import ruleset_text
from tests.rules.checks.solver.tiny import evaluations, tiny


@pytest.mark.parametrize("seed", range(60))
def test_findings_are_what_brute_force_finds(seed: int) -> None:
    ruleset = tiny(seed)
    findings = check_by_solver(ruleset)
    found = {(finding.code, finding.message) for finding in findings}
    assert {(code, _subject(message)) for code, message in found} == _expected(ruleset)


@pytest.mark.parametrize("seed", range(60, 80))
def test_witnesses_can_be_pasted(seed: int) -> None:
    ruleset = tiny(seed)
    for finding in check_by_solver(ruleset):
        if finding.witness is not None:
            pasted = f"{ruleset_text(ruleset)}\n{block_text(ruleset, finding.witness)}\n"
            (result,) = rules.run_tests(rules.parse(pasted))
            assert result.passed, (finding, result)


def _subject(message: str) -> str:
    """What a message is about: the rule that it names first, or the constraint."""
    if message.startswith("the default"):
        return "default"
    if message.startswith("no outcome"):
        return ""
    words = message.replace(",", " ").split()
    for word in words:
        if word.startswith("r") and word[1:].isdigit():
            return word
        if word.startswith('"k'):
            return word.strip('"')
    return ""


def _expected(ruleset: ir.Ruleset) -> set[tuple[str, str]]:
    every, complete = evaluations(ruleset), evaluations(ruleset, complete=True)
    decision = ruleset.decision
    assert decision is not None
    expected: set[tuple[str, str]] = set()
    if any(all(held is False for held in one.truths) for one in complete):
        expected.add(("W102" if decision.default == decision.unknown else "I101", ""))
    if any(one.rule == UNKNOWN for one in complete):
        expected.add(("W103", ""))
    for rank, rule in enumerate(ruleset.ranked):
        expected |= {(code, rule.name) for code in _about_rule(ruleset, rank, every)}
    return expected | _about_constraints(ruleset, every)


def _about_rule(ruleset: ir.Ruleset, rank: int, every: Sequence[Evaluation]) -> set[str]:
    decision, ranked = ruleset.decision, ruleset.ranked
    assert decision is not None
    fires = [one.truths for one in every if one.truths[rank]]
    if not fires:
        return {"W104"}
    codes = set()
    outcome = ranked[rank].outcome
    rivals = [
        other
        for other in range(len(ranked))
        if other != rank
        and {
            "first": other < rank,
            "priority": other < rank,
            "unique": True,
        }.get(decision.policy, other < rank and ranked[other].outcome == outcome)
    ]
    if rivals and all(any(truths[other] for other in rivals) for truths in fires):
        codes.add("W105")
    later = range(rank + 1, len(ranked))
    if decision.policy == "priority":
        above = [o for o in range(rank) if ranked[o].priority > ranked[rank].priority]
        tied = [
            o
            for o in later
            if ranked[o].priority == ranked[rank].priority and ranked[o].outcome != outcome
        ]
        if any(any(t[o] for o in tied) and not any(t[o] for o in above) for t in fires):
            codes.add("W106")
    if decision.policy in ("unique", "any"):
        against = [o for o in later if decision.policy == "unique" or ranked[o].outcome != outcome]
        if any(any(t[o] for o in against) for t in fires):
            codes.add("E107")
    broken = [one for one in every if one.rule == VIOLATED and _winner(one) == rank]
    if broken:
        codes.add("I110" if any(one.rule == rank for one in every) else "E109")
    return codes


def _winner(one: Evaluation) -> int:
    return next((rank for rank, held in enumerate(one.truths) if held), DEFAULT)


def _about_constraints(ruleset: ir.Ruleset, every: Sequence[Evaluation]) -> set[tuple[str, str]]:
    decision, constraints = ruleset.decision, ruleset.constraints
    assert decision is not None
    expected: set[tuple[str, str]] = set()
    applies = {
        item.title: [one for one in every if truth(item.condition, one.world) is True]
        for item in constraints
    }
    for item in constraints:
        if not applies[item.title]:
            expected.add(("W112", item.title))
        elif (
            item.weight is None
            and decision.unknown not in item.allowed
            and any(one.rule in (UNKNOWN, CONFLICT, VIOLATED) for one in applies[item.title])
        ):
            expected.add(("W111", item.title))
    binding = [item for item in constraints if item.weight is None]
    for one in every:
        left = set(decision.outcomes)
        for item in binding:
            if truth(item.condition, one.world) is True:
                left &= set(item.allowed)
        if not left:
            expected.add(("E108", ""))
    if any(one.rule == VIOLATED and _winner(one) == DEFAULT for one in every):
        expected.add(("W111", "default"))
    return expected
