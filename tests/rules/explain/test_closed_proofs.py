"""Prepared proofs are those of the plain form."""

from __future__ import annotations

import pickle
import warnings

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.engines.backward import Query
from rules.engines.reference import evaluate
from rules.engines.semantics import NO_BINDING, Facts
from rules.explain.closed_proofs import DEPTH, TOO_DEEP
from rules.explain.deciding import Part
from rules.explain.proof import Proof
from rules.explain.prover import Prover
from rules.language import ir
from rules.language.load import parse
from tests.effort import examples
from tests.rules.engines.building import above, arithmetic, derives, ref, rule, ruleset
from tests.rules.engines.strategies import case, columns, rulesets

FAMILY = """ruleset family version 1
entity Person max 9
input parent(Person, Person): bool
input age(Person): int in 0..120
input limit: float in 0..100
input home: {town, land, sea}
derive ancestor(x, z) if parent(x, z)
derive ancestor(x, z) if parent(x, y) and ancestor(y, z)
derive loops if some x in Person: ancestor(x, x)
derive elder if loops or limit / 2 > 20 or home is unknown
derive spread = max(limit, 3) + sum x in Person: age(x)
derive wide if spread > 60 and not elder
derive again if elder and (if limit > 3 then wide else elder)
decide outcome in {yes, no}
    policy first
    default no
    unknown no
rule old "someone old"
    outcome = yes
    if again or (wide and some x in Person: age(x) > limit)
rule other "another"
    outcome = yes
    if elder and loops and (home = sea or not wide)
"""


def _plain(rules: ir.Ruleset, facts: Facts, expr: ir.Expr) -> Proof:
    return Prover(rules, facts)._prove(Part(expr=expr, bound=NO_BINDING), facts, set(), 0)


@settings(max_examples=examples(80), suppress_health_check=list(HealthCheck))
@given(rulesets(), st.integers(0, 2**32 - 1))
def test_random_cases(rules: ir.Ruleset, seed: int) -> None:
    one = case(rules, columns(rules, seed, 1), 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # values out of bounds
        facts: list[Facts] = [Query(rules, one), evaluate(rules, one).world]
    conditions = [item.condition for item in (*rules.rules, *rules.constraints)]
    clauses = [clause for item in rules.derived if not item.parameters for clause in item.clauses]
    for known in facts:
        prover = Prover(rules, known)
        for expr in (*conditions, *clauses):
            proof = prover.prove(expr)
            assert proof == _plain(rules, known, expr)
    for name in [item.name for item in rules.derived if not item.parameters]:
        assert Query(rules, one).prove(name).value == evaluate(rules, one).values[name]


@settings(max_examples=examples(40), deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), max_size=4, unique=True),
    st.dictionaries(st.sampled_from("abc"), st.sampled_from([0, 30, 100, None])),
    st.sampled_from([None, 0.0, 50.0]),
    st.sampled_from([None, "town", "sea"]),
)
def test_objects_and_recursion(
    parents: list[tuple[str, str]],
    ages: dict[str, int | None],
    limit: float | None,
    home: str | None,
) -> None:
    rules = parse(FAMILY)
    given = {"parent": parents, "age": ages, "limit": limit, "home": home, "Person": list("abc")}
    query = Query(rules, given)
    names = ("loops", "elder", "spread", "wide", "again")
    for expr in (
        *(item.condition for item in rules.rules),
        *(ir.Ref(name=name, type=rules.types[name]) for name in names),
    ):
        proof = Prover(rules, query).prove(expr)
        plain = _plain(rules, query, expr)
        assert proof == plain and proof.to_json() == plain.to_json()
        assert list(proof.lines()) == list(plain.lines())


def test_a_long_chain_ends_at_the_same_level() -> None:
    items = [derives("d0", arithmetic(ref("x"), "+", ref("x")))]
    for index in range(1, DEPTH + 20):
        items.append(derives(f"d{index}", arithmetic(ref(f"d{index - 1}"), "+", ref("x"))))
    chain = ruleset(
        [rule("r", "reject", above(f"d{DEPTH + 19}", 0.0))],
        inputs={"x": ir.FloatType()},
        derived=items,
    )
    query = Query(chain, {"x": 1.0})
    proof = query.prove("r")
    assert proof == _plain(chain, query, chain.rules[0].condition)
    assert TOO_DEEP in "\n".join(proof.lines())


def test_a_proof_is_a_value() -> None:
    rules = parse(FAMILY)
    proof = Query(rules, {"limit": 50.0, "home": "sea", "age": {"a": 70}}).prove("old")
    assert proof == Query(rules, {"limit": 50.0, "home": "sea", "age": {"a": 70}}).prove("old")
    assert pickle.loads(pickle.dumps(proof)) == proof
    assert proof != Query(rules, {"limit": 5.0, "home": "town", "age": {"a": 30}}).prove("old")
