"""Sentences: one per case."""

from __future__ import annotations

import time
from typing import Any

import jax
import numpy as np
import pytest

from rules.decide import decide
from rules.engines.decisions import Decisions
from rules.explain.formats import format_value
from rules.explain.reasons import reasons
from rules.language import ir
from tests.rules.engines.building import above, arithmetic, const, derives, ref, rule, ruleset

COLOUR = ir.EnumType(("red", "green"))
INPUTS: dict[str, ir.Type] = {
    "x": ir.FloatType(),
    "y": ir.FloatType(),
    "n": ir.IntType(),
    "b": ir.BOOL,
    "e": COLOUR,
}
CASE: dict[str, Any] = {"x": 5.0, "y": 2.0, "n": 1200, "b": True, "e": "red"}
RATIO = derives("ratio", arithmetic(ref("x"), "/", ref("y")))
TEMPLATE = (
    "{x}=",
    ir.Field(name="x", spec=".0%"),
    " ratio ",
    ir.Field(name="ratio", spec=""),
    *[ir.Field(name=name, spec=spec) for name, spec in (("n", ","), ("b", ""), ("e", ">6"))],
)


def reason(case: dict[str, Any], condition: ir.Expr, policy: str = "first", **options: Any) -> str:
    item = ir.Rule(name="r", title="t", outcome="reject", condition=condition, because=TEMPLATE)
    small = ruleset([item], inputs=INPUTS, derived=[RATIO], policy=policy, **options)
    return decide(small, case).reasons[0]


def test_the_template_is_filled() -> None:
    assert reason(CASE, above("x", 1.0)) == "{x}=500% ratio 2.51,200true   red"


def test_what_is_missing_is_the_word_unknown() -> None:
    case = {**dict.fromkeys(CASE), "b": True}
    assert reason(case, ref("b", ir.BOOL)) == "{x}=unknown ratio unknownunknowntrueunknown"


def test_the_default() -> None:
    assert reason(CASE, above("x", 9.0)) == "no rule applies: default approve"


def test_unknown_names_the_inputs_that_matter() -> None:
    matters = ir.And(operands=(above("x", 1.0), above("y", 1.0), above("n", 9, ir.IntType())))
    told = reason({**CASE, "y": None, "e": None, "n": None}, matters)
    assert told == "cannot be decided without y, n: rule r could apply"


def test_unknown_through_derived_values() -> None:
    deep = ir.Or(operands=(above("ratio", 9.0), above("n", 10_000, ir.IntType())))
    assert reason({**CASE, "x": None}, deep) == "cannot be decided without x: rule r could apply"


def test_unknown_without_a_missing_input() -> None:
    told = reason({**CASE, "y": 0.0}, above("ratio", 1.0))
    assert told == "cannot be decided since x / y has no value: rule r could apply"
    both = ir.And(operands=(above("ratio", 1.0), above("n", 1, ir.IntType())))
    told = reason({**CASE, "y": 0.0, "n": None}, both)
    assert told == "cannot be decided without n, since x / y has no value: rule r could apply"


def test_unknown_through_choose_not_and_calls() -> None:
    choose = ir.Choose(
        condition=ref("b", ir.BOOL), then=ref("x"), otherwise=ref("y"), type=ir.FloatType()
    )
    chosen = ir.Not(operand=ir.Compare(op=">", left=choose, right=const(1.0)))
    told = "cannot be decided without {}: rule r could apply"
    assert reason({**CASE, "x": None}, chosen) == told.format("x")
    assert reason({**CASE, "x": None, "b": None}, chosen) == told.format("b")
    assert reason({**CASE, "b": False, "x": None, "y": None}, chosen) == told.format("y")
    whole = ir.ToFloat(operand=ref("n", ir.IntType()), type=ir.FloatType())
    most = ir.Call(function="max", arguments=(ref("x"), whole), type=ir.FloatType())
    called = ir.Compare(op="<", left=most, right=const(1.0))
    assert reason({**CASE, "n": None}, called) == told.format("n")
    truth = derives("d", above("x", 1.0), above("y", 9.0))
    small = ruleset([rule("r", "reject", ref("d", ir.BOOL))], derived=[truth])
    assert decide(small, {"x": None, "y": 1.0}).reasons == [told.format("x")]


def test_a_derived_value_out_of_its_bounds_has_no_value() -> None:
    share = derives("share", arithmetic(ref("x"), "/", ref("y")), type_=ir.PROB)
    small = ruleset([rule("r", "reject", above("share", 0.5))], derived=[share])
    told = "cannot be decided since share has no value: rule r could apply"
    assert decide(small, {"x": 5.0, "y": 2.0}).reasons == [told]


def test_only_rules_that_could_change_the_outcome_are_named() -> None:
    rules = [
        rule("a", "refer", above("y", 1.0)),
        rule("b", "reject", above("y", 2.0)),
        rule("c", "refer", above("x", 1.0)),
    ]
    told = decide(ruleset(rules), {"x": 5.0, "y": None}).reasons
    assert told == ["cannot be decided without y: rule b could apply"]


def test_conflict_names_the_rules() -> None:
    rules = [rule("a", "refer", above("x", 1.0)), rule("b", "reject", above("x", 2.0))]
    told = decide(ruleset(rules, policy="any"), {"x": 5.0, "y": 1.0}).reasons
    assert told == ["rules a (refer), b (reject) apply, which policy any forbids"]


def test_arrays_of_a_device_and_other_dtypes() -> None:
    small = ruleset([rule("r", "reject", ref("b", ir.BOOL))], inputs=INPUTS)
    columns = {
        "x": jax.numpy.ones(2, "bfloat16"),
        "y": 1.0,
        "n": np.int32(1),
        "b": np.array([True, False]),
        "e": np.zeros(2, np.int8),
    }
    decisions = Decisions(outcome=None, rule=jax.numpy.asarray([0, -1]))
    assert reasons(small, columns, decisions)[0] == "the rule r"


def test_decisions_must_be_a_batch() -> None:
    decisions = Decisions(outcome=None, rule=np.zeros((2, 2), np.int32))
    with pytest.raises(ValueError, match=r"shape \(2, 2\), expected a batch \[B\]"):
        reasons(ruleset([]), {}, decisions)


@pytest.mark.parametrize(
    ("value", "spec", "text"),
    [
        (None, ".2f", "unknown"),
        (float(np.float32(0.1)), "", "0.1"),
        (3.0, "", "3"),
        (1234.5, ",.1f", "1,234.5"),
        (True, "", "true"),
        (12000, "_", "12_000"),
        ("red", "", "red"),
    ],
)
def test_formats(value: Any, spec: str, text: str) -> None:
    assert format_value(value, spec) == text


def test_a_hundred_thousand_sentences_take_about_a_second() -> None:
    rng = np.random.default_rng(0)
    count = 100_000
    item = ir.Rule(
        name="r", title="t", outcome="reject", condition=above("ratio", 1.0), because=TEMPLATE
    )
    small = ruleset([item], inputs=INPUTS, derived=[RATIO])
    columns = {
        "x": np.where(rng.random(count) < 0.3, np.nan, rng.random(count)).astype(np.float32),
        "y": rng.random(count).astype(np.float32),
        "n": rng.integers(0, 9, count).astype(np.int32),
        "b": np.ones(count, np.int8),
        "e": np.zeros(count, np.int32),
    }
    decided = decide(small, {**columns, "b": columns["b"] > 0, "e": ["red"] * count})
    start = time.process_time()
    assert len(decided.reasons) == count
    assert time.process_time() - start < 3  # about 0.4 on an idle machine
