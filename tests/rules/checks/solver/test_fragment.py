"""Where the solver stops, it says so."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

import rules
from rules.checks.solver import check_by_solver, require_solver
from rules.checks.solver.search import Disagreement, OutOfTime, Search
from rules.language import ir
from rules.language.settings import in_force

DECIDE = "decide o in {x, y} policy first default x unknown y\n"
PEOPLE = Path(__file__).parents[2] / "example_people.rules"


def messages(text: str, timeout: float = 60.0) -> dict[str, str]:
    findings = check_by_solver(rules.parse(text), timeout=timeout)
    return {finding.code: finding.message for finding in findings}


def test_a_rule_set_that_decides_nothing() -> None:
    (finding,) = check_by_solver(rules.load(PEOPLE))
    assert finding.code == "I114" and finding.severity == "info"
    assert finding.message == "not checked: the rule set decides nothing"


def test_an_entity_without_bound() -> None:
    text = (
        f"ruleset s version 1 entity Person input tall(Person): bool {DECIDE} "
        'rule r "r" o = y if some p: tall(p)'
    )
    assert messages(text) == {
        "I114": "not checked: a case may have any number of objects of entity Person; declare "
        "`entity Person max N`"
    }


def test_too_many_objects() -> None:
    text = (
        f"ruleset s version 1 entity Person max 50 input knows(Person, Person): bool {DECIDE} "
        'rule r "r" o = y if some p: knows(p, p)'
    )
    assert messages(text) == {
        "I114": "not checked: knows is about more than 2_000 tuples of objects"
    }
    big = text.replace("max 50", "max 5000").replace("(Person, Person)", "(Person)")
    assert "5_000 objects of Person" in messages(big.replace("(p, p)", "(p)"))["I114"]


def test_a_recursion_that_is_too_large() -> None:
    text = (
        "ruleset s version 1 entity Person max 20 input knows(Person, Person): bool\n"
        "derive far(x, y) if knows(x, y)\n derive far(x, z) if knows(x, y) and far(y, z)\n"
        f'{DECIDE} rule r "r" o = y if some p, q: far(p, q)'
    )
    assert messages(text) == {"I114": "not checked: far is recursive over 400 tuples of objects"}


def test_conditions_that_are_too_large_to_be_written_out() -> None:
    text = (
        "ruleset s version 1 entity Day in 1..30 input late(Day): bool\n"
        f'{DECIDE} rule r "r" o = y if some a, b, c, d: late(a) and late(b) and late(c) and late(d)'
    )
    assert "take more than 50_000 steps to write out" in messages(text)["I114"]


def test_rules_of_some_days_need_the_day() -> None:
    text = (
        f"ruleset s version 1 input a: float {DECIDE} "
        'rule r "r" [since 2026-01-01] o = y if a > 1 and a < 0'
    )
    assert messages(text)["I114"].startswith("not checked: rule r holds on some days only")
    from datetime import date

    findings = check_by_solver(in_force(rules.parse(text), date(2026, 5, 1)))
    assert [finding.code for finding in findings] == ["W104", "I101"]
    findings = check_by_solver(in_force(rules.parse(text), date(2025, 5, 1)))
    assert [finding.code for finding in findings] == ["I101"]


def test_out_of_time() -> None:
    text = f'ruleset s version 1 input a: float {DECIDE} rule r "r" o = y if a > 1'
    assert messages(text, timeout=0.0)["I114"].endswith("no answer in 0 s")


def test_the_absent_solver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rules.checks.solver.has_solver", lambda: False)
    with pytest.raises(ModuleNotFoundError, match=r"^diff needs the z3 solver.*rulax\[check\]"):
        require_solver("diff")


HARD = """ruleset s version 1
input amount: float >= 0
input income: float > 0
derive burden: float = amount / income
decide o in {x, y} policy first default x unknown y
"""


def test_two_results_that_exclude_each_other_along_a_line() -> None:
    """Boxes can't tell here: z3 computes in floats."""
    text = HARD + 'rule r "r" o = y if burden < 3 and amount > 3.1 * income and income < 1000\n'
    assert "W104" in messages(text)


def test_equations_are_solved() -> None:
    text = HARD + 'rule r "r" o = y if amount + income = 12.5 and amount * income = 25\n'
    (finding,) = [item for item in check_by_solver(rules.parse(text)) if item.code == "I101"]
    assert finding.witness is not None
    assert "W104" not in messages(text)


def test_a_disagreement_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of the solver's account must not pass as a finding."""
    search = _search('rule r "r" o = y if amount > 1')
    with pytest.raises(Disagreement, match="the solver and the reference engine disagree"):
        search.find(search.models[0].truths[0].holds, lambda _one: False)


def test_a_deadline_that_has_passed() -> None:
    search = _search('rule r "r" o = y if amount > 1')
    search.deadline = time.monotonic() - 1
    with pytest.raises(OutOfTime):
        search.find(search.models[0].truths[0].holds, lambda _one: True)


def _search(rule: str) -> Search:
    from rules.checks.solver.leaves import any_case
    from rules.checks.solver.model import Model

    ruleset: ir.Ruleset = rules.parse(HARD + rule)
    case = any_case(ruleset.inputs, ruleset.entities, ())
    return Search([Model(ruleset, case)], deadline=time.monotonic() + 60)
