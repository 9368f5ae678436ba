"""Deciding a table: all engines through one call."""

from __future__ import annotations

import dataclasses
import importlib.util
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from rules.cases import encode_cases
from rules.decide import _chosen as choose
from rules.decide import decide
from rules.decided import Decided
from rules.engines.arrays import Extras
from rules.language import ir
from tests.rules.engines.building import above, derives, ref, rule, ruleset
from tests.rules.engines.strategies import columns

INPUTS: dict[str, ir.Type] = {"x": ir.FloatType(), "y": ir.FloatType()}
RULES = [rule("far", "reject", above("x", 3.0)), rule("near", "refer", above("y", 1.0))]
SMALL = ruleset(RULES)
ROWS: list[dict[str, Any]] = [
    {"x": 5.0, "y": 2.0},
    {"x": 0.0, "y": 2.0},
    {"x": 0.0, "y": 0.0},
    {"x": None, "y": 0.0},
]


def same(left: Decided, right: Decided) -> None:
    for name in ("outcome", "rule", "fired", "margin"):
        one, other = (getattr(decided.decisions, name) for decided in (left, right))
        if one is None:
            assert other is None
        else:
            assert one.dtype == other.dtype and one.shape == other.shape
            np.testing.assert_allclose(one, other, rtol=1e-5)
    assert left.to_table().drop_columns("margin").equals(right.to_table().drop_columns("margin"))


@pytest.mark.parametrize("policy", ir.POLICIES)
def test_the_engines_agree(policy: str) -> None:
    small = ruleset(RULES, policy=policy)
    cases = columns(small, 3, 100)
    same(
        decide(small, cases, engine="reference", margin=True),
        decide(small, cases, engine="xla", margin=True),
    )


def test_the_table() -> None:
    table = decide(SMALL, ROWS, margin=True).to_table()
    assert table.to_pydict() == {
        "outcome": ["reject", "refer", "approve", "refer"],
        "rule": ["far", "near", "default", "unknown"],
        "reason": [
            "the rule far",
            "the rule near",
            "no rule applies: default approve",
            "cannot be decided without x: rule far could apply",
        ],
        "fired": [["far", "near"], ["near"], [], []],
        "margin": pytest.approx([0.4, 0.5, 1.0, 0.0]),
    }


def test_counts_and_outcomes() -> None:
    decided = decide(SMALL, ROWS)
    assert decided.outcomes == ["reject", "refer", "approve", "refer"]
    assert decided.counts() == {"reject": 1, "refer": 2, "approve": 1}
    assert decided.to_table().column_names == ["outcome", "rule", "reason", "fired"]
    assert decide(SMALL, ROWS, fired=False).to_table().column_names[-1] == "reason"


def test_derived_values_of_every_type_pass_through_the_reference() -> None:
    colour = ir.EnumType(("red", "green"))
    small = ruleset(
        [],
        inputs={"e": colour, "n": ir.IntType()},
        derived=[derives("f", ref("e", colour)), derives("m", ref("n", ir.IntType()))],
    )
    rows = [{"e": "green", "n": 3}, {"e": None, "n": None}]
    decided = decide(small, rows, engine="reference", derived=["f", "m"])
    derived = decided.decisions.derived
    assert derived["f"].tolist() == [1, -1] and derived["m"].tolist() == [3, -(2**31)]
    assert decided.derived == {"f": ["green", None], "m": [3, None]}


@pytest.mark.parametrize("engine", ["reference", "python", "numpy", "backward", "xla"])
def test_collect(engine: Any) -> None:
    collecting = ruleset(RULES, policy="collect", default=None)
    decided = decide(collecting, ROWS, engine=engine)
    assert decided.outcomes == [{"reject", "refer"}, {"refer"}, set(), {"refer"}]
    assert decided.counts() == {"reject": 1, "refer": 3, "approve": 0}
    assert decided.to_table()["outcome"].to_pylist() == [
        ["reject", "refer"],
        ["refer"],
        [],
        ["refer"],
    ]
    assert decided.reasons[2] == "no rule applies"


