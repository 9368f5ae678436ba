"""Why another outcome did not come out."""

from __future__ import annotations

import dataclasses
import datetime
import json

import pytest

from rules.engines.agree import cases, generate
from rules.engines.reference import evaluate
from rules.engines.semantics import truth
from rules.explain import why_not
from rules.explain.obstacles import Obstacle, Obstacles
from rules.language import ir
from rules.language.load import parse
from rules.language.settings import in_force, undated
from tests.rules.engines.building import above, rule, ruleset
from tests.rules.explain.policies import POLICY, applicant


def test_the_failing_frontier_with_distances() -> None:
    found = why_not(POLICY, applicant(amount=80_000), "reject")
    assert not found.decided and found.came == "approve"
    risky = next(item for item in found.rules if item.name == "risky")
    assert risky.place == "policy.rules:37:1" and risky.obstacle is not None
    assert list(risky.obstacle.lines()) == [
        "p_default >= cutoff and stretched and not strong: all of",
        "  amount > 3 * income is false: 80000 against 90000, 10000 apart",
        "  earns(anna) > 50_000 is true: 80000 against 50000, 30000 apart",
    ]
    (amount, _) = risky.obstacle.literals
    assert amount.distance == pytest.approx(-1 / 9) and amount.wanted is True
    assert (amount.left, amount.right) == (80_000.0, 90_000.0)


def test_alternatives_about_objects_nearest_first() -> None:
    text = str(why_not(POLICY, applicant(barred=["dora"]), "reject"))
    assert "barred(eve) is false" in text and "one of" in text
    earns = {"anna": 40_000, "bob": 49_000, "carl": 1, "dan": 2}
    found = why_not(POLICY, applicant(earns=earns), "approve")
    assert "earns(bob) > 50_000 is false: 49000 against 50000, 1000 apart" in str(found)
    assert str(found).index("earns(bob)") < str(found).index("earns(anna)")
    assert "earns(dan)" in str(found) and "earns(carl)" not in str(found)


def test_days_and_thresholds() -> None:
    found = str(why_not(POLICY, applicant(signed_on="2027-01-10", earns={}), "reject"))
    assert "signed_on <= 2026-12-31 is false: 2027-01-10 against 2026-12-31, 10 days apart" in found
    at = ruleset([rule("r", "reject", above("x", 3.0))])
    assert "x > 3 is false: 3 against 3, just at the threshold" in str(
        why_not(at, {"x": 3, "y": 0}, "reject")
    )
    assert "x > 3 is unknown: unknown against 3" in str(why_not(at, {}, "reject"))


def test_the_default_needs_that_rules_do_not_fire() -> None:
    found = why_not(POLICY, applicant(earns={}), "approve")
    (default,) = found.rules
    assert default.name is None and default.blocked == "would need that rule risky does not fire"
    assert "p_default >= cutoff is true: 0.62 against 0.4, 0.22 apart" in str(found)
    found = why_not(POLICY, applicant(earns={}, barred=["zoe"]), "approve")
    assert "the default would need that rules family, risky do not fire" in str(found)
    assert "not to fire: family, risky: all of" in str(found)


def test_what_comes_before() -> None:
    found = why_not(POLICY, applicant(earns={}), "refer")
    (late,) = found.rules
    assert late.above == ("risky",)
    assert "even then rule risky would come before it" in str(found)
    found = why_not(POLICY, applicant(earns={}, late=[1, 2]), "refer")
    assert "rule late_payer fires, but rule risky (reject) comes before it" in str(found)


def test_constraints_and_unknown_rules_that_stand_in_the_way() -> None:
    found = str(why_not(POLICY, applicant(p_fraud=0.95), "approve"))
    assert 'the default applies, but constraint "fraud is never approved" forbids it' in found
    found = str(why_not(POLICY, applicant(p_default=None, earns={}), "approve"))
    assert "not approve but refer, undecided" in found
    assert "p_default >= cutoff is unknown" in found
    found = str(why_not(POLICY, applicant(parent=None, late=[1, 2], barred=["zoe"]), "refer"))
    assert found.startswith("refer did come out, undecided")
    two = ruleset([rule("a", "reject", above("x", 0)), rule("b", "approve", above("y", 0))])
    found = str(why_not(two, {"y": 1}, "approve"))
    assert "rule b fires, but rule a could fire too" in found


def test_conflicts_and_limits_of_rules() -> None:
    rules = [rule("a", "reject", above("x", 0)), rule("b", "approve", above("y", 0))]
    found = str(why_not(ruleset(rules, policy="any"), {"x": 1, "y": 1}, "approve"))
    assert "rule b fires, but others do too, which policy any forbids" in found
    limited = ir.Constraint(title="no", condition=above("y", 0.0), allowed=("refer",))
    one = dataclasses.replace(ruleset(rules[:1]), constraints=(limited,))
    found = str(why_not(one, {"x": 1, "y": 1}, "reject"))
    assert 'rule a fires, but constraint "no" forbids it' in found


def test_what_did_come_out_and_what_nothing_gives() -> None:
    found = why_not(POLICY, applicant(), "approve")
    assert found.decided and str(found).startswith("approve did come out, decided by default")
    nothing = ruleset([], default="approve")
    assert "no rule gives reject, and it is not the default" in str(why_not(nothing, {}, "reject"))


def test_a_truth_does_not_make_itself_true() -> None:
    found = str(why_not(POLICY, applicant(parent=[], barred=["zoe"]), "reject"))
    assert "parent(zoe, carl) is false" in found


def test_misuse_is_told() -> None:
    with pytest.raises(
        ValueError, match="aprove is no outcome of outcome; .* did you mean approve"
    ):
        why_not(POLICY, applicant(), "aprove")
    deriving = parse("ruleset a version 1\ninput x: float\n")
    with pytest.raises(ValueError, match="rule set a decides nothing"):
        why_not(deriving, {}, "x")


def flattened(one: Obstacle) -> list[Obstacle]:
    return [one, *(below for part in one.parts for below in flattened(part))]


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("block", range(3))
def test_obstacles_are_what_is_not_as_wanted(block: int) -> None:
    for seed in range(30 * block, 30 * (block + 1)):
        made = generate(seed)
        made = in_force(made, datetime.date(2025, 1, 1)) if undated(made) else made
        for case in cases(made, seed, 2):
            world = evaluate(made, case).world
            obstacles = Obstacles(made, world)
            for item in made.ranked:
                held = truth(item.condition, world)
                for wanted in (True, False):
                    found = obstacles.of(item.condition, wanted)
                    assert (found is None) is (held is wanted), (seed, item.name, case)
                    for one in flattened(found) if found is not None else ():
                        assert one.held is not one.wanted
            if made.decision is not None:
                for outcome in made.decision.outcomes:
                    told = why_not(made, case, outcome)
                    json.dumps(told.to_json(), allow_nan=False)
                    assert str(told)
