"""The specification, on cases worked out by hand."""

from __future__ import annotations

import dataclasses
import math

import pytest

from rules.engines.decisions import CONFLICT, DEFAULT, UNKNOWN
from rules.engines.reference import evaluate
from rules.language import ir
from tests.rules.engines.building import above, arithmetic, const, derives, ref, rule, ruleset

RATIO = derives("ratio", arithmetic(ref("x"), "/", ref("y")))
TWO = ruleset(
    [rule("far", "reject", above("ratio", 3.0)), rule("wide", "refer", above("x", 10.0))],
    derived=[RATIO],
    policy="priority",
)


def test_a_case() -> None:
    found = evaluate(TWO, {"x": 8.0, "y": 2.0})
    assert found.values == {"x": 8.0, "y": 2.0, "ratio": 4.0}
    assert found.truths == (True, False)
    assert (found.outcome, found.rule) == ("reject", 0)
    assert found.margin == pytest.approx(0.25)


def test_priority_ranks_before_the_order_of_the_text() -> None:
    rules = [rule("low", "refer", above("x", 0.0), 1), rule("high", "reject", above("x", 0.0), 2)]
    found = evaluate(ruleset(rules, policy="priority"), {"x": 1.0})
    assert (found.outcome, found.rule) == ("reject", 0)
    assert evaluate(ruleset(rules, policy="first"), {"x": 1.0}).outcome == "refer"


def test_a_missing_input_that_cannot_matter_is_not_raised() -> None:
    rules = [rule("a", "reject", above("y", 1.0)), rule("b", "reject", above("x", 1.0))]
    found = evaluate(ruleset(rules), {"x": 2.0})
    assert (found.outcome, found.rule, found.truths) == ("reject", 1, (None, True))
    found = evaluate(ruleset(rules), {"x": 0.0})
    assert (found.outcome, found.rule, found.margin) == ("refer", UNKNOWN, 0.0)


def test_bounds_apply_to_inputs_and_to_derived_values() -> None:
    bounded = dataclasses.replace(RATIO, type=ir.PROB)
    small = ruleset([rule("far", "reject", above("ratio", 0.5))], derived=[bounded])
    assert evaluate(small, {"x": 3.0, "y": 4.0}).outcome == "reject"
    found = evaluate(small, {"x": 4.0, "y": 3.0})
    assert found.values["ratio"] is None and found.rule == UNKNOWN


def test_several_clauses_are_joined_by_or() -> None:
    small = ruleset(
        [rule("r", "reject", ref("d", ir.BOOL))],
        derived=[derives("d", above("x", 0.0), above("y", 0.0))],
    )
    assert evaluate(small, {"x": 1.0}).outcome == "reject"
    assert evaluate(small, {"x": -1.0}).rule == UNKNOWN
    assert evaluate(small, {"x": -1.0, "y": -1.0}).rule == DEFAULT


def test_conflicts() -> None:
    rules = [rule("a", "reject", above("x", 0.0)), rule("b", "approve", above("x", 1.0))]
    for policy in ("unique", "any"):
        found = evaluate(ruleset(rules, policy=policy), {"x": 2.0})
        assert (found.outcome, found.rule, found.margin) == ("refer", CONFLICT, 0.0)


def test_collect() -> None:
    rules = [rule("a", "reject", above("x", 0.0)), rule("b", "approve", above("x", 1.0))]
    collecting = ruleset(rules, policy="collect", default=None)
    assert evaluate(collecting, {"x": 2.0}).outcome == {"reject", "approve"}
    found = evaluate(collecting, {"x": -2.0})
    assert (found.outcome, found.rule) == (frozenset(), DEFAULT)
    assert evaluate(collecting, {}).outcome == {"refer"}


def test_a_rule_set_that_only_derives() -> None:
    deriving = dataclasses.replace(TWO, decision=None, rules=())
    found = evaluate(deriving, {"x": 8.0, "y": 2.0})
    assert found.outcome is None and found.values["ratio"] == 4.0
    assert found.rule == DEFAULT and found.margin == math.inf


@pytest.mark.parametrize(
    ("policy", "x", "margin"),
    [
        ("first", 2.0, 0.5),  # a fires and would leave b, which agrees, then the default
        ("first", 0.5, 0.5),  # b fires; a agrees with it, c cannot outrank it
        ("first", -1.0, 1.0),  # c fires, as the default would; b is nearer than a
        ("any", 2.0, 0.5),  # every rule counts
        ("any", 0.5, 0.5),
    ],
)
def test_margins(policy: str, x: float, margin: float) -> None:
    rules = [
        rule("a", "reject", above("x", 1.0)),
        rule("b", "reject", above("x", 0.0)),
        rule("c", "approve", above("x", -9.0)),
    ]
    rules = rules if policy == "first" else rules[:2]
    assert evaluate(ruleset(rules, policy=policy), {"x": x}).margin == pytest.approx(margin)


def test_a_margin_is_infinite_when_nothing_can_flip() -> None:
    same = ruleset([rule("a", "approve", above("x", 1.0))])
    assert evaluate(same, {"x": 2.0}).margin == math.inf
    assert evaluate(same, {"x": 0.0}).margin == math.inf


def test_margins_of_connectives() -> None:
    b = ref("b", ir.BOOL)
    inputs = {"x": ir.FloatType(), "y": ir.FloatType(), "b": ir.BOOL}

    def margin(condition: ir.Expr, **case: float | bool) -> float:
        small = ruleset([rule("r", "reject", condition)], inputs=inputs)
        return evaluate(small, case).margin

    both = ir.And(operands=(above("x", 1.0), above("y", 1.0)))
    assert margin(both, x=4.0, y=2.0) == pytest.approx(0.5)
    assert margin(both, x=-1.0, y=0.5) == pytest.approx(2.0)
    assert margin(both, x=-1.0) == pytest.approx(2.0)  # what is unknown does not bound it
    either = ir.Or(operands=(above("x", 1.0), b))
    assert margin(either, x=4.0, b=False) == pytest.approx(0.75)
    assert margin(either, x=4.0, b=True) == math.inf
    assert margin(ir.Not(operand=above("x", 1.0)), x=0.5) == pytest.approx(0.5)
    choose = ir.Choose(condition=b, then=above("x", 1.0), otherwise=b, type=ir.BOOL)
    assert margin(choose, b=True, x=2.0) == pytest.approx(0.5)
    assert margin(ir.Compare(op="=", left=ref("x"), right=const(2.0)), x=3.0) == pytest.approx(
        1 / 3
    )
    assert margin(ir.Compare(op="!=", left=ref("x"), right=const(2.0)), x=3.0) == pytest.approx(
        1 / 3
    )
