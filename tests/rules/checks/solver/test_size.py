"""A rule set of the size that people have."""

from __future__ import annotations

from random import Random

import pytest

import rules
from rules.checks.solver import check_by_solver

MONEY = ("income", "amount", "debt", "assets", "expenses")
COUNTS = ("age", "months", "children", "late")


def policy(count: int) -> str:
    """Random row rules, with a dead and a shadowed one among them."""
    random = Random(1)
    lines = ["ruleset big version 1", "input p: prob", "input guarantor: bool"]
    lines += [f"input {name}: float >= 0" for name in MONEY]
    lines += [f"input {name}: int in 0..120" for name in COUNTS]
    lines.append("input job: {fixed, part, self, none}")
    lines.append("decide o in {x, y, z} policy priority default x unknown z")
    for number in range(count):
        condition = " and ".join(_comparison(random) for _ in range(random.randint(2, 5)))
        priority = 10 * random.randint(1, 12)
        outcome = random.choice("xyz")
        lines.append(f'rule r{number} "r" [priority {priority}] o = {outcome} if {condition}')
    lines.append('rule dead "d" [priority 70] o = x if age > 60 and p > 0.5 and age < 55')
    lines.append('rule early "e" [priority 300] o = y if late > 110')
    lines.append('rule shadowed "s" [priority 80] o = z if late > 115 and guarantor')
    return "\n".join(lines)


def _comparison(random: Random) -> str:
    op = random.choice(("<", "<=", ">", ">="))
    return random.choice(
        (
            f"p {op} {random.randint(5, 95)}%",
            f"{random.choice(MONEY)} {op} {random.randint(1, 99) * 500}",
            f"{random.choice(MONEY)} {op} {random.randint(1, 99) * 500}",
            f"{random.choice(COUNTS)} {op} {random.randint(10, 100)}",
            f"job in {{fixed, {random.choice(('part', 'self', 'none'))}}}",
            random.choice(("guarantor", "not guarantor")),
        )
    )


@pytest.mark.slow
def test_two_hundred_row_rules_are_settled() -> None:
    findings = check_by_solver(rules.parse(policy(200)))
    told = {(finding.code, finding.message.split(" ")[1]) for finding in findings}
    assert {("W104", "dead"), ("W105", "shadowed")} <= told
    assert ("W105", "early") not in told
    assert not [finding for finding in findings if finding.code == "I114"]


def test_twenty_of_them() -> None:
    findings = check_by_solver(rules.parse(policy(20)))
    told = {(finding.code, finding.message.split(" ")[1]) for finding in findings}
    assert {("W104", "dead"), ("W105", "shadowed")} <= told
    assert not [finding for finding in findings if finding.code == "I114"]
