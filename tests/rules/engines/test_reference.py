"""The specification, on cases worked out by hand."""

from __future__ import annotations

import dataclasses
import datetime
import math

import pytest

from rules.engines.decisions import CONFLICT, DEFAULT, UNKNOWN, VIOLATED
from rules.engines.reference import evaluate
from rules.language import ir
from rules.language.settings import day_number, in_force, with_params
from tests.rules.engines.building import (
    above,
    arithmetic,
    compare,
    const,
    derives,
    ref,
    rule,
    ruleset,
)
from tests.rules.engines.relations import (
    about,
    aggregate,
    bind,
    derived,
    every,
    relational,
    some,
    var,
)

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


LIMITED = dataclasses.replace(
    ruleset([rule("r", "reject", above("x", 0.0))]),
    constraints=(
        ir.Constraint(title="no", condition=above("y", 0.0), allowed=("refer", "reject")),
        ir.Constraint(title="soft", condition=above("y", 5.0), allowed=("approve",), weight=2.0),
    ),
)


@pytest.mark.parametrize(
    ("x", "y", "outcome", "status", "violated"),
    [
        (1.0, 1.0, "reject", 0, (False, False)),
        (1.0, 9.0, "reject", 0, (False, True)),  # a soft one is only reported
        (-1.0, -1.0, "approve", DEFAULT, (False, False)),
        (-1.0, 1.0, "refer", VIOLATED, (True, False)),
        (-1.0, 9.0, "refer", VIOLATED, (True, False)),
        (-1.0, None, "refer", UNKNOWN, (False, False)),
        (1.0, None, "reject", 0, (False, False)),  # it allows what was decided
        (None, 1.0, "refer", UNKNOWN, (False, False)),  # the rules did not decide
    ],
)
def test_constraints(
    x: float | None, y: float | None, outcome: str, status: int, violated: tuple[bool, ...]
) -> None:
    found = evaluate(LIMITED, {"x": x, "y": y})
    assert (found.outcome, found.rule, found.violated) == (outcome, status, violated)
    assert (found.margin == 0) is (status in (UNKNOWN, VIOLATED))


def test_what_breaks_a_known_constraint_does_not_wait_for_an_unknown_one() -> None:
    first = ir.Constraint(title="a", condition=above("x", 0.0), allowed=("reject",))
    second = ir.Constraint(title="b", condition=above("y", 0.0), allowed=("reject",))
    both = dataclasses.replace(ruleset([]), constraints=(first, second))
    assert evaluate(both, {"y": 1.0}).rule == VIOLATED
    assert evaluate(both, {"x": 1.0}).rule == VIOLATED
    assert evaluate(both, {"x": -1.0}).rule == UNKNOWN


def test_every_collected_outcome_must_be_allowed() -> None:
    rules = [rule("a", "reject", above("x", 0.0)), rule("b", "approve", above("x", 1.0))]
    limit = ir.Constraint(title="a", condition=above("y", 0.0), allowed=("reject", "refer"))
    collecting = dataclasses.replace(
        ruleset(rules, policy="collect", default=None), constraints=(limit,)
    )
    found = evaluate(collecting, {"x": 0.5, "y": 1.0})
    assert (found.outcome, found.rule) == ({"reject"}, 0)
    found = evaluate(collecting, {"x": 2.0, "y": 1.0})
    assert (found.outcome, found.rule, found.violated) == ({"refer"}, VIOLATED, (True,))
    found = evaluate(collecting, {"x": -2.0, "y": 1.0})
    assert (found.outcome, found.rule) == (frozenset(), DEFAULT)


def test_params_are_constants_that_can_be_set() -> None:
    param = ir.Param(name="cutoff", type=ir.PROB, value=0.4)
    condition = compare(ref("x"), ">=", ref("cutoff", ir.PROB))
    small = dataclasses.replace(ruleset([rule("r", "reject", condition)]), params=(param,))
    assert evaluate(small, {"x": 0.4}).outcome == "reject"
    assert evaluate(with_params(small, {"cutoff": 0.5}), {"x": 0.4}).outcome == "approve"


