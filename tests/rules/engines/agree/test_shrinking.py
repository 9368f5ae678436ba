from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from rules.engines.agree import cases, generate
from rules.engines.agree.checking import check_ruleset, settled
from rules.engines.agree.comparison import Excluded, Failed, Said, differences
from rules.engines.agree.engines import opened
from rules.engines.agree.reductions import smaller_cases, smaller_rulesets
from rules.engines.agree.rewriting import free_variables, simpler
from rules.engines.agree.shrinking import shrink
from rules.engines.agree.telling import shrunk, tell
from rules.engines.reference import evaluate
from rules.language import ir
from rules.language.load import parse
from rules.language.walk import walk
from tests.rules.engines.agree.faults import FAULTS, planted

RULES = """\
ruleset small version 1
entity Person max 3
param limit: float = 2
input x: float
input y: float
input late(Person): bool
derive a if x > limit and not y < 3
derive b if some p in Person: late(p) or a
decide outcome in {no, yes}
    policy first
    default no
    unknown no
rule r0 "first"
    outcome = yes
    if b and x < 100
rule r1 "second"
    outcome = no
    if y > 0
constraint "c" if y > 5 then outcome != yes
"""


def test_what_does_not_matter_is_left_out() -> None:
    ruleset = parse(RULES)
    case = {"x": 7.5, "y": 4.0, "late": {"anna": True, "bob": False}}

    def reads_late(smaller: ir.Ruleset, case: Any) -> bool:
        evaluate(smaller, case)
        return any(
            isinstance(node, ir.Ref) and node.name == "late"
            for item in smaller.derived
            for clause in item.clauses
            for node in walk(clause)
        )

    small, least = shrink(ruleset, case, reads_late)
    assert least == {}
    assert small.rules == () and small.constraints == () and small.params == ()
    assert [item.name for item in small.inputs] == ["late"]
    assert [item.name for item in small.derived] == ["b"]
    (clause,) = small.derived[0].clauses
    assert isinstance(clause, ir.Quantified) and isinstance(clause.body, ir.Ref)


def test_values_get_plain() -> None:
    _, case = shrink(parse(RULES), {"x": 812.25, "y": 3.7}, lambda _, case: case["x"] > 1)
    assert case == {"x": 2.0}


def test_an_error_is_no_disagreement() -> None:
    def fails(ruleset: ir.Ruleset, case: Any) -> bool:
        if case != {"x": 1.0}:
            raise ValueError("no such case")
        return True

    assert shrink(parse(RULES), {"x": 1.0}, fails)[1] == {"x": 1.0}


def test_shrinking_ends_in_time() -> None:
    ruleset = parse(RULES)
    assert shrink(ruleset, {"x": 9.0}, lambda *_: True, seconds=0.0) == (ruleset, {"x": 9.0})


@pytest.mark.parametrize("seed", range(12))
def test_smaller_rule_sets_can_be_evaluated(seed: int) -> None:
    ruleset = settled(generate(seed))
    (case,) = cases(ruleset, seed, 1)
    for number, smaller in enumerate(smaller_rulesets(ruleset)):
        assert smaller != ruleset
        if number % 7 == 0:
            try:
                evaluate(smaller, case)
            except ValueError as error:
                assert "objects" in str(error) or "which day" in str(error)


def test_simpler_expressions_bind_what_they_read() -> None:
    for seed in range(30):
        for item in generate(seed).derived:
            known = {binding.name for binding in item.parameters}
            for clause in item.clauses:
                for smaller in simpler(clause):
                    assert free_variables(smaller) <= known
                    assert type(smaller.type) is type(clause.type)


def test_smaller_cases() -> None:
    found = list(smaller_cases({"x": 5.0, "late": {"anna": None}}))
    assert {"x": 5.0} in found and {"late": {"anna": None}} in found
    assert {"x": 0.0, "late": {"anna": None}} in found
    assert {"x": 5.0, "late": {}} in found


FAULT = next(item for item in FAULTS if item.what == "`all` asks for people who are not there")


def test_a_disagreement_is_shrunk_and_told() -> None:
    with opened(("numpy",)) as engines, planted(FAULT):
        for seed in range(50):
            ruleset = settled(generate(seed))
            found = check_ruleset(ruleset, cases(ruleset, seed, 16), engines).findings
            if found:
                break
        small = shrunk(found[0], engines, seconds=20.0)
        text = tell(small, engines)
    assert len(small.ruleset.rules) + len(small.ruleset.derived) <= 2
    assert text.startswith("numpy disagrees: ")
    assert "all " in text and "The case: {" in text
    assert "  reference  outcome " in text and "  numpy      outcome " in text


def test_a_told_rule_set_can_be_parsed() -> None:
    text = tell_one({"x": 1.0, "late": []})
    body = text.partition("\n\n")[2].partition("\nThe case:")[0]
    (test,) = parse(body).tests
    assert test.case == {"x": 1.0, "late": {}}


def tell_one(case: dict[str, Any]) -> str:
    def odd(ruleset: ir.Ruleset, given: Any) -> list[Said]:
        said = engines["reference"](ruleset, given)
        return [dataclasses.replace(item, rule=9) for item in said]

    with opened(()) as opinions:
        engines = {**opinions, "odd": odd, "broken": broken, "unable": unable}
        checked = check_ruleset(parse(RULES), [case], engines)
        assert checked.excluded == {("unable", "too hard"): 1}
        by_engine = {finding.engine: finding for finding in checked.findings}
        assert "RuntimeError: oh" in by_engine["broken"].told[0]
        return tell(by_engine["odd"], engines)


def broken(ruleset: ir.Ruleset, given: Any) -> list[Failed]:
    return [Failed(message="RuntimeError: oh")] * len(given)


def unable(ruleset: ir.Ruleset, given: Any) -> list[Excluded]:
    return [Excluded(reason="too hard")] * len(given)


def test_what_is_not_told_is_not_compared() -> None:
    full = Said(outcome="a", rule=0, fired=(True,), margin=1.0, derived={"d": {(): 0.0}})
    assert differences(full, Said(outcome="a", rule=0)) == []
    assert differences(full, full) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"outcome": frozenset("ab")}, "outcome is {a, b}, expected a"),
        ({"rule": -2}, "rule is -2, expected 0"),
        ({"fired": (False,)}, "fired is (false), expected (true)"),
        ({"margin": 1.001}, "margin is 1.001, expected 1.0"),
        ({"derived": {"d": {(): -0.0}}}, "d is -0.0, expected 0.0"),
        ({"derived": {"d": {(): None}}}, "d is unknown, expected 0.0"),
        ({"derived": {"d": {("x", 1): 0.0, (): 0.0}}}, "d(x, 1) is 0.0, expected nothing"),
    ],
)
def test_differences(changes: dict[str, Any], told: str) -> None:
    full = Said(outcome="a", rule=0, fired=(True,), margin=1.0, derived={"d": {(): 0.0}})
    (difference,) = differences(full, dataclasses.replace(full, **changes))
    assert str(difference) == told


def test_margins_agree_nearly() -> None:
    full = Said(outcome="a", rule=0, margin=1.0)
    assert not differences(full, dataclasses.replace(full, margin=1.000001))
    assert not differences(
        dataclasses.replace(full, margin=float("inf")),
        dataclasses.replace(full, margin=float("inf")),
    )
