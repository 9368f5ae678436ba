"""The semantic difference of two rule sets."""

from __future__ import annotations

import json
import sys

import pytest

import rules
from rules.diff import diff
from rules.engines.reference import evaluate
from rules.language import ir
from tests.rules.checks.solver.tiny import all_cases, tiny

HEAD = """ruleset s version {version}
input income: float > {low}
input job: {{fixed, free{more}}}
decide o in {{x, y, z}} policy first default x unknown z
"""
RULE = 'rule low "low" o = y if income < {limit} and job = free\n'


def policy(version: int = 1, low: float = 0, more: str = "", limit: float = 10) -> ir.Ruleset:
    return rules.parse(
        HEAD.format(version=version, low=low, more=more) + RULE.format(limit=limit),
        filename="s.rules",
    )


def outcomes(ruleset: ir.Ruleset, case: dict[str, object]) -> frozenset[str]:
    came = evaluate(ruleset, case, margin=False).outcome
    return came if isinstance(came, frozenset) else frozenset({str(came)})


@pytest.mark.parametrize("seed", range(25))
def test_the_pairs_are_those_of_all_cases(seed: int) -> None:
    before, after = tiny(2 * seed), tiny(2 * seed + 1)
    expected = {
        (outcomes(before, case), outcomes(after, case)) for case in all_cases(complete=False)
    }
    found = diff(before, after)
    assert found.complete
    assert {(one.before, one.after) for one in found.changes} == {
        pair for pair in expected if pair[0] != pair[1]
    }
    for one in found.changes:
        assert (outcomes(before, dict(one.case)), outcomes(after, dict(one.case))) == (
            one.before,
            one.after,
        )


def test_the_same_meaning_in_other_words_is_proved() -> None:
    other = rules.parse(
        HEAD.format(version=2, low=0, more="")
        + "derive poor if not (income >= 10)\n"
        + 'rule a "a" o = y if job = free and poor\n'
        + 'rule b "b" o = z if income is known and income < 5 and income > 6\n'
    )
    difference = diff(policy(), other)
    assert difference.is_same and difference.changes == ()
    assert str(difference) == (
        "s version 1 -> s version 2\n\nno case is decided differently (proved)"
    )


def test_a_moved_threshold_is_found_with_a_test_to_paste() -> None:
    """It also matters where something else is missing."""
    after = policy(version=2, limit=12)
    difference = diff(policy(), after)
    change, missing = difference.changes
    assert (change.before, change.after) == ({"x"}, {"y"})
    assert (change.rule_before, change.rule_after) == ("default", "rule low")
    assert (missing.before, missing.after) == ({"x"}, {"z"})
    assert (missing.rule_before, missing.rule_after) == ("default", "unknown")
    text = HEAD.format(version=2, low=0, more="") + RULE.format(limit=12)
    for one in difference.changes:
        assert all(result.passed for result in rules.run_tests(rules.parse(text + one.test)))
    assert str(difference) == (
        "s version 1 -> s version 2\n\nx -> y, for example\n"
        "by default before, by rule low after\n"
        '    test "x becomes y"\n        given income = 10, job = free\n'
        "        expect o = y, low fires\n\nx -> z, for example\n"
        "by default before, by unknown after\n"
        '    test "x becomes z"\n        given income = 10\n'
        "        expect o is unknown\n\nno other outcomes are exchanged (proved)"
    )


def test_declarations_come_first() -> None:
    after = rules.parse(
        "ruleset s version 2\nentity Month in 1..3\nentity Side in {left, right}\n"
        "entity Person max 3\nparam limit: float = 10\n"
        "input income: float > 5\ninput job: {fixed, free, none}\ninput idle: bool\n"
        "decide o in {x, y, w} policy priority default y unknown y\n"
        'rule low "low" o = y if income < limit and job = free\n'
    )
    assert diff(policy(), after).declared == (
        "entity Month is new",
        "entity Side is new",
        "entity Person is new",
        "param limit is new",
        "input income is float > 5, was float > 0",
        "input job is {fixed, free, none}, was {fixed, free}",
        "input idle is new",
        "outcome z is gone",
        "outcome w is new",
        "policy is priority, was first",
        "default is y, was x",
        "unknown is y, was z",
    )


def test_entities_are_declared_differently() -> None:
    text = "ruleset s version 1\nentity A {a}\nentity B {b}\n" + (
        "decide o in {x, y} policy first default x unknown y\n"
    )
    one = rules.parse(text.replace("{a}", "max 3").replace("{b}", "in 1..2"))
    two = rules.parse(text.replace("{a}", "").replace("{b}", "in 1..2"))
    difference = diff(one, two)
    assert difference.declared == ("entity A is without bound, was max 3",)
    assert difference.is_same
    assert diff(two, two).reason is not None


