from __future__ import annotations

import itertools

import pytest

from rules.engines.agree.checking import check_ruleset, settled
from rules.engines.agree.engines import opened
from rules.engines.agree.exhaustive import FEWEST, MOST, all_cases, generate_tiny
from rules.engines.world import admit_case
from rules.language.load import parse
from tests.effort import examples

RULES = """\
ruleset tiny version 1
entity Person max 2
input b: bool
input unread: float
input knows(Person, Person): bool
decide outcome in {no, yes}
    policy first
    default no
    unknown no
rule r "r"
    outcome = yes
    if b and some x, y: knows(x, y)
"""


def test_all_cases_are_all_cases() -> None:
    ruleset = parse(RULES)
    found = list(all_cases(ruleset))
    # Nobody, one or two who are there or may be; then b; then no relation, or all of its values.
    sizes = [1 + 3 ** (people**2) for people in (0, 1, 1, 2, 2, 2, 2)]
    assert len(found) == 3 * sum(sizes)
    assert len({repr(case) for case in found}) == len(found)
    assert all(set(case) == {"Person", "b", "knows"} for case in found)
    for case in itertools.islice(found, 0, None, 17):
        admit_case(ruleset, case)


def test_numbers_are_at_the_threshold_and_beside() -> None:
    text = RULES.replace("b and some x, y: knows(x, y)", "unread > 0.5 and unread != 2")
    found = [case["unread"] for case in all_cases(parse(text))][:4]
    assert found == [2 - 2.0**-23, 2.0, 2 + 2.0**-22, None]


@pytest.mark.parametrize("seed", range(examples(3)))
def test_engines_agree_on_all_cases_of_tiny_programs(seed: int) -> None:
    ruleset = settled(generate_tiny(seed))
    found = list(all_cases(ruleset))
    assert FEWEST <= len(found) <= MOST
    with opened(("python", "backward", "numpy")) as engines:
        checked = check_ruleset(ruleset, found, engines)
    assert not checked.findings, checked.findings[0].told
    assert checked.compared["numpy"] == len(found)
