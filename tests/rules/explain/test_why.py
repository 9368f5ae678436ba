"""The explanation of one case."""

from __future__ import annotations

import json
import warnings
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.engines.decisions import UNKNOWN
from rules.engines.reference import evaluate
from rules.explain import explain
from rules.explain.proof import Proof
from rules.explain.prover import Prover
from rules.language import ir
from tests.effort import examples
from tests.rules.engines.building import above, arithmetic, derives, ref, rule, ruleset
from tests.rules.engines.relations import world
from tests.rules.engines.strategies import case, columns, rulesets

B = ref("b", ir.BOOL)
POLICY = ruleset(
    [
        rule(
            "far",
            "reject",
            ir.And(operands=(above("ratio", 3.0), ir.Not(operand=ref("strong", ir.BOOL)))),
        ),
        rule("wide", "refer", ir.Or(operands=(above("x", 10.0), above("y", 10.0)))),
    ],
    inputs={"x": ir.FloatType(), "y": ir.FloatType(), "b": ir.BOOL},
    derived=[
        derives("ratio", arithmetic(ref("x"), "/", ref("y"))),
        derives("strong", B, above("y", 100.0)),
    ],
)


def test_a_decided_case_reads_like_this() -> None:
    assert str(explain(POLICY, {"x": 8, "y": 2, "b": False})) == (
        "reject, decided by far (small version 1)\n"
        "because the rule far\n"
        "\n"
        "rule far fires: reject, the rule far\n"
        "  yes  ratio > 3 and not strong\n"
        "    yes  ratio > 3\n"
        "           ratio = x / y = 4\n"
        "             x = 8\n"
        "             y = 2\n"
        "    yes  not strong\n"
        "      no   strong: b or y > 100\n"
        "        no   b\n"
        "        no   y > 100\n"
        "               y = 2\n"
        "\n"
        "rule wide does not fire: refer, the rule wide\n"
        "  no   x > 10\n"
        "         x = 8\n"
        "  no   y > 10\n"
        "         y = 2"
    )


def test_an_undecided_case_tells_what_to_obtain() -> None:
    told = explain(POLICY, {"x": 8, "b": False})
    assert (told.outcome, told.rule, told.needed) == ("refer", "unknown", ("y",))
    assert told.margin == 0 and told.fired == ()
    assert [item.fires for item in told.not_fired] == [None, None]
    text = str(told)
    assert "to obtain: y" in text and "rule far could fire: reject" in text
    assert "  ?    ratio > 3" in text and "y = unknown" in text


def test_failing_literals_are_the_false_ones() -> None:
    told = explain(POLICY, {"x": 2, "y": 2, "b": False})
    (far, _) = told.not_fired
    assert [proof.text for proof in far.failing] == ["ratio > 3"]
    told = explain(POLICY, {"x": 8, "y": 2, "b": True})
    assert [proof.text for proof in told.rules[0].failing] == ["not strong"]


def test_json_is_plain_and_complete() -> None:
    told = explain(POLICY, {"x": 8, "y": 2, "b": False}).to_json()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["outcome"] == "reject" and told["sha256"] == POLICY.sha256
    far = told["rules"][0]
    assert far["fires"] is True and far["failing"] == []
    assert far["proof"]["children"][0]["children"][0] == {
        "text": "ratio",
        "definition": "x / y",
        "value": 4.0,
        "children": [{"text": "x", "value": 8.0}, {"text": "y", "value": 2.0}],
    }


def test_values_are_told_with_the_digits_of_float32() -> None:
    told = explain(POLICY, {"x": 0.1, "y": 1.0})
    assert told.to_json()["values"]["x"] == 0.1


