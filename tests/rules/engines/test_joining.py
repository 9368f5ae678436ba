"""Witnesses found through relations: the same answers as by trying every object."""

from __future__ import annotations

import random
from typing import Any

import pytest

from rules.engines.backward import Query
from rules.engines.generated import generate
from rules.engines.reference import evaluate
from rules.engines.values import Value
from rules.engines.world import Object, Objects, Relation
from rules.language.load import parse

TEXT = """ruleset family version 1
entity Person max 9
input parent(Person, Person): bool
input age(Person): int in 0..120
derive ancestor(x, z) if parent(x, z)
derive ancestor(x, z) if parent(x, y) and ancestor(y, z)
derive generation(x, y) if parent(z, x) and parent(z, y)
derive generation(x, y) if parent(v, x) and parent(w, y) and generation(v, w)
derive sibling(x) if some y: parent(y, x) and (some v in Person: parent(y, v) and age(v) > 20)
derive looped(x) if parent(x, x)
derive children(x): int = count y: parent(x, y)
derive oldest(x): int = max y where parent(x, y): age(y)
decide outcome in {yes, no}
    policy first
    default no
    unknown no
rule r "r"
    outcome = yes
    if some x in Person: ancestor(x, x) or sibling(x) and children(x) > 1
"""
NAMES = ("ann", "bob", "cleo", "dan")


def _cases() -> list[dict[str, Any]]:
    chance = random.Random(7)
    found: list[dict[str, Any]] = [{}, {"parent": []}, {"Person": {"ann": None}, "parent": []}]
    for _ in range(40):
        pairs = {
            (one, other): chance.choice((True, True, False, None))
            for one in NAMES
            for other in NAMES
            if chance.random() < 0.4
        }
        there = {name: chance.choice((True, None)) for name in NAMES}
        ages = {name: chance.choice((10, 30, None)) for name in NAMES}
        found.append({"parent": pairs, "Person": there, "age": ages})
    return found


@pytest.mark.parametrize("case", _cases())
def test_as_the_reference(case: dict[str, Any]) -> None:
    ruleset = parse(TEXT)
    wanted = evaluate(ruleset, case)
    query = Query(ruleset, case)
    for item in reversed(ruleset.derived):
        values: Any = wanted.values[item.name]
        for objects, value in values.items():
            assert query.ask(item.name, *objects) is value or value == query.ask(
                item.name, *objects
            ), (item.name, objects)
    assert query.decide() == (wanted.outcome, wanted.rule) == generate(ruleset)(case)


def test_candidates_are_in_the_order_of_the_objects() -> None:
    people: dict[Object, bool | None] = {"ann": True, "bob": True, "cleo": None}
    entries: dict[Objects, Value | None] = {
        ("ann", "cleo"): True,
        ("ann", "ann"): None,
        ("ann", "bob"): False,
    }
    relation = Relation([people, people], entries, False)
    assert list(relation.candidates(1, ("ann",))) == ["ann", "cleo"]
    assert list(relation.candidates(0, ("cleo",))) == ["ann"]
    assert list(relation.candidates(1, ("bob",))) == []
    assert list(Relation([people, people], entries, None).candidates(1, ("bob",))) == list(people)


def test_a_thousand_people() -> None:
    """What is read grows with the entries, not with the square of the people."""
    text = TEXT.replace(" max 9", "")
    ruleset = parse(text.replace("ancestor(x, x) or sibling(x) and children(x) > 1", "looped(x)"))
    case = {"parent": [[f"p{number}", f"p{number + 1}"] for number in range(999)]}
    query = Query(ruleset, case)
    assert query.ask("ancestor", "p0", "p999") is True
    assert len(query.goals) == 999
    assert query.ask("ancestor", "p999", "p0") is False and len(query.goals) == 1000
