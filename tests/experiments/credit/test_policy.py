"""The lending policy: what its own tests promise, and what entities and the table changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rules
from rules.testing.coverage import coverage
from rules.testing.mutation import mutate

ROOT = Path(__file__).parents[3]
NOBODY = {"Guarantor": [], "Payment": []}
TIGHT = {
    "p_default": 0.2,
    "age": 40,
    "seniority": 5,
    "job": "fixed",
    "records": "no",
    "income": 84,
    "expenses": 60,
    "assets": 0,
    "debt": 0,
    "amount": 1000,
    "price": 1250,
    "months": 40,
}
ANNA = {"signed": ["anna"], "earns": {"anna": 50}, "in_arrears": []}


@pytest.fixture(scope="module")
def policy():
    return rules.load(ROOT / "experiments/credit/policy.rules")


@pytest.fixture(scope="module")
def first_version():
    return rules.load(ROOT / "benchmarks/lending.rules")


def decided(policy, *cases, **options):
    return rules.decide(policy, list(cases), missing_columns="unknown", **options)


def told(policy, **changes):
    table = decided(policy, {**TIGHT, **NOBODY, **changes}).to_table()
    return table["outcome"][0].as_py(), table["rule"][0].as_py()


def test_its_tests_pass_and_cover_it(policy):
    assert all(run.passed for run in rules.run_tests(policy))
    covered = coverage(policy)
    assert (covered.rule_share, covered.condition_share) == (1.0, 1.0)
    assert all(item.covered for item in covered.constraints)


def test_its_tests_notice_nearly_every_mistake(policy):
    assert mutate(policy, prove=False).score > 0.95


def test_no_findings(policy):
    assert rules.check(policy) == ()


numbers = {
    "p_default": st.sampled_from([0.0, 0.12, 0.15, 0.2, 0.25, 0.3, 0.4, 0.45, 0.65, 1.0]),
    "age": st.sampled_from([17, 18, 20, 21, 40, 73, 75, 80]),
    "seniority": st.sampled_from([0, 0.5, 1, 10]),
    "job": st.sampled_from(["fixed", "part_time", "freelance", "other"]),
    "records": st.sampled_from(["no", "yes"]),
    "income": st.sampled_from([0, 84, 85, 110, 160, 900]),
    "expenses": st.sampled_from([35, 60, 180]),
    "assets": st.sampled_from([0, 4999, 5000, 20000]),
    "debt": st.sampled_from([0, 600, 9000]),
    "amount": st.sampled_from([300, 1000, 3000, 3001, 5000]),
    "price": st.sampled_from([300, 1000, 4000, 8000]),
    "months": st.sampled_from([6, 24, 36, 40, 72]),
}


@settings(max_examples=60, deadline=None)
@given(
    cases=st.lists(
        st.fixed_dictionaries({n: st.none() | values for n, values in numbers.items()}),
        min_size=5,
        max_size=20,
    )
)
def test_without_guarantors_and_payments_it_decides_as_the_first_version(
    policy, first_version, cases
):
    now = decided(policy, *({**case, **NOBODY} for case in cases), engine="numpy").to_table()
    before = decided(first_version, *cases, engine="numpy").to_table()
    for name in ("outcome", "rule"):
        assert now[name].to_pylist() == before[name].to_pylist()


def test_what_a_guarantor_changes(policy):
    assert told(policy) == ("reject", "unaffordable")
    assert told(policy, **ANNA) == ("refer", "budget_on_guarantor")
    assert told(policy, **ANNA, income=85) == ("approve", "vouched_for")
    assert told(policy, **ANNA, income=85, p_default=0.39) == ("approve", "vouched_for")
    two = {"signed": ["anna", "bob"], "earns": {"anna": 30, "bob": 30}, "in_arrears": []}
    assert told(policy, **two) == ("reject", "unaffordable")


def test_what_earlier_payments_change(policy):
    sound = {"income": 160, "p_default": 0.1}
    assert told(policy, **sound) == ("approve", "fast_track")
    assert told(policy, **sound, days_late=[0, 40, 35]) == ("refer", "payments_missed")
    assert told(policy, **sound, days_late=[0, 91]) == ("reject", "payments_stopped")
    new = {"income": 160, "p_default": 0.2, "seniority": 0, "job": "freelance"}
    assert told(policy, **new, assets=9000) == ("approve", "secured")
    thin = {**new, "p_default": 0.35, "assets": 9000}
    assert told(policy, **thin) == ("refer", "thin_file_at_risk")
    assert told(policy, **thin, days_late=[3] * 12) == ("approve", "secured")


@pytest.mark.parametrize("engine", ["reference", "python", "numpy", "backward"])
def test_constraints_hold_whatever_the_rules_say(policy, engine):
    rich = {**TIGHT, **NOBODY, "income": 900, "p_default": 0.1, "debt": 24_001}
    backed = {**TIGHT, "Payment": [], "income": 160, "p_default": 0.1, **ANNA}
    cases = [rich, {**rich, "debt": 24_000}, {**backed, "in_arrears": ["anna"]}, backed]
    table = decided(policy, *cases, engine=engine).to_table()
    assert table["outcome"].to_pylist() == ["refer", "approve", "refer", "approve"]
    assert table["reason"][0].as_py().count("no approval beyond what one borrower may owe") == 1


def test_params_move_the_limits(policy):
    case = {**TIGHT, **NOBODY, "income": 160, "p_default": 0.24}
    found = [
        decided(policy, case, params={"risk_limit": limit}).to_table()["outcome"][0].as_py()
        for limit in (0.2, 0.25)
    ]
    assert found == ["refer", "approve"]


def test_the_table_says_what_one_person_may_grant(policy):
    on_time = [0] * 12
    cases = [
        {**TIGHT, **NOBODY},
        {**TIGHT, **NOBODY, "days_late": on_time},
        {**TIGHT, "days_late": on_time, **ANNA},
        {**TIGHT, "Payment": [], "signed": ["anna"]},
    ]
    authority = decided(policy, *cases, derived=["authority"]).derived["authority"]
    assert authority == [3000, 4000, 5000, None]  # what the last guarantor earns is not told
