from __future__ import annotations

import json

import pytest

from rules.engines.rete.compile import compile_program
from rules.engines.rete.definition import MAX_JOINS, rule_definition, ruleset_json
from rules.engines.rete.program import (
    GO,
    START,
    Clause,
    Comparison,
    FactType,
    Head,
    Literal,
    Part,
)
from tests.rules.engines.rete.policies import GUARANTORS, policy

EARNS, OWES, HEAD = FactType("value", "earns"), FactType("true", "owes"), FactType("true", "rule 0")
CODES = {START: 0, GO: 1, EARNS: 2, OWES: 3, HEAD: 4}


def clause(*literals: Literal, comparisons: tuple[Comparison, ...] = ()) -> Clause:
    return Clause(head=HEAD, terms=(), literals=literals, comparisons=comparisons)


def test_the_verified_form() -> None:
    rule = rule_definition(
        Clause(
            head=HEAD,
            terms=("x", 7),
            literals=(
                Literal(EARNS, ("x",), ((">", 5),), negated=True),
                Literal(OWES, ("x", "y")),
                Literal(OWES, ("y", 2)),
            ),
        ),
        CODES,
    )
    assert rule.patterns == (
        {"f0": {"$and": [{"t": 3}, {"a1": 2}]}},
        {"f1": {"$and": [{"t": 3}, {"a1": {"f0": "a0"}}, {"one": {"f0": "one"}}]}},
        {"go": {"$and": [{"t": 1}, {"one": {"f0": "one"}}]}},
        {
            "n3$not": {
                "$and": [
                    {"t": 2},
                    {"$gt": {"v": 5}},
                    {"a0": {"f1": "a0"}},
                    {"one": {"f0": "one"}},
                ]
            }
        },
    )
    assert rule.head == Head(4, (("f1", "a0"), 7))


def test_every_join_ends_with_the_tautology() -> None:
    for step in compile_program(GUARANTORS).steps:
        for rule in step.rules if isinstance(step, Part) else ():
            first = next(iter(rule.patterns[0]))
            names = [next(iter(pattern)) for pattern in rule.patterns]
            bodies = [next(iter(pattern.values()))["$and"] for pattern in rule.patterns]
            assert all(body[-1] == {"one": {first: "one"}} for body in bodies[1:])
            assert all(set(body[0]) == {"t"} for body in bodies)
            denied = [name.endswith("$not") for name in names]
            assert denied == sorted(denied)
            assert "go" in names or not any(denied)
            if any(denied):
                assert names[denied.index(True) - 1] == "go"


def test_no_denial_stands_first() -> None:
    rule = rule_definition(clause(Literal(EARNS, (), negated=True)), CODES)
    assert [next(iter(pattern)) for pattern in rule.patterns] == ["go", "n1$not"]


def test_nothing_to_match_is_the_start() -> None:
    rule = rule_definition(clause(), CODES)
    assert rule.patterns == ({"f0": {"$and": [{"t": 0}]}},)


def test_one_object_in_two_places_is_compared_by_matching_again() -> None:
    rule = rule_definition(clause(Literal(OWES, ("x", "x"))), CODES)
    again = rule.patterns[1]["f1"]["$and"]
    assert {"a1": {"f0": "a0"}} in again
    assert {"a0": {"f0": "a0"}} in again


def test_comparisons_within_one_fact_and_between_facts() -> None:
    within = Comparison("!=", "x", "y")
    rule = rule_definition(clause(Literal(OWES, ("x", "y")), comparisons=(within,)), CODES)
    assert {"$neq": {"a0": {"f0": "a1"}}} in rule.patterns[1]["f1"]["$and"]

    values = Literal(EARNS, ("x",), value="v"), Literal(EARNS, ("y",), value="w")
    rule = rule_definition(clause(*values, comparisons=(Comparison("<", "v", "w"),)), CODES)
    assert {"$gt": {"v": {"f0": "v"}}} in rule.patterns[1]["f1"]["$and"]

    rule = rule_definition(clause(*values, comparisons=(Comparison("<", "w", "v"),)), CODES)
    assert {"$lt": {"v": {"f0": "v"}}} in rule.patterns[1]["f1"]["$and"]

    fixed = Comparison(">=", "x", 3)
    rule = rule_definition(clause(Literal(OWES, ("x", "y")), comparisons=(fixed,)), CODES)
    assert rule.patterns == ({"f0": {"$and": [{"t": 3}, {"$gte": {"a0": 3}}]}},)


def test_limits() -> None:
    many = [Literal(OWES, (f"v{number}", f"v{number + 1}")) for number in range(16)]
    rule_definition(clause(*many), CODES)
    with pytest.raises(ValueError, match="17 patterns, expected at most 16"):
        rule_definition(clause(*many, Literal(EARNS, ("v0",))), CODES)
    wide = tuple(f"v{number}" for number in range(MAX_JOINS + 1))
    with pytest.raises(ValueError, match="29 joins in a pattern, expected at most 28"):
        rule_definition(clause(Literal(OWES, wide), Literal(EARNS, wide)), CODES)


def test_the_text_is_json_of_whole_numbers() -> None:
    program = compile_program(policy("input x: float", "x > 1e-05 or x < -1e30"))
    (part,) = (step for step in program.steps if isinstance(step, Part))

    def refuse(text: str) -> None:
        raise AssertionError(text)

    named = json.loads(
        ruleset_json(part.rules, program.codes), parse_float=refuse, parse_constant=refuse
    )
    assert named["start"] == {"all": [{"f0": {"t": program.codes[START]}}], "dist": 0}
    assert all(rule["dist"] == 0 for rule in named.values())