def test_rules_with_dates_need_a_day() -> None:
    day = day_number(datetime.date(2026, 1, 1))
    risky = dataclasses.replace(rule("risky", "reject", above("x", 0.0)), since=day)
    small = ruleset([risky], inputs={"x": ir.FloatType(), "signed": ir.DateType()})
    with pytest.raises(ValueError, match="rule risky holds since 2026-01-01; say for which day"):
        evaluate(small, {"x": 1.0})
    ended = dataclasses.replace(small, rules=(dataclasses.replace(risky, since=None, until=day),))
    with pytest.raises(ValueError, match="rule risky holds until 2026-01-01; say for which day"):
        evaluate(ended, {"x": 1.0})
    late, early = datetime.date(2026, 1, 1), datetime.date(2025, 12, 31)
    assert evaluate(in_force(small, late), {"x": 1.0}).outcome == "reject"
    assert evaluate(in_force(small, early), {"x": 1.0}).outcome == "approve"
    decision = dataclasses.replace(small.decision, dated="signed")
    dated = dataclasses.replace(small, decision=decision)
    assert evaluate(dated, {"x": 1.0, "signed": "2026-01-01"}).outcome == "reject"
    assert evaluate(dated, {"x": 1.0, "signed": early}).outcome == "approve"
    assert evaluate(dated, {"x": 1.0}).rule == UNKNOWN


EARNS = {"earns": (ir.FloatType(), ("Person",)), "x": (ir.FloatType(), ())}
earns = about("earns", var("g"), type_=ir.FloatType())
RICH = compare(earns, ">", const(4.0))


def people_margin(condition: ir.Expr, case: dict[str, object], *items: ir.Derived) -> float:
    plain = ruleset([])
    return evaluate(
        relational(EARNS, items, rules=[rule("r", "reject", condition)], decision=plain.decision),
        case,
    ).margin


def test_margins_over_objects() -> None:
    g = [bind("g")]
    anyone, everyone = some(g, RICH), every(g, RICH)
    case = {"earns": {"anna": 8.0, "bob": 5.0, "cleo": 2.0}}
    assert people_margin(anyone, case) == pytest.approx(0.5)
    assert people_margin(everyone, case) == pytest.approx(0.5)  # cleo is 2 below 4
    assert people_margin(anyone, {"earns": {"anna": 3.0, "bob": 2.0}}) == pytest.approx(0.25)
    # Who is unknown, or perhaps not there, does not bound the distance.
    case = {"Person": {"anna": True, "bob": None}, "earns": {"anna": 8.0, "bob": 100.0}}
    assert people_margin(anyone, case) == pytest.approx(0.5)
    assert people_margin(anyone, {"earns": {"anna": 8.0, "bob": None}}) == pytest.approx(0.5)
    assert people_margin(anyone, {"earns": {}}) == math.inf
    assert people_margin(everyone, {"earns": {}}) == math.inf


def test_margins_through_derived_truths_and_aggregates() -> None:
    g = [bind("g")]
    rich = derived(
        "rich",
        [bind("h")],
        compare(about("earns", var("h"), type_=ir.FloatType()), ">", const(4.0)),
    )
    held = some(g, about("rich", var("g")))
    case = {"earns": {"anna": 8.0, "bob": 5.0}}
    assert people_margin(held, case, rich) == pytest.approx(0.5)
    total = compare(aggregate("sum", g, earns), ">", const(12.0))
    assert people_margin(total, case) == pytest.approx(1 / 13)
    count = compare(aggregate("count", g, RICH), ">=", const(1, ir.IntType()))
    assert people_margin(count, case) == pytest.approx(0.5)
    chain = derived("chain", g, about("rich", var("g")), about("chain", var("g")))
    assert people_margin(some(g, about("chain", var("g"))), case, rich, chain) == math.inf
