"""Explanations about objects: witnesses, counterexamples, derivations, what to obtain."""

from __future__ import annotations

import datetime
import itertools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random

import pytest

from rules.engines.agree import cases, generate
from rules.engines.backward import Query
from rules.engines.decisions import UNKNOWN
from rules.engines.reference import evaluate
from rules.explain import EnginesDisagreeError, explain
from rules.explain.proof import Proof
from rules.explain.prover import Prover
from rules.language import ir
from rules.language.load import parse
from rules.language.settings import in_force, undated, with_params
from tests.rules.explain.policies import POLICY, TEXT, applicant


def nodes(proof: Proof) -> Iterator[Proof]:
    yield proof
    for child in proof.children:
        yield from nodes(child)


def told(rule: str, **changes: object) -> str:
    """What the explanation says about one rule."""
    text = str(explain(POLICY, applicant(**changes)))
    return next(part for part in text.split("\n\n") if part.startswith(f"rule {rule} "))


def test_the_witness_of_some() -> None:
    assert told("risky") == (
        "rule risky does not fire: reject, risky (policy.rules:37:1)\n"
        "  no   not strong\n"
        "    yes  strong: some g in Guarantor: earns(g) > 50_000\n"
        "      yes  g = anna: earns(anna) > 50_000\n"
        "             earns(anna) = 80000"
    )


def test_what_fails_some_is_every_object() -> None:
    text = told("risky", earns={"anna": 20_000, "bob": 10_000})
    assert "g = anna: earns(anna) > 50_000" in text and "g = bob: earns(bob) > 50_000" in text
    assert "signed_on = 2026-03-01" in text and "cutoff = 0.4" in text


def test_the_object_that_fails_all() -> None:
    text = told("late_payer", late=[3, 5])
    assert "no   all_paid: all m in Month: not late(m)\n        no   m = 3: not late(3)" in text
    assert "m = 4" not in text and "m = 5: not late" not in text
    assert "n_late = count m in Month: late(m) = 2" in text
    assert "yes  m = 3: late(3)\n        yes  m = 5: late(5)" in text


def test_the_nearest_objects_come_first_and_the_others_are_counted() -> None:
    text = told("family", barred=["bob"])
    assert "(and 20 more)" in text
    assert text.count("x = carl, y = ") == 5 and "x = eve" not in text


def test_the_reason_has_dates_texts_and_aggregates() -> None:
    found = explain(POLICY, applicant(earns={"anna": 20_000, "bob": 20_000}))
    assert found.reason == "risk 62%, 40,000 earned, signed 2026-03-01, Spain"
    assert found.headline == "reject, decided by risky"
    assert [item.violated for item in found.constraints] == [False, True]
    told = 'constraint "few are rejected" is violated: allows refer, approve, only reported ('
    assert told in str(found)


def test_a_derivation_is_shortest_and_never_circular() -> None:
    text = told("family", barred=["zoe"])
    steps = [line.strip() for line in text.split("\n") if "ancestor(" in line and ": " in line]
    assert "ancestor(dan, carl): parent(dan, carl)" in steps[-1]
    assert sum("ancestor(zoe, carl): some" in step for step in steps) == 1


def distances(edges: set[tuple[str, str]], people: str) -> dict[tuple[str, str], int]:
    """The fewest steps along edges, by Floyd and Warshall."""
    far = {pair: 1 if pair in edges else 99 for pair in itertools.product(people, repeat=2)}
    for k, i, j in itertools.product(people, repeat=3):
        far[i, j] = min(far[i, j], far[i, k] + far[k, j])
    return far


def derivation(proof: Proof) -> list[str]:
    """The recursive facts along a proof, each resting on the next."""
    return [node.text for node in nodes(proof) if node.text.startswith("ancestor(")]


@pytest.mark.parametrize("seed", range(30))
def test_derivations_on_random_graphs(seed: int) -> None:
    random, people = Random(seed), "abcdef"
    pairs = list(itertools.product(people, repeat=2))
    sure = {pair for pair in pairs if random.random() < 0.22}
    perhaps = {pair for pair in pairs if random.random() < 0.1} - sure
    parent = dict.fromkeys(sure, True) | dict.fromkeys(perhaps)
    case = {"Person": list(people), "parent": parent}
    world = evaluate(POLICY, case).world
    shortest, possible = distances(sure, people), distances(sure | perhaps, people)
    for pair in pairs:
        held = world.read("ancestor", pair)
        if held is False:
            continue
        arguments = tuple(ir.Const(value=x, type=ir.ObjectType("Person")) for x in pair)
        fact = ir.Ref(name="ancestor", type=ir.BOOL, arguments=arguments)
        proof = Prover(POLICY, world).prove(fact)
        chain = derivation(proof)
        if held:
            assert len(chain) == len(set(chain)) == shortest[pair]
            assert all(node.truth for node in nodes(proof))
        else:
            assert all(node.truth is not False for node in nodes(proof))
            assert shortest[pair] == 99 and possible[pair] < 99
        leaves = [node for node in nodes(proof) if not node.children]
        assert all(leaf.text.startswith(("parent(", "ancestor(")) for leaf in leaves)


