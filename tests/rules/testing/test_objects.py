"""Tests about objects, dates and constraints: what is met, and what is told."""

from __future__ import annotations

import dataclasses
from datetime import date

import pytest

import rules
from rules.language import ir
from tests.rules.lending import TEXT

HEAD = TEXT.split('\ntest "')[0].replace(
    "derive n_late",
    "derive soon: date = signed_on + 1\n"
    "derive owes_more(g, m in Month) if earns(g) < 1 and late(m)\n"
    "derive n_late",
)


def outcome(body: str, head: str = HEAD) -> list[tuple[bool, str]]:
    (result,) = rules.run_tests(rules.parse(f'{head}\ntest "t" {body}'))
    return [(check.passed, check.found) for check in result.checks]


@pytest.mark.parametrize(
    ("given", "expect", "passed", "found"),
    [
        ("earns(anna) = 80_000", "rich(anna)", True, "rich = {anna}"),
        ("earns(anna) = 8, earns(bob) = unknown", "rich(anna)", False, "rich = {bob: unknown}"),
        ("earns(anna) = 8", "not rich(anna)", True, "rich = {}"),
        ("earns(anna) = 8", "earns(anna) > 9", False, "earns = {anna: 8}"),
        ("no Guarantor", "not strong", True, "strong = false"),
        ("no late", "n_late = 0", True, "n_late = 0"),
        ("late(3) = true, late(12) = true", "late(4)", False, "late = {3, 12}"),
        ("earns(anna) = 0, late(2) = true", "owes_more(anna, 2)", True, "owes_more = {anna/2}"),
        ("signed_on = 2026-02-28", "soon = 2026-03-01", True, "soon = 2026-03-01"),
        ("country = \"FR\"", "country = \"BE\"", False, 'country = "FR"'),
        ("no earns", "risky fires", False,
         "risky is unknown (cutoff = 0.4, p_default = unknown, strong = false)"),
    ],
)  # fmt: skip
def test_expectations(given: str, expect: str, passed: bool, found: str) -> None:
    assert outcome(f"given {given} expect {expect}") == [(passed, found)]


def test_an_object_that_is_not_there() -> None:
    """The checker refuses it in a text; a rule set may come from elsewhere."""
    ruleset = rules.parse(f'{HEAD}\ntest "t" given earns(anna) = 8 expect not rich(anna)')
    (test,) = ruleset.tests
    other = dataclasses.replace(test, given=(ir.Given(name="Guarantor", empty=True),))
    (result,) = rules.run_tests(dataclasses.replace(ruleset, tests=(other,)))
    assert result.checks[0].found == "this case has no Guarantor anna, it has: none"


def test_no_more_than_eight_objects_are_shown() -> None:
    months = ", ".join(f"late({month}) = true" for month in range(1, 11))
    ((_, found),) = outcome(f"given {months} expect late(12)")
    assert found == "late = {1, 2, 3, 4, 5, 6, 7, 8, ...}"


def test_broken_constraints_are_named() -> None:
    body = 'given p_default = 0, p_fraud = 1, no Guarantor, no late, country = "FR"'
    told = 'outcome = refer (breaks "fraud is never approved")'
    assert outcome(f"{body} expect outcome = refer, outcome is unknown") == [
        (True, told), (False, told)
    ]  # fmt: skip


def test_rules_of_another_day() -> None:
    text = HEAD.replace("[priority 100]", "[priority 100, since 2026-01-01]")
    text += '\ntest "t" given p_default = 1, no Guarantor, no late expect risky fires'
    with pytest.raises(ValueError, match="risky holds since 2026-01-01; say for which day"):
        rules.run_tests(rules.parse(text))
    for day, passed, found in (
        (date(2026, 1, 1), True, "risky fires (cutoff = 0.4, p_default = 1, strong = false)"),
        (date(2025, 12, 31), False, "risky is not in force on this day"),
    ):
        (result,) = rules.run_tests(rules.in_force(rules.parse(text), day))
        assert [(check.passed, check.found) for check in result.checks] == [(passed, found)]
