"""Mutants, and the tests that notice them."""

from __future__ import annotations

import pytest

import rules
from rules.engines.agree import generate
from rules.language.settings import undated
from rules.testing import mutants, mutate
from tests.effort import examples

TEXT = """ruleset loans version 1
param limit: prob = 0.5
entity Guarantor max 3
input income: float > 0
input age: int in 0..120
input risk: prob
input member: bool
input kind: {car, other}
input earns(Guarantor): float
derive strong if some g: earns(g) > 50_000
derive strong if member
derive total: float = sum g where earns(g) > 0: earns(g)
derive fee: float = if kind = car then 2 else 3
decide outcome in {reject, refer, approve}
    policy priority
    default approve
    unknown refer
rule risky "risky" [priority 10]
    outcome = reject
    if risk > limit and not strong
rule young "young"
    outcome = refer
    if age < 18 or total > 9 * fee or income is unknown
constraint "never"
    if risk > 0.9 then outcome != approve
test "risky"
    given risk = 0.6, income = 20_000, age = 30, no Guarantor, member = false, kind = car
    expect outcome = reject
"""


def changes() -> list[str]:
    return [str(mutant) for mutant in mutants(rules.parse(TEXT))]


@pytest.mark.parametrize(
    "change",
    [
        "param limit: 0.5 -> 0.55",
        "param limit: 0.5 -> 0.45",
        "strong: some g in Guarantor: earns(g) > 50_000 -> all g in Guarantor: earns(g) > 50_000",
        "strong: earns(g) > 50_000 -> earns(g) >= 50_000",
        "strong: earns(g) > 50_000 -> earns(g) > 55_000",
        "strong: member -> (left out)",
        "strong: member -> not member",
        "total: earns(g) > 0 -> earns(g) > 0.1",
        "fee: kind = car -> kind != car",
        "outcome: default approve -> default reject",
        "outcome: unknown refer -> unknown approve",
        "risky: rule risky -> (left out)",
        "risky: outcome = reject -> outcome = refer",
        "risky: risk > limit and not strong -> not strong",
        "risky: risk > limit and not strong -> risk > limit",
        "risky: risk > limit and not strong -> risk > limit or not strong",
        "risky: not strong -> strong",
        "young: age < 18 -> age < 19",
        "young: age < 18 -> age < 17",
        "young: age < 18 -> age <= 18",
        "risky: risky before young -> young before risky",
        'never: constraint "never" -> (left out)',
        "never: risk > 0.9 -> risk >= 0.9",
    ],
)
def test_a_mutant(change: str) -> None:
    assert change in changes()


def test_each_mutant_once_and_with_a_place() -> None:
    made = list(mutants(rules.parse(TEXT)))
    assert len({(str(item), item.span) for item in made}) == len(made)
    assert all(item.span is not None for item in made)
    original = rules.parse(TEXT)
    assert all(item.ruleset != original for item in made)


def test_score() -> None:
    found = mutate(rules.parse(TEXT), prove=False)
    assert not found.equivalent
    noticed = {str(mutant) for mutant, title in found.killed if title == "risky"}
    assert "risky: rule risky -> (left out)" in noticed
    assert "risky: not strong -> strong" in noticed
    survived = {str(survivor.mutant) for survivor in found.survivors}
    assert "young: age < 18 -> age <= 18" in survived
    assert found.score == len(found.killed) / (len(found.killed) + len(found.survivors))
    better = TEXT + (
        'test "just of age" given age = 18, risk = 0.1, income = 1, no Guarantor, member = true, '
        "kind = other expect outcome = approve"
    )
    survived = {str(one.mutant) for one in mutate(rules.parse(better), prove=False).survivors}
    assert "young: age < 18 -> age <= 18" not in survived
    assert "young: age < 18 -> age < 17" in survived


def test_a_missing_rule_is_noticed_by_a_test_that_names_it() -> None:
    text = TEXT.replace("expect outcome = reject", "expect young does not fire")
    noticed = {str(mutant) for mutant, _ in mutate(rules.parse(text), prove=False).killed}
    assert "young: rule young -> (left out)" in noticed


def test_progress_and_errors() -> None:
    numbers: list[int] = []
    mutate(rules.parse(TEXT), prove=False, progress=numbers.append)
    assert numbers == list(range(1, len(changes()) + 1))
    with pytest.raises(ValueError, match="has no tests"):
        mutate(rules.parse(TEXT[: TEXT.index('test "risky"')]))
    with pytest.raises(ValueError, match="test 'risky' fails without any change"):
        mutate(rules.parse(TEXT.replace("expect outcome = reject", "expect outcome = refer")))


def test_every_mutant_of_a_random_rule_set_runs() -> None:
    """Mutants are well-typed: no engine stumbles over one."""
    from rules.engines.agree import cases
    from rules.engines.reference import evaluate

    for seed in range(examples(15)):
        ruleset = generate(seed)
        if undated(ruleset):
            continue
        (case,) = cases(ruleset, seed, 1)
        for mutant in mutants(ruleset):
            evaluate(mutant.ruleset, case)


def test_equivalent_mutants_do_not_count_and_others_come_with_a_test() -> None:
    pytest.importorskip("z3", reason="needs z3 (pip install rulax[check])")
    text = """ruleset small version 1
input x: float in 0..10
decide o in {yes, no}
    policy first
    default no
    unknown no
rule a "a"
    o = yes
    if x > 5 or x > 6
test "more"
    given x = 8
    expect o = yes
"""
    found = mutate(rules.parse(text))
    assert "a: x > 5 or x > 6 -> x > 5" in {str(mutant) for mutant in found.equivalent}
    witnesses = {str(survivor.mutant): survivor.witness for survivor in found.survivors}
    witness = witnesses["a: x > 5 -> x >= 5"]
    assert witness is not None
    better = rules.parse(f"{text}\n{witness}")
    killed = {str(mutant) for mutant, _ in mutate(better).killed}
    assert "a: x > 5 -> x >= 5" in killed
