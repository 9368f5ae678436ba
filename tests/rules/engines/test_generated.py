"""The generated Python functions give the reference's answers."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import rules
from rules.engines.agree import cases as random_cases
from rules.engines.agree import generate as random_ruleset
from rules.engines.decisions import DEFAULT, UNKNOWN, VIOLATED
from rules.engines.generated import generate
from rules.engines.generated.thresholds import first_above, first_at_least
from rules.engines.reference import evaluate
from rules.engines.values import canonical
from rules.language import ir
from rules.language.settings import undated
from tests.effort import examples
from tests.rules.engines.strategies import case, columns, rulesets

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
TEXT = """
ruleset small version 1
input income: float > 0
input amount: float
input age: int in 0..120
input kind: {car, other}
derive burden: float = amount / income
derive heavy if burden > 3
decide outcome in {reject, refer, approve}
    policy priority
    default approve
    unknown refer
rule young "young" [priority 10]
    outcome = refer
    if age < 18
rule much "too much" [priority 5]
    outcome = reject
    if heavy and kind = car or heavy and amount > 100_000
"""


@settings(max_examples=examples(200), suppress_health_check=SLOW)
@given(rulesets(), st.integers(0, 2**32 - 1))
def test_agrees_with_the_reference_about_rows(ruleset: ir.Ruleset, seed: int) -> None:
    decide = generate(ruleset)
    arrays = columns(ruleset, seed, 24)
    for row in range(24):
        found = case(ruleset, arrays, row)
        expected = evaluate(ruleset, found)
        assert decide(found) == (expected.outcome, expected.rule), found


@pytest.mark.parametrize("start", range(0, examples(200), 50))
def test_agrees_with_the_reference_about_the_whole_language(start: int) -> None:
    for seed in range(start, start + 50):
        ruleset = random_ruleset(seed)
        if ruleset.decision is None or undated(ruleset):
            continue
        decide = generate(ruleset)
        for found in random_cases(ruleset, seed, 8):
            expected = evaluate(ruleset, found)
            assert decide(found) == (expected.outcome, expected.rule), f"seed {seed}: {found}"


def test_values_as_people_write_them() -> None:
    decide = generate(rules.parse(TEXT))
    given = {"income": 30_000, "amount": 120_000, "age": 40, "kind": "car"}
    assert decide(given) == ("reject", 1)
    assert decide(given | {"amount": 5}) == ("approve", DEFAULT)
    assert decide(given | {"age": 17.0}) == ("refer", 0)
    assert decide(given | {"income": None}) == ("refer", UNKNOWN)
    assert decide(given | {"income": math.nan}) == ("refer", UNKNOWN)
    assert decide(given | {"income": -1}) == ("refer", UNKNOWN)
    assert decide({"age": 17}) == ("refer", 0)
    with pytest.raises(TypeError, match="input income: found 'much'"):
        decide(given | {"income": "much"})
    with pytest.raises(ValueError, match="did you mean car"):
        decide(given | {"kind": "Car"})


def test_what_turns_out_unknown() -> None:
    text = TEXT.replace("input income: float > 0", "input income: float")
    decide = generate(rules.parse(text))
    given = {"income": 0.0, "amount": 120_000, "age": 40, "kind": "car"}
    assert decide(given) == ("refer", UNKNOWN)
    assert decide(given | {"age": 3}) == ("refer", 0)


def test_evaluation_is_lazy() -> None:
    """What no rule needs is not read: a division by zero behind a rule that fires."""
    text = TEXT.replace("input income: float > 0", "input income: float")
    decide = generate(rules.parse(text))
    decide._general = None  # type: ignore[method-assign, assignment]
    assert decide({"income": 0.0, "amount": 1.0, "age": 3, "kind": "car"}) == ("refer", 0)


def test_missing_inputs_need_no_slower_function() -> None:
    decide = generate(rules.parse(TEXT))
    decide._general = None  # type: ignore[method-assign, assignment]
    given = {"income": 30_000, "amount": 120_000, "age": 40, "kind": "car"}
    for name in given:
        case = given | {name: None}
        wanted = evaluate(decide.ruleset, case)
        assert decide(case) == (wanted.outcome, wanted.rule)


def test_a_param_is_rounded_as_inputs_are() -> None:
    text = """ruleset r version 1
param cutoff: float = 0.1
input x: float
decide o in {yes, no} policy first default no unknown no
rule above "above" o = yes if x > cutoff
"""
    decide = generate(rules.parse(text))
    assert decide({"x": 0.1}) == ("no", DEFAULT)
    assert decide({"x": 0.2}) == ("yes", 0)


def test_a_binding_constraint() -> None:
    text = TEXT + 'constraint "never" if amount > 10 then outcome != approve'
    decide = generate(rules.parse(text))
    given = {"income": 30_000, "amount": 11, "age": 40, "kind": "car"}
    assert decide(given) == ("refer", VIOLATED)
    assert decide(given | {"amount": 9}) == ("approve", DEFAULT)
    assert decide(given | {"age": 7}) == ("refer", 0)


def test_long_chains_and_deep_expressions() -> None:
    lines = ["ruleset chain version 1", "input x: int in 0..1"]
    lines += ["derive d0: int = x"]
    lines += [f"derive d{i}: int = min(d{i - 1} + 1, 3_000)" for i in range(1, 1500)]
    lines += ["decide o in {yes, no} policy first default no unknown no"]
    lines += ['rule r "r" o = yes if d1499 = 1500']
    decide = generate(rules.parse("\n".join(lines)))
    assert decide({"x": 1}) == ("yes", 0)
    assert decide({"x": 0}) == ("no", DEFAULT)
    assert decide({"x": None}) == ("no", UNKNOWN)


def _float32s() -> Iterator[float]:
    for bits in (0, 1, 0x00800000, 0x00800001, 0x3F800000, 0x7F7FFFFF, 0x3ECCCCCD):
        for sign in (0, 1 << 31):
            (number,) = struct.unpack("<f", struct.pack("<I", bits | sign))
            yield number


@given(
    st.floats(width=32, allow_nan=False, allow_infinity=False),
    st.floats(allow_nan=False, allow_infinity=False),
)
@example(0.0, 2.0**-126)
def test_thresholds_compare_unrounded_numbers(constant: float, number: float) -> None:
    value = canonical(constant)
    assert value is not None
    numbers = [number, first_at_least(value), first_above(value)]
    numbers += [math.nextafter(item, side) for item in numbers for side in (-math.inf, math.inf)]
    for item in numbers:
        rounded = canonical(item)
        if rounded is not None:
            assert (item >= first_at_least(value)) == (rounded >= value)
            assert (item >= first_above(value)) == (rounded > value)


@pytest.mark.parametrize("constant", list(_float32s()))
def test_thresholds_at_the_edges(constant: float) -> None:
    test_thresholds_compare_unrounded_numbers.hypothesis.inner_test(constant, constant)
