from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.engines import hit_policy
from rules.engines.agree import cases, generate
from rules.engines.agree.checking import check_ruleset, settled
from rules.engines.agree.engines import ORACLES, opened
from rules.engines.agree.oracles.facts import number_of, ordinal
from rules.engines.agree.oracles.functions import FUNCTIONS
from rules.engines.agree.oracles.lowering import lower
from rules.engines.agree.oracles.program import Atom, Clause, Var, strata
from rules.engines.agree.oracles.verdicts import verdict
from rules.engines.values import canonical
from rules.language import ir
from rules.language.load import parse
from tests.effort import examples

PROGRAMS = {"clingo": 40, "clips": 60, "problog": 12}
PACKAGES = {"clingo": "clingo", "clips": "clips", "problog": "problog"}


@pytest.mark.parametrize("name", ORACLES)
def test_an_oracle_agrees_with_the_reference(name: str) -> None:
    pytest.importorskip(PACKAGES[name])
    compared, excluded = Counter[str](), Counter[tuple[str, str]]()
    with opened((name,)) as engines:
        for seed in range(examples(PROGRAMS[name])):
            ruleset = settled(generate(seed))
            checked = check_ruleset(ruleset, cases(ruleset, seed, 6), engines)
            assert not checked.findings, f"seed {seed}: {checked.findings[0].told}"
            compared.update(checked.compared)
            excluded.update(checked.excluded)
    assert compared[name]
    assert name == "clingo" or excluded
    assert name != "clingo" or not excluded


RULES = """\
ruleset people version 1
entity Person max 4
input parent(Person, Person): bool
input age(Person): int
input weight(Person): float
derive ancestor(x, y) if parent(x, y)
derive ancestor(x, z) if parent(x, y) and ancestor(y, z)
derive safe(x) if all y: not parent(x, y) or safe(y)
derive oldest: int = max x: age(x)
derive total: float = sum x: weight(x)
derive half: float = total / 2
decide outcome in {no, yes}
    policy first
    default no
    unknown no
rule r "r"
    outcome = yes
    if some x: ancestor(x, x)
"""


def test_clingo_on_one_case_by_hand() -> None:
    pytest.importorskip("clingo")
    case = {
        "parent": {("a", "b"): True, ("b", "c"): None, ("c", "c"): True},
        "age": {"a": 3, "b": 5, "c": 4},
        "weight": {"a": 1.0, "b": 1e8, "c": -1e8},
    }
    with opened(("clingo",)) as engines:
        (said,) = engines["clingo"](parse(RULES), [case])
    assert said.rule == 0 and said.outcome == "yes"
    assert said.derived["ancestor"]["a", "b"] is True
    assert said.derived["ancestor"]["a", "c"] is None
    assert said.derived["ancestor"]["c", "a"] is False
    assert said.derived["safe"] == {("a",): None, ("b",): None, ("c",): False}
    assert said.derived["oldest"] == {(): 5}
    assert said.derived["total"] == {(): 0.0}  # 1 is lost beside 1e8
    assert said.derived["half"] == {(): 0.0}


def test_what_a_program_needs_is_told() -> None:
    assert lower(parse(RULES)).needs == {"aggregate", "arithmetic", "every"}


floats = st.floats(width=32, allow_nan=False, allow_infinity=False).map(canonical)


@given(floats, floats)
def test_ordinals_keep_the_order(left: float, right: float) -> None:
    assert (ordinal(left) < ordinal(right)) == (left < right)
    assert number_of(ordinal(left)) == left


@given(floats, floats)
def test_float_functions_round_once(left: float, right: float) -> None:
    for name, function in (("add", np.add), ("multiply", np.multiply), ("divide", np.divide)):
        found = FUNCTIONS[f"float_{name}"](ordinal(left), ordinal(right))
        with np.errstate(all="ignore"):
            expected = canonical(float(function(np.float32(left), np.float32(right))))
        assert (None if found is None else number_of(found)) == expected


@given(st.integers(-20, 20), st.integers(-5, 5))
def test_mod_has_the_sign_of_the_divisor(left: int, right: int) -> None:
    expected = None if right == 0 else left % right
    assert FUNCTIONS["int_mod"](left, right) == expected


@pytest.mark.parametrize("policy", ir.POLICIES)
def test_verdicts_by_definition_are_those_of_the_hit_policies(policy: str) -> None:
    outcomes = ("a", "b")
    for default, pair in itertools.product(outcomes, itertools.product(outcomes, repeat=3)):
        ruleset = _rules(policy, default, pair)
        assert ruleset.decision is not None
        for truths in itertools.product((True, False, None), repeat=3):
            for limit in (True, False, None):
                decided = hit_policy.decide(ruleset.decision, pair, truths)
                expected = hit_policy.constrain(
                    ruleset.decision, ruleset.constraints, [limit], *decided
                )
                assert verdict(ruleset, truths, [limit]) == expected


def _rules(policy: str, default: str, outcomes: tuple[str, ...]) -> ir.Ruleset:
    truth = ir.Const(value=True, type=ir.BOOL)
    return ir.Ruleset(
        name="r",
        version=1,
        inputs=(),
        derived=(),
        decision=ir.Decision(
            name="o", outcomes=("a", "b"), policy=policy, default=default, unknown="a"
        ),
        rules=tuple(
            ir.Rule(name=f"r{n}", title="", outcome=outcome, condition=truth, because=())
            for n, outcome in enumerate(outcomes)
        ),
        constraints=(ir.Constraint(title="c", condition=truth, allowed=("a",)),),
    )


def test_strata() -> None:
    x = (Var("X"),)
    program = [
        Clause(Atom("b", x), (Atom("a", x),)),
        Clause(Atom("b", x), (Atom("c", x), Atom("b", x))),
        Clause(Atom("d", x), (Atom("a", x), Atom("b", x).no())),
    ]
    assert strata(program) == {"b": 0, "d": 1}
    with pytest.raises(ValueError, match="its own negation"):
        strata([Clause(Atom("a", x), (Atom("a", x).no(),))])
