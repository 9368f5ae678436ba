from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from rules.engines.agree import cases, generate
from rules.engines.agree.cases import beside, pools
from rules.engines.agree.census import CONSTRUCTS, constructs
from rules.engines.agree.checking import round_trip, settled
from rules.engines.reference import evaluate
from rules.engines.values import FLOAT_MAX, TINY
from rules.language import ir
from rules.language.settings import undated
from rules.language.strata import is_recursive
from rules.language.walk import children, names
from tests.effort import examples

PROGRAMS = 400


def test_the_same_seed_gives_the_same_program_and_cases() -> None:
    assert generate(7) == generate(7)
    assert generate(7) != generate(8)
    assert repr(cases(generate(7), 1, 5)) == repr(cases(generate(7), 1, 5))


def test_every_construct_occurs_and_none_is_unknown() -> None:
    having = Counter[str]()
    for seed in range(PROGRAMS):
        having.update(constructs(generate(seed)).keys())
    assert set(having) <= set(CONSTRUCTS)
    rare = {name: having[name] for name in CONSTRUCTS if having[name] < 2}
    assert not rare


@pytest.mark.parametrize("start", range(0, examples(60), 20))
def test_text_and_json_say_the_same(start: int) -> None:
    for seed in range(start, start + 20):
        found = round_trip(generate(seed))
        assert found is None, f"seed {seed}: {found.told}"


def test_a_sum_over_an_entity_without_bound_could_overflow() -> None:
    assert round_trip(generate(720004)) is None


def test_recursion_is_positive() -> None:
    recursive = 0
    for seed in range(PROGRAMS):
        for group in generate(seed).strata:
            if is_recursive(group):
                recursive += 1
                members = frozenset(item.name for item in group)
                assert all(_is_positive(clause, members) for i in group for clause in i.clauses)
    assert recursive > PROGRAMS / 10


def _is_positive(expr: ir.Expr, members: frozenset[str]) -> bool:
    if not names(expr) & members or isinstance(expr, ir.Ref):
        return True
    through = isinstance(expr, ir.And | ir.Or | ir.Quantified)
    return through and all(_is_positive(child, members) for child in children(expr))


def test_truths_and_decisions_are_of_every_kind() -> None:
    truths, rules = Counter[bool | None](), Counter[int]()
    for seed in range(60):
        ruleset = settled(generate(seed))
        for case in cases(ruleset, seed, 8):
            told = evaluate(ruleset, case)
            truths.update(told.truths)
            rules[min(told.rule, 0)] += 1
    assert all(truths[kind] > sum(truths.values()) / 10 for kind in (True, False, None))
    assert all(rules[kind] for kind in (0, -1, -2, -3, -4))


def test_undated_rules_are_settled() -> None:
    found = next(generate(seed) for seed in range(PROGRAMS) if undated(generate(seed)))
    assert not undated(settled(found))


@pytest.mark.parametrize(
    ("number", "above"),
    [(0.0, 2.0**-149), (-0.0, 2.0**-149), (1.0, 1 + 2.0**-23), (-1.0, -1 + 2.0**-24)],
)
def test_beside(number: float, above: float) -> None:
    assert beside(number, 1) == above
    assert beside(above, -1) == (number if number else 0.0)


def test_cases_are_at_thresholds_and_beside() -> None:
    ruleset = next(made for made in map(generate, range(PROGRAMS)) if len(pools(made).floats) > 2)
    drawn = [case["y"] for case in cases(ruleset, 0, 2000) if case.get("y") is not None]
    thresholds = pools(ruleset).floats
    assert all(item in drawn for item in thresholds)
    assert any(beside(item, 1) in drawn for item in thresholds)
    assert any(0 < abs(item) < TINY for item in drawn)
    assert any(item != item for item in drawn) and any(abs(item) > FLOAT_MAX for item in drawn)


def test_cases_miss_things_at_every_level() -> None:
    ruleset = next(made for made in map(generate, range(PROGRAMS)) if "Person" in made.entity)
    drawn = cases(ruleset, 3, 400)
    assert any("y" not in case for case in drawn) and any(
        case.get("y", 0) is None for case in drawn
    )
    assert any("of_person" not in case for case in drawn)
    assert any("Person" not in case for case in drawn)
    told = [case["of_person"] for case in drawn if isinstance(case.get("of_person"), dict)]
    assert any(None in values.values() for values in told)
    present = [case["Person"] for case in drawn if isinstance(case.get("Person"), dict)]
    assert any(None in values.values() for values in present)


def test_dates_are_dates() -> None:
    ruleset = next(made for made in map(generate, range(PROGRAMS)) if "signed" in made.types)
    assert any(isinstance(case.get("signed"), date) for case in cases(ruleset, 0, 50))
