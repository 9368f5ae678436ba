"""Findings about rules over objects, dates, texts and params."""

from __future__ import annotations

import rules
from rules.checks.finding import Finding
from rules.checks.solver import check_by_solver
from rules.checks.witness import test_text as block_text
from rules.language.ruleset_printer import ruleset_text

HEAD = """ruleset s version 1
entity Guarantor max 3
entity Month in 1..4
input earns(Guarantor): float >= 0
input adult(Guarantor): bool
input late(Month): bool
input knows(Guarantor, Guarantor): bool
input signed_on: date
input country: string
param cutoff: float = 100
derive n_late = count m: late(m)
derive total: float = sum g where adult(g): earns(g)
derive linked(x, y) if knows(x, y)
derive linked(x, z) if knows(x, y) and linked(y, z)
decide o in {x, y} policy priority default x unknown y
"""


def found(rule: str, head: str = HEAD) -> dict[str, Finding]:
    ruleset = rules.parse(head + rule)
    findings = {finding.code: finding for finding in check_by_solver(ruleset)}
    for finding in findings.values():
        if finding.witness is not None:
            pasted = f"{ruleset_text(ruleset)}\n{block_text(ruleset, finding.witness)}\n"
            assert all(result.passed for result in rules.run_tests(rules.parse(pasted))), pasted
    return findings


def dead(condition: str) -> bool:
    return "W104" in found(f'rule r "r" o = y if {condition}')


def test_counts_know_how_many_objects_there_are() -> None:
    assert dead("n_late > 4")
    assert not dead("n_late >= 4")
    assert dead("(count g: adult(g)) > 3")
    assert not dead("(count g: adult(g)) = 3 and n_late = 2")


def test_sums_are_over_those_who_count() -> None:
    assert dead("total > 0 and not (some g: adult(g))")
    assert dead("total > 100 and all g: earns(g) < 30")
    assert not dead("total > 100 and all g: earns(g) < 40")


def test_extremes_and_means() -> None:
    assert dead("(max g: earns(g)) < (min g: earns(g))")
    assert dead("(mean g: earns(g)) > 50 and all g: earns(g) <= 20")
    assert not dead("(mean g: earns(g)) > 50 and some g: earns(g) <= 20")


def test_recursion_is_closed() -> None:
    assert dead("(some x, y: knows(x, y)) and not (some x, y: linked(x, y))")
    assert not dead("(some x: linked(x, x)) and not (some x: knows(x, x))")


def test_objects_that_are_absent_have_no_facts() -> None:
    assert dead("(all g: earns(g) > 5) and (some g: adult(g) and earns(g) < 5)")
    assert not dead("(all g: earns(g) > 5) and total = 0")


def test_dates() -> None:
    assert dead("signed_on > 2026-03-01 and signed_on + 10 days < 2026-03-05")
    assert not dead("signed_on - 30 days = 2026-01-01")
    assert dead("signed_on > 9999-12-30 and signed_on + 2 days > 2026-01-01")


def test_texts() -> None:
    assert dead('country = "DE" and country = "AT"')
    assert not dead('country != "DE" and country != "AT" and country is known')


def test_params_are_constants() -> None:
    assert dead("total > cutoff and total < 50")
    assert not dead("total > cutoff and total < 150")


def test_witnesses_have_few_objects() -> None:
    finding = found('rule r "r" o = y if some g: earns(g) > 50')["I101"]
    assert finding.witness is not None
    assert block_text(rules.parse(HEAD), finding.witness).startswith(
        'test "the default decides"\n    given no Guarantor, no adult'
    )


def test_what_is_missing_can_matter() -> None:
    """A rule that fires only where something is missing is not dead."""
    assert not dead("country is unknown")
    assert not dead("(some g: earns(g) > 5) is unknown")
    assert dead("(some g: earns(g) > 5) is unknown and all g: earns(g) < 3")
