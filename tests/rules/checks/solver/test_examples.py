"""Tests that cannot hold, and what they would need to."""

from __future__ import annotations

import pytest

import rules
from rules.checks.solver import check_by_solver

HEAD = """ruleset s version 1
entity Guarantor max 2
input p: prob
input income: float > 0
input job: {fixed, free, none}
input earns(Guarantor): float
derive strong if some g: earns(g) > 50
decide o in {x, y, z} policy first default x unknown z
rule low "low" o = y if income < 10 and not strong
rule risky "risky" o = z if p > 0.5 and job != fixed
"""


def hints(test: str) -> list[tuple[str, str | None]]:
    findings = check_by_solver(rules.parse(f'{HEAD}test "t" {test}'))
    return [(item.message, item.hint) for item in findings if item.code == "E113"]


@pytest.mark.parametrize(
    ("test", "hint"),
    [
        ("given income = 20, p = 0.2 expect o = z", "no values of job and earns make it hold"),
        (
            "given income = 20, p = 0.6, no earns expect risky fires",
            "it would hold if it also gave job = free",
        ),
        ("given p = 0.2, job = fixed, no earns expect o = y", "it also gave income = 1"),
        (
            "given p = 0.2, job = fixed, earns(anna) = 10 expect low fires, o != x",
            "it also gave income = 1",
        ),
        (
            "given p = 0.2, job = free, income = 5, earns(anna) = 70 expect low fires",
            None,
        ),
        ("given p = 0.2, job = fixed, earns(anna) = 70 expect income > 3", "income = 4"),
        (
            "given p = 0.2, job = fixed, income = 5, no earns expect o is unknown",
            None,
        ),
        (
            "given p = 0.2, job = free, income = 5 expect low does not fire because strong",
            "no values of earns make it hold",
        ),
    ],
)
def test_what_a_test_would_need(test: str, hint: str | None) -> None:
    ((message, told),) = hints(test)
    assert message.startswith('test "t" cannot hold: it expects ')
    assert told is None if hint is None else told is not None and told.endswith(hint), told


def test_tests_that_hold_are_left_alone() -> None:
    assert hints("given p = 0.2, job = free, income = 5, no earns expect o = y") == []


def test_tests_that_contradict_each_other() -> None:
    given = "given p = 0.2, job = free, income = 5, no earns"
    findings = hints(f'{given} expect o = x test "other" {given} expect o = y')
    assert findings == [
        (
            'test "t" cannot hold: it expects o = x, but o = y (rule low)',
            'test "other" expects another outcome of the same case',
        )
    ]
