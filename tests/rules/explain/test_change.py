"""The smallest change: against all changes of tiny cases, and at the edges of numbers."""

from __future__ import annotations

import itertools
import json
from random import Random
from typing import Any

import numpy as np
import pytest

import rules
from rules.engines.reference import evaluate
from rules.explain.change import Change, Distance, what_would_change
from rules.language import ir
from tests.rules.checks.solver.tiny import VALUES, tiny

POLICY = """ruleset credit version 1
input p: prob
input income: float > 0 [actionable]
input amount: float >= 0 [actionable, weight 2]
input age: int in 18..120
input guarantor: bool [actionable]
input job: {fixed, free, none}
input signed_on: date
decide outcome in {reject, refer, approve}
    policy first
    default approve
    unknown refer
rule young "young" outcome = reject if age < 21
rule burden "burden" outcome = reject if amount > 3 * income and not guarantor
rule risky "risky" outcome = refer if p >= 0.4
rule late "late" outcome = refer if signed_on > 2026-03-01
"""
CASE = {
    "p": 0.2,
    "income": 30_000,
    "amount": 120_000,
    "age": 40,
    "guarantor": False,
    "job": "free",
    "signed_on": "2026-01-01",
}


def change(outcome: str | None = None, *names: str, **changes: Any) -> Change:
    distance: Distance = changes.pop("distance", "weighted")
    ruleset = rules.parse(POLICY)
    case = {**CASE, **changes}
    case["signed_on"] = np.datetime64(str(case["signed_on"])).astype(int).item()
    found = what_would_change(ruleset, case, outcome, actionable=names or None, distance=distance)
    if found.case is not None:  # told by the engine, not by the solver
        after = evaluate(ruleset, found.case)
        assert (after.outcome, after.rule >= -1) == (found.after, True)
    return found


def moves(found: Change) -> list[str]:
    return [str(item) for item in found.changes]


def test_the_cheapest_of_several_inputs() -> None:
    """Half the amount costs 0.25 * 2, a third more income 0.33, a guarantor 1."""
    found = change()
    assert found.status == "smallest"
    assert moves(found) == ["income: 30_000 -> 40_000"]
    assert found.distance == pytest.approx((1 / 3,))
    assert (found.before, found.rule_before) == ("reject", "burden")
    assert (found.after, found.rule_after) == ("approve", "default")
    assert str(found) == (
        "approve instead of reject, if\n  income: 30_000 -> 40_000\n"
        "then decided by default; no smaller change of income, amount, guarantor does it"
    )


def test_weights_decide_between_inputs() -> None:
    assert moves(change("approve", "amount", "guarantor")) == ["amount: 120_000 -> 90_000"]
    assert moves(change("approve", "guarantor", "age")) == ["guarantor: false -> true"]


def test_the_nearest_number_beyond_a_threshold() -> None:
    found = change("refer", "p", "income")
    assert moves(found) == ["p: 0.2 -> 0.4", "income: 30_000 -> 40_000"]
    found = change("approve", "p", p=0.7, amount=0)
    assert moves(found) == ["p: 0.7 -> 0.39999998"]
    assert found.changes[0].after == float(np.nextafter(np.float32(0.4), np.float32(0)))
    assert found.distance == pytest.approx((0.3,), abs=1e-6)


def test_whole_numbers_dates_and_names() -> None:
    found = change("refer", "signed_on", amount=0)
    assert moves(found) == ["signed_on: 2026-01-01 -> 2026-03-02"]
    assert found.distance == pytest.approx((60 / 365,))
    assert moves(change("reject", "age", amount=0)) == ["age: 40 -> 20"]


def test_fewest_changes_first() -> None:
    assert moves(change("refer", "p", "income", "guarantor", "signed_on", distance="fewest"))
    found = change("refer", "p", "income", "guarantor", distance="fewest")
    assert found.distance[0] == 2 and len(found.changes) == 2


def test_lexicographic_spares_the_heaviest() -> None:
    """Nothing of the weight 2 moves as long as something of weight 1 does it."""
    found = change("approve", "amount", "guarantor", distance="lexicographic")
    assert moves(found) == ["guarantor: false -> true"]
    assert found.distance == (0.0, 1.0)


def test_no_change_can_do_it() -> None:
    found = change("approve", "age", "job")
    assert found.status == "impossible"
    assert str(found) == "no change of age, job can make it approve"
    assert str(change(None, "job", amount=0)) == "no change of job can make it another outcome"


def test_what_is_decided_already() -> None:
    found = change("reject")
    assert found.status == "already"
    assert str(found) == "reject is decided already, by burden"


def test_a_missing_value_can_be_given_but_none_taken_away() -> None:
    found = change("approve", "income", income=None)
    assert found.status == "smallest" and found.changes[0].before is None
    assert moves(found)[0].startswith("income: unknown -> ")
    assert found.before == "refer" and found.rule_before == "unknown"
    assert change("refer", "job").status == "impossible"


