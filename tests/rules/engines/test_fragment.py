"""Which fragment of the language each name needs."""

from __future__ import annotations

import pytest

import rules
from rules.engines.fragment import fragments, why_unbounded
from rules.language import ir


def mixed(bound: str) -> ir.Ruleset:
    return rules.parse(
        f"""
ruleset mixed version 1
entity Month in 1..12
entity Person{bound}
input income: float
input late(Month): bool
input parent(Person, Person): bool
derive rich if income > 3
derive n_late: int = count m: late(m)
derive both if rich and n_late > 2
derive child(x) if parent(y, x)
derive ancestor(x, y) if parent(x, y)
derive ancestor(x, z) if parent(x, y) and ancestor(y, z)
derive loop if rich
derive loop if loop and n_late > 3
decide outcome in {{no, yes}}
    policy first
    default no
    unknown no
rule row "row"
    outcome = yes
    if rich
rule join "join"
    outcome = yes
    if some m: late(m)
rule closed "closed"
    outcome = yes
    if some x: ancestor(x, x)
rule quantified "quantified"
    outcome = yes
    if income > 4 and all x in Person: income > 5
"""
    )


def test_each_name_has_the_least_fragment_that_holds_what_it_reads() -> None:
    found = fragments(mixed(" max 4"))
    assert found == {
        "rich": "F0",
        "n_late": "F1",
        "both": "F1",
        "child": "F1",
        "ancestor": "F2",
        "loop": "F2",
        "row": "F0",
        "join": "F1",
        "closed": "F2",
        "quantified": "F1",
    }
    assert why_unbounded(mixed(" max 4")) == {}


def test_entities_without_a_bound_are_for_the_host_and_say_what_to_declare() -> None:
    unbounded = mixed("")
    names = ("child", "ancestor", "closed", "quantified")
    assert [name for name, label in fragments(unbounded).items() if label == "F3"] == list(names)
    told = why_unbounded(unbounded)
    assert set(told) == set(names)
    assert told["closed"] == (
        "closed is about any number of Person objects; declare `entity Person max N` for engines "
        "that work on arrays"
    )


@pytest.mark.parametrize("policy", ["first", "priority"])
def test_rules_are_named_in_order_of_precedence(policy: str) -> None:
    text = f"""
ruleset two version 1
input x: float
decide outcome in {{no, yes}}
    policy {policy}
    default no
    unknown no
rule a "a"
    outcome = yes
    if x > 1
rule b "b"
    outcome = no
    if x > 2
"""
    assert fragments(rules.parse(text)) == {"a": "F0", "b": "F0"}
