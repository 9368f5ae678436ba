"""The engine says what the specification says."""

from __future__ import annotations

import datetime
import os
from types import ModuleType
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.engines.agree.cases import cases
from rules.engines.agree.generator import generate
from rules.engines.reference import evaluate
from rules.engines.rete.compile import compile_program
from rules.engines.rete.matcher import Answer, Case, Matcher
from rules.engines.world import admit_case
from rules.language import ir
from rules.language.settings import in_force, undated
from tests.rules.engines.strategies import case, columns, rulesets

EXAMPLES = 40 * int(os.environ.get("RULAX_FUZZ", "1"))


def assert_agrees(ruleset: ir.Ruleset, told: dict[str, Any], answer: Answer) -> None:
    expected = evaluate(ruleset, told)
    assert answer.truths == expected.truths, told
    assert (answer.outcome, answer.rule) == (expected.outcome, expected.rule), told
    assert answer.violated == expected.violated, told
    for item in ruleset.derived:
        found, wanted = answer.derived[item.name], expected.values[item.name]
        assert repr(found) == repr(wanted), f"{item.name}: {told}"  # bit by bit


def answer(engine: ModuleType, matcher: Matcher, told: dict[str, Any]) -> Answer:
    case = Case(matcher)
    try:
        return case.answer(admit_case(matcher.program.ruleset, told))
    finally:
        case.close()


@settings(max_examples=EXAMPLES, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_the_whole_language(engine: ModuleType, seed: int) -> None:
    ruleset = generate(seed)
    if undated(ruleset):
        ruleset = in_force(ruleset, datetime.date(2024, 10, 4))
    matcher = Matcher(engine, compile_program(ruleset))
    for told in cases(ruleset, seed, 3):
        assert_agrees(ruleset, told, answer(engine, matcher, told))


@settings(max_examples=EXAMPLES, deadline=None)
@given(ruleset=rulesets(), seed=st.integers(0, 2**31))
def test_rules_about_rows(engine: ModuleType, ruleset: ir.Ruleset, seed: int) -> None:
    matcher = Matcher(engine, compile_program(ruleset))
    arrays = columns(ruleset, seed, 6)
    for row in range(6):
        told = case(ruleset, arrays, row)
        assert_agrees(ruleset, told, answer(engine, matcher, told))