def test_default_collect_and_derive_only() -> None:
    told = explain(POLICY, {"x": 1, "y": 1, "b": False})
    assert (told.rule, told.reason) == ("default", "no rule applies: default approve")
    collecting = ruleset(POLICY.rules[1:], policy="collect", default=None)
    told = explain(collecting, {"x": 11, "y": 1})
    assert told.outcome == {"refer"} and told.to_json()["outcome"] == ["refer"]
    assert str(explain(collecting, {"x": 1, "y": 1})).startswith("nothing, decided by default")
    deriving = ir.Ruleset(
        name="d", version=1, inputs=POLICY.inputs, derived=POLICY.derived, decision=None, rules=()
    )
    told = explain(deriving, {"x": 1, "y": 1, "b": True})
    assert told.outcome is None and told.to_json()["margin"] is None
    assert (
        str(told)
        == "no decision, decided by default (d version 1)\nbecause the rule set decides nothing"
    )


def test_a_chain_of_names() -> None:
    chain = ruleset(
        [rule("r", "reject", ref("second", ir.BOOL))],
        inputs={"b": ir.BOOL, "n": ir.IntType()},
        derived=[derives("first", B), derives("second", ref("first", ir.BOOL))],
    )
    text = str(explain(chain, {"b": True, "n": 1}))
    assert "  yes  second: first\n    yes  first: b\n      yes  b" in text


def test_wrong_values_are_told() -> None:
    with pytest.raises(TypeError, match="input x: found 'a'"):
        explain(POLICY, {"x": "a"})


def _nodes(proof: Proof) -> list[Proof]:
    return [proof, *(node for child in proof.children for node in _nodes(child))]


@settings(max_examples=examples(80), suppress_health_check=list(HealthCheck))
@given(rulesets(), st.integers(0, 2**32 - 1))
def test_explanations_of_random_cases(ruleset_: ir.Ruleset, seed: int) -> None:
    """They say what the reference decides, are JSON, and every failing literal fails."""
    one: dict[str, Any] = case(ruleset_, columns(ruleset_, seed, 1), 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # values out of bounds
        told = explain(ruleset_, one)
    evaluation = evaluate(ruleset_, one)
    assert told.outcome == evaluation.outcome
    assert [item.fires for item in told.rules] == list(evaluation.truths)
    assert [item.proof.truth for item in told.rules] == list(evaluation.truths)
    json.dumps(told.to_json(), allow_nan=False)
    assert str(told)
    for item in told.not_fired:
        assert item.failing and all(proof.truth is not True for proof in item.failing)
    missing = {name for name in one if evaluation.values[name] is None}
    assert set(told.needed) <= missing
    if evaluation.rule != UNKNOWN:
        assert told.needed == ()


def test_needed_inputs_decide_when_they_come() -> None:
    told = explain(POLICY, {"x": 8, "b": False})
    full = dict.fromkeys(told.needed, 2.0)
    assert explain(POLICY, {"x": 8, "b": False, **full}).rule == "far"


def test_failing_of_a_negated_conjunction_is_the_whole_literal() -> None:
    both = ir.Not(operand=ir.And(operands=(above("x", 1.0), above("y", 1.0))))
    (literal,) = Prover(POLICY, world(x=2.0, y=2.0)).failing(both)
    assert literal.text == "not (x > 1 and y > 1)" and literal.truth is False
    assert [node.text for node in _nodes(literal)][-1] == "y"


@pytest.mark.parametrize(
    ("cases", "count"),
    [({"x": [1, 2], "y": [1, 2], "b": [True, False]}, 2), ([{}, {}], 2), ([], 0)],
)
def test_one_case_is_explained_at_a_time(cases: Any, count: int) -> None:
    with pytest.raises(ValueError, match=f"found {count} cases, expected one"):
        explain(POLICY, cases)


def test_a_misspelt_input_is_an_error_and_another_key_is_not() -> None:
    with pytest.raises(ValueError, match=r"no input is called strenght; did you mean strength\?"):
        explain(ruleset([], inputs={"strength": ir.FloatType()}), {"strenght": 1})
    assert explain(POLICY, {"x": 8, "y": 2, "b": False, "customer": "Ada"}).outcome == "reject"