def test_bounds_matter() -> None:
    """A value that only one of them admits is missing for the other."""
    difference = diff(policy(), policy(low=5))
    pairs = {(*one.before, *one.after) for one in difference.changes}
    assert pairs == {("y", "z")}  # an income up to 5 is missing now
    assert difference.complete


def test_members_that_only_one_knows_are_left_out() -> None:
    difference = diff(policy(), policy(more=", none"))
    assert difference.is_same
    assert difference.declared == ("input job is {fixed, free, none}, was {fixed, free}",)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("input income: int", "input income is int, was float > 0"),
        ("entity A max 2 input income(A): float > 0", "input income is float > 0 about A, was"),
    ],
)
def test_inputs_of_another_kind_cannot_be_compared(line: str, reason: str) -> None:
    text = HEAD.format(version=1, low=0, more="").replace("input income: float > 0", line)
    difference = diff(policy(), rules.parse(text))
    assert not difference.complete and not difference.is_same
    assert difference.reason is not None and difference.reason.startswith(reason)
    assert "whether cases are decided differently is not known: input income" in str(difference)


def test_other_lists_and_entities_cannot_be_compared() -> None:
    text = HEAD.format(version=1, low=0, more="").replace("{fixed, free}", "{one, two}")
    assert diff(policy(), rules.parse(text)).reason == "input job has no member in common"
    months = "entity Month in 1..{n}\n" + HEAD.format(version=1, low=0, more="").split("\n", 1)[1]
    one, two = (rules.parse(f"ruleset s version 1\n{months.replace('{n}', n)}") for n in ("3", "4"))
    assert diff(one, two).reason == "entity Month has other objects"


def test_entities_are_compared_with_as_many_objects_as_both_allow() -> None:
    text = """ruleset s version 1
entity A max {maximum}
input late(A): bool
decide o in {{x, y}} policy first default x unknown x
rule many "many" o = y if (count a: late(a)) > {limit}
"""
    one, two = (
        rules.parse(text.format(maximum=maximum, limit=limit))
        for maximum, limit in ((3, 2), (2, 2))
    )
    assert diff(one, two).is_same
    assert not diff(one, rules.parse(text.format(maximum=4, limit=1))).is_same


def test_given_cases_are_counted() -> None:
    cases = {"income": [5, 11, 11.5, 20, None], "job": ["free", "free", "free", "free", "free"]}
    difference = diff(policy(), policy(limit=12), cases=cases)
    counted = difference.cases
    assert counted is not None
    assert (counted.count, counted.changed) == (5, 2)
    x, y, z = (frozenset({name}) for name in "xyz")
    assert dict(counted.matrix) == {(y, y): 1, (x, y): 2, (x, x): 1, (z, z): 1}
    assert dict(counted.examples) == {(x, y): (2, 3)}
    assert "2 of 5 cases are decided differently (40.0%)" in str(difference)
    assert "         2  x -> y  (rows 2, 3)" in str(difference)
    told = json.loads(json.dumps(difference.to_json()))
    assert told["cases"]["changed"] == 2
    assert {"before": ["x"], "after": ["y"], "count": 2, "rows": [2, 3]} in told["cases"]["matrix"]
    assert told["same"] is False and told["changes"][0]["rule after"] == "rule low"


def test_out_of_time_is_said() -> None:
    difference = diff(policy(), policy(limit=12), timeout=0.0)
    assert difference.reason == "no answer in 0 s"


def test_rule_sets_that_decide_nothing() -> None:
    with pytest.raises(ValueError, match="rule set t decides nothing"):
        diff(policy(), rules.parse("ruleset t version 1\ninput a: float"))


def test_rules_of_some_days_need_the_day() -> None:
    text = HEAD.format(version=1, low=0, more="") + RULE.format(limit=1).replace(
        '"low"', '"low" [since 2026-01-01]'
    )
    with pytest.raises(ValueError, match="say for which day to decide"):
        diff(policy(), rules.parse(text))


def test_too_many_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    # `rules.diff` is the function, which hides the package of this name.
    monkeypatch.setattr(sys.modules["rules.diff.compare"], "MAX_PAIRS", 1)
    difference = diff(policy(), policy(limit=12))
    assert difference.reason == "there are more than 1 pairs of outcomes"