def test_conflict() -> None:
    decided = decide(ruleset(RULES, policy="unique"), ROWS[:1])
    assert decided.rules == ["conflict"] and decided.outcomes == ["refer"]
    assert decided.reasons == [
        "rules far (reject), near (refer) apply, which policy unique forbids"
    ]


@pytest.mark.parametrize("engine", ["reference", "python", "numpy", "xla", "auto"])
def test_no_cases(engine: Any) -> None:
    decided = decide(SMALL, [], engine=engine, margin=True)
    assert decided.to_table().num_rows == 0 and decided.counts()["reject"] == 0


def test_missing_columns() -> None:
    with pytest.raises(ValueError, match="no column for y"):
        decide(SMALL, {"x": 1.0})
    assert decide(SMALL, {"x": 5.0}, missing_columns="unknown").outcomes == ["reject"]


@pytest.mark.parametrize(
    ("count", "fired", "chosen"),
    [(1, True, "reference"), (4, False, "python"), (5, False, "numpy"), (10**5, True, "numpy"),
     (10**8, True, "xla")],
)  # fmt: skip
def test_auto_chooses_by_the_number_of_cases(count: int, fired: bool, chosen: str) -> None:
    encoded = dataclasses.replace(encode_cases(SMALL, ROWS), count=count)
    assert choose("auto", encoded, Extras(fired=fired), unbounded=False) == chosen


def test_without_jax_auto_decides_on_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "jax")
    encoded = dataclasses.replace(encode_cases(SMALL, ROWS), count=10**8)
    assert choose("auto", encoded, Extras(), unbounded=False) == "numpy"


@pytest.mark.parametrize(
    ("engine", "package", "advice"),
    [("rete", "durable", "pip install rulax[rete]"), ("xla", "jax", "pip install jax")],
)
def test_an_engine_that_is_not_installed(
    engine: Any, package: str, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch, package)
    with pytest.raises(ModuleNotFoundError) as caught:
        decide(SMALL, ROWS, engine=engine)
    assert str(caught.value) == (
        f"engine {engine} needs the package {package}, which is not installed: {advice}; the "
        "other engines give the same answers"
    )


def without(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda n: None if n == package else find(n))


def test_misspelt_engine() -> None:
    told = (
        "engine is 'xlaa', expected one of auto, reference, python, numpy, xla, backward, rete; "
        "did you mean xla?"
    )
    with pytest.raises(ValueError) as caught:
        decide(SMALL, ROWS, engine="xlaa")  # type: ignore[arg-type]
    assert str(caught.value) == told


def test_a_few_cases_do_not_import_jax() -> None:
    code = (
        "import sys\n"
        "from rules.decide import decide\n"
        "from rules.language import ir\n"
        "decision = ir.Decision(\n"
        "    name='d', outcomes=('a',), policy='first', default='a', unknown='a')\n"
        "inputs = (ir.Input(name='x', type=ir.FloatType()),)\n"
        "empty = ir.Ruleset(\n"
        "    name='e', version=1, inputs=inputs, derived=(), decision=decision, rules=())\n"
        "for engine in ('auto', 'reference', 'python', 'numpy', 'backward'):\n"
        "    decide(empty, {'x': [1.0] * 99}, engine=engine).to_table()\n"
        "assert 'jax' not in sys.modules\n"
        "decide(empty, {'x': [1.0] * 64}, engine='xla')\n"
        "assert 'jax' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize("engine", ["auto", "reference", "xla"])
def test_a_rule_set_without_inputs_is_refused(engine: Any) -> None:
    small = dataclasses.replace(ruleset([]), inputs=())
    with pytest.raises(ValueError, match="rule set small reads no inputs"):
        decide(small, [{"x": 1}, {"x": 2}], engine=engine)