def test_arithmetic_between_inputs_that_change() -> None:
    """The bound is a line: income up a little or the amount down, weighed against each other."""
    found = change("approve", "income", "amount")
    assert found.status == "smallest"
    assert moves(found) == ["income: 30_000 -> 40_000"]


def test_objects() -> None:
    ruleset = rules.parse(
        "ruleset s version 1\nentity G\ninput earns(G): float >= 0 [actionable]\n"
        "input adult(G): bool\ninput home: string [actionable]\n"
        "decide o in {x, y, z} policy first default x unknown z\n"
        'rule rich "rich" o = y if some g: adult(g) and earns(g) >= 50_000 and home = "AT"\n'
    )
    case = {"earns": {"anna": 20_000, "bob": 45_000}, "adult": ["anna", "bob"], "home": "DE"}
    found = what_would_change(ruleset, case, "y")
    assert moves(found) == ["earns(bob): 45_000 -> 50_000", 'home: "DE" -> "AT"']
    assert found.status == "smallest" and found.distance == pytest.approx((1 + 5 / 45,))
    told = json.loads(json.dumps(found.to_json()))
    assert told["changes"][0]["objects"] == ["bob"] and told["rule after"] == "rich"
    assert what_would_change(ruleset, case, "z").status == "impossible"


def test_collected_outcomes() -> None:
    ruleset = rules.parse(
        "ruleset s version 1\ninput a: int in 0..10 [actionable]\n"
        "decide o in {x, y} policy collect unknown x\n"
        'rule one "1" o = x if a > 3\nrule two "2" o = y if a > 6\n'
    )
    found = what_would_change(ruleset, {"a": 1}, "y")
    assert moves(found) == ["a: 1 -> 7"] and found.after == {"x", "y"}
    assert str(found).startswith("x, y instead of nothing, if\n")
    assert moves(what_would_change(ruleset, {"a": 5})) == ["a: 5 -> 3"]
    assert what_would_change(ruleset, {"a": 5}).to_json()["after"] == []


def test_time_that_runs_out_is_said() -> None:
    ruleset = rules.parse(POLICY)
    found = what_would_change(ruleset, {"income": 3}, timeout=0.0)
    assert found.status == "open" and found.reason == "no answer in 0 s"
    assert str(found).startswith("whether a change of income, amount, guarantor helps is not known")


def test_rules_beyond_the_solver_are_said() -> None:
    ruleset = rules.parse(
        "ruleset s version 1\nentity G\ninput knows(G, G): bool [actionable]\n"
        "decide o in {x, y} policy first default x unknown y\n"
        'rule r "r" o = y if some g: knows(g, g)\n'
    )
    case = {"G": [f"g{number}" for number in range(60)], "knows": []}
    found = what_would_change(ruleset, case)
    assert found.status == "open" and "more than 2_000 tuples" in str(found)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"outcome": "aprove"}, "there is no outcome aprove; did you mean approve"),
        ({"actionable": ["incom"]}, "there is no input incom; did you mean income"),
        ({"distance": "fewst"}, "distance is 'fewst', expected one of weighted, .*fewest"),
    ],
)
def test_misspelt_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        what_would_change(rules.parse(POLICY), {}, **arguments)


def test_rule_sets_without_what_it_takes() -> None:
    with pytest.raises(ValueError, match="no input of rule set t is marked actionable"):
        what_would_change(
            rules.parse(
                "ruleset t version 1\ninput a: bool decide o in {x} policy first "
                "default x unknown x"
            ),
            {},
        )
    with pytest.raises(ValueError, match="decides nothing"):
        what_would_change(rules.parse("ruleset t version 1 input a: bool"), {}, actionable=["a"])


@pytest.mark.parametrize("seed", range(24))
def test_smallest_is_what_brute_force_finds(seed: int) -> None:
    random = Random(seed)
    ruleset = tiny(seed)
    case = {name: random.choice((*values, None)) for name, values in VALUES.items()}
    names = random.sample(sorted(VALUES), random.randint(1, 4))
    found = what_would_change(ruleset, case, actionable=names)
    cheapest = _cheapest(ruleset, case, names)
    if cheapest is None:
        assert found.status == "impossible"
    else:
        assert found.status == "smallest"
        assert found.distance[0] == pytest.approx(cheapest)


def _cheapest(ruleset: ir.Ruleset, case: dict[str, Any], names: list[str]) -> float | None:
    before = evaluate(ruleset, case).outcome
    # Of n and m, whose ranges have two ends, a step is half the range.
    choices = [
        [case[name]] + [value for value in VALUES[name] if value != case[name]]
        if name in names
        else [case[name]]
        for name in VALUES
    ]
    costs = []
    for values in itertools.product(*choices):
        after = evaluate(ruleset, dict(zip(VALUES, values, strict=True)))
        if after.rule >= -1 and after.outcome != before:
            costs.append(
                sum(
                    _step(case[name], value)
                    for name, value in zip(VALUES, values, strict=True)
                    if value != case[name]
                )
            )
    return min(costs, default=None)


def _step(before: Any, after: Any) -> float:
    if before is None or isinstance(before, bool | str):
        return 1.0
    return abs(after - before) / 2