def test_what_to_obtain_names_objects() -> None:
    found = explain(POLICY, applicant(earns={"anna": None, "bob": 20_000}))
    assert found.rule == "unknown" and found.needed == ("earns(anna)",)
    assert found.reason == "cannot be decided without earns(anna): rule risky could apply"
    (one,) = found.settling
    assert str(one) == "earns(anna): reject if earns(anna) = 0; approve if earns(anna) = 50001"
    found = explain(POLICY, applicant(parent={("zoe", "carl"): None}, barred=["zoe"]))
    assert found.needed == ("parent(zoe, carl)",)


def test_who_is_there_may_be_what_to_obtain() -> None:
    assert explain(POLICY, applicant(earns=None)).needed == ("Guarantor", "earns")
    found = explain(POLICY, applicant(Guarantor={"anna": None, "bob": True}))
    assert found.needed == ("Guarantor(anna)",)
    assert "g = anna: earns(anna) > 50_000 (may not be there)" in str(found)
    found = explain(POLICY, applicant(late={"1": None, "2": True}))
    assert found.needed == ("late(1)",)
    found = explain(POLICY, applicant(late=None))
    assert found.needed == ("late",) and "cannot be decided without late: " in found.reason


def test_two_facts_where_one_is_not_enough() -> None:
    found = explain(POLICY, applicant(earns={"anna": 1, "bob": 1}, p_default=None, income=None))
    assert found.needed == ("p_default", "income")
    assert {tuple(map(str, one.needs)) for one in found.settling} == {("p_default",), ("income",)}
    either = parse(
        """ruleset r version 1
input a: bool
input b: bool
decide o in {x, y, z}
    policy first
    default x
    unknown z
rule one "one"
    o = y
    if (a or b) and (not a or not b)
"""
    )
    found = explain(either, {})
    (pair,) = found.settling
    assert tuple(map(str, pair.needs)) == ("a", "b") and set(pair.outcomes) == {"x", "y"}
    assert found.to_json()["settling"][0]["outcomes"][0]["if"] == {"a": True, "b": True}


def test_constraints_in_sentences() -> None:
    found = explain(POLICY, applicant(p_fraud=0.95))
    assert (found.outcome, found.rule) == ("refer", "violated")
    assert found.reason == (
        'the default would give approve, which constraint "fraud is never approved" forbids'
    )
    assert 'constraint "fraud is never approved" is violated' in str(found)
    found = explain(POLICY, applicant(p_fraud=None))
    assert found.reason == (
        'cannot be decided without p_fraud: constraint "fraud is never approved" could forbid the '
        "outcome"
    )
    assert 'constraint "fraud is never approved" could apply' in str(found)


def test_params_that_are_set_are_told() -> None:
    text = str(explain(with_params(POLICY, {"cutoff": 0.9}), applicant(earns={})))
    assert "no   p_default >= cutoff" in text and "cutoff = 0.9" in text


def test_many_guarantors_are_not_listed_one_by_one() -> None:
    text = TEXT.replace("entity Guarantor max 4", "entity Guarantor")
    found = explain(parse(text), applicant(earns={f"g{n}": n for n in range(1, 50)}))
    assert "(and 44 more)" in str(found)


def test_engines_that_disagree_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(Query, "decide", lambda _: ("refer", UNKNOWN))
    with pytest.raises(EnginesDisagreeError, match="backward says refer by unknown") as caught:
        explain(POLICY, applicant(parent={("zoe", "carl"): None}))
    written = json.loads(Path(caught.value.path).read_text(encoding="utf-8"))
    assert written["rules"] == TEXT
    assert written["answers"]["backward"] == "refer by unknown"
    assert written["answers"]["reference"] == written["answers"]["numpy"] == "approve by default"
    assert written["case"]["parent"] == {"zoe, carl": None}
    assert caught.value.path in str(caught.value)


def program(seed: int) -> ir.Ruleset:
    ruleset = generate(seed)
    return in_force(ruleset, datetime.date(2025, 1, 1)) if undated(ruleset) else ruleset


@pytest.mark.parametrize("block", range(4))
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_explanations_of_random_rule_sets(block: int) -> None:
    settled = 0
    for seed in range(25 * block, 25 * (block + 1)):
        ruleset = program(seed)
        for case in cases(ruleset, seed, 2):
            found = explain(ruleset, case)
            evaluation = evaluate(ruleset, case)
            assert [rule.proof.truth for rule in found.rules] == list(evaluation.truths)
            assert found.outcome == evaluation.outcome
            json.dumps(found.to_json(), allow_nan=False)
            assert str(found)
            if evaluation.rule == UNKNOWN:
                assert found.needs or "has no value" in found.reason, (seed, case)
            for need in found.needs:
                assert_is_unknown(ruleset, evaluation.world, need.name, need.objects)
            settled += len(found.settling)
    assert settled


def assert_is_unknown(ruleset: ir.Ruleset, world: object, name: str, objects: tuple) -> None:
    if name in ruleset.entity:
        present = world.objects[name]  # type: ignore[attr-defined]
        assert (present[objects[0]] if objects else None) is None
        return
    value = world.values[name]  # type: ignore[attr-defined]
    if isinstance(value, Mapping):
        assert value[objects] is None if objects else None in value.values()
    else:
        assert value is None
