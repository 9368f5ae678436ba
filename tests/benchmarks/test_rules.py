"""The contestants of the rule benchmarks: each of ours runs, and all decide alike."""

from __future__ import annotations

import importlib
import importlib.util
import shutil

import numpy as np
import pytest

from benchmarks.__main__ import GROUPS
from benchmarks.contest import Contestant
from benchmarks.contest.answers import difference
from benchmarks.contest.process import Process
from benchmarks.deciding import bulk, ours, ours_compiling, ours_graph, ours_one
from benchmarks.deciding.cases import CHECKED, columns, records, with_missing
from benchmarks.deciding.graphs import borrowers, edges, parents, tables
from benchmarks.deciding.policy import FIELDS, OUTCOMES, Comparison, policy, proofs
from benchmarks.deciding.ruleset import ruleset
from benchmarks.peers import numpy_rules, python_rules
from rules.engines.reference import evaluate

ROWS = 64
NEEDS = {
    "polars_rules": "polars",
    "duckdb_rules": "duckdb",
    "zen_rules": "zen",
    "clips_rules": "clips",
    "clingo_rules": "clingo",
    "durable_rules": "durable",
    "problog_rules": "problog",
}


def module(name: str):
    if name == "prolog_rules" and not shutil.which("swipl"):
        pytest.skip("needs swipl")
    package = NEEDS.get(name)
    if package and importlib.util.find_spec(package) is None:
        pytest.skip(f"needs {package}")
    return importlib.import_module(f"benchmarks.peers.{name}")


def answered(name: str, function: str, **options: int):
    if name != "durable_rules":
        return getattr(module(name), function)(**options).answer()
    entry = f"{module(name).__name__}:{function}"  # it forks, which JAX's threads forbid
    process = Process(Contestant(name=name, entry=entry, options=options), {}, peers=None)
    try:
        return process.answer
    finally:
        process.close()


@pytest.mark.parametrize("count", [10, 100, 1000])
def test_generated_sizes(count):
    made = policy(count)
    assert sum(len(truth.clauses) for truth in made.truths) + len(made.rules) == count
    assert made == policy(count)


def test_policies_are_of_the_language():
    """What is generated as IR could have been written: it is checked again, from its text."""
    import rules
    from rules.language.ruleset_printer import ruleset_text

    made = ruleset(policy(10))
    assert rules.parse(ruleset_text(made)).sha256 == made.sha256


def test_columns_are_exact():
    given = columns(500)
    assert list(given) == list(FIELDS)
    for name in ("p_fraud", "amount"):
        whole = given[name].astype(np.float64) * 1024
        np.testing.assert_array_equal(whole, np.round(whole))
    fewer = columns(100)
    for name, column in given.items():
        np.testing.assert_array_equal(column[:100], fewer[name])
    some = with_missing(given, 0.5)
    assert np.isnan(some["amount"]).any()
    assert (some["age"] == -(2**31)).any()
    assert (some["is_vip"] == -1).any()


@pytest.mark.parametrize("count", [10, 100])
def test_ours_decides_as_the_reference(count):
    made = ruleset(policy(count))
    expected = [evaluate(made, case) for case in records(ROWS)]
    found = ours.bulk(count, ROWS).answer()
    assert found[f"rule of {ROWS}"].tolist() == [one.rule for one in expected]
    codes = [OUTCOMES.index(str(one.outcome)) for one in expected]
    assert found[f"outcome of {ROWS}"].tolist() == codes


def test_an_answer_may_differ():
    first, second = ours.bulk(10, ROWS).answer(), python_rules.bulk(100, ROWS).answer()
    assert "differ" in difference(first, second, 0)
    assert CHECKED[1] == ROWS


@pytest.mark.parametrize("name", [*bulk.MODULES.values()])
@pytest.mark.parametrize("count", [10, 100])
def test_translators_agree(name, count):
    found = answered(name, "bulk", count=count, rows=ROWS)
    assert f"rule of {ROWS}" in found
    assert not difference(ours.bulk(count, ROWS).answer(), found, 0)


@pytest.mark.parametrize("name", ["python_rules", "zen_rules", "clips_rules", "durable_rules"])
@pytest.mark.parametrize("function", ["one", "ready"])
def test_peers_one_by_one(name, function):
    options = {"rows": ROWS} if function == "one" else {}
    found = answered(name, function, count=10, **options)
    assert found
    assert not difference(ours_one.generated(10, ROWS).answer(), found, 0)


@pytest.mark.parametrize("what", ["outcome", "rule", "fired"])
def test_ours_in_bulk(what):
    work = ours.bulk(10, ROWS, what=what)
    work.run()
    assert work.answer()


def test_ours_with_missing_values_is_confirmed():
    assert ours.bulk(10, ROWS, missing=0.1).answer() == {}


def test_ours_one_by_one():
    expected = python_rules.one(10, ROWS).answer()
    for function in (ours_one.generated, ours_one.decide):
        assert not difference(expected, function(10, ROWS).answer(), 0)
    ours_one.generated(10, 8, missing=True).run()
    ours_one.explain(10, 1).run()


@pytest.mark.parametrize("options", [{}, {"proof": True}, {"proof": True, "failures": True}])
def test_ours_proves(options):
    held = np.array([_goal(case) for case in records(ROWS)])
    assert 0.1 < held.mean() < 0.9
    found = ours_one.proving(ROWS, **options).answer()[f"rule of {ROWS}"]
    np.testing.assert_array_equal(found == 0, held)


@pytest.mark.parametrize(
    "name, options",
    [
        ("prolog_rules", {}),
        ("prolog_rules", {"proof": True}),
        ("clingo_rules", {}),
        ("problog_rules", {}),
    ],
)
def test_peers_prove(name, options):
    found = module(name).proving(ROWS, **options).answer()
    assert f"rule of {ROWS}" in found
    assert not difference(ours_one.proving_all(ROWS).answer(), found, 0)


def _goal(case: dict[str, object]) -> bool:
    """The goal by recursion over the description, nothing else."""
    made = proofs()
    truths = {truth.name: truth for truth in made.truths}

    def holds(literal: Comparison | str) -> bool:
        if isinstance(literal, str):
            return any(all(map(holds, clause)) for clause in truths[literal].clauses)
        value = case[literal.field]
        return value >= literal.value if literal.op == ">=" else value <= literal.value

    return all(map(holds, made.rules[0].condition))


@pytest.mark.parametrize("function, size", [("closure", 40), ("generations", 40)])
def test_relations_by_rounds(function, size):
    """Against sets of pairs, joined until nothing is new."""
    if function == "closure":
        given = set(map(tuple, edges(size).tolist()))
        found, step = set(given), lambda p: {(x, z) for x, y in given for w, z in p if w == y}
    else:
        given = set(map(tuple, parents(size).tolist()))
        found = {(x, y) for p, x in given for q, y in given if p == q}
        step = lambda p: {(x, y) for a, x in given for b, y in given if (a, b) in p}  # noqa: E731
    while not step(found) <= found:
        found |= step(found)
    expected = {"pairs": len(found), "checksum": sum(x * 31 + y * 17 for x, y in found)}
    for contestant in (ours_graph, numpy_rules):
        assert getattr(contestant, function)(size).answer() == expected


@pytest.mark.parametrize("function", ["closure", "generations", "joins"])
@pytest.mark.parametrize("name", ["numpy_rules", "duckdb_rules", "prolog_rules", "clingo_rules"])
def test_peers_agree_on_relations(name, function):
    size = 500 if function == "joins" else 60
    found = getattr(module(name), function)(size).answer()
    assert found
    assert not difference(getattr(ours_graph, function)(size).answer(), found, 0)


def test_tables_are_the_borrowers():
    given, rows = borrowers(50), tables(50)
    assert len(rows["loans"]["id"]) == given["loan"].sum()
    assert rows["loans"]["debt"].sum() == given["debt"][given["loan"]].sum()
    assert len(rows["backs"]["id"]) == given["backs"].sum()


def test_ready():
    assert not difference(python_rules.ready(10).answer(), ours_compiling.ready(10).answer(), 0)
    assert ours_compiling.ready_generated(10).answer()


@pytest.mark.parametrize("name", ["credit", pytest.param("digits", marks=pytest.mark.slow)])
def test_rules_behind_a_model(name):
    model = getattr(ours_compiling, name)
    assert not difference(model(64, decided=True).answer(), model(64, decided=False).answer(), 1e-5)


def test_sweep():
    swept = numpy_rules.sweep(1000, 10).answer()
    assert not difference(ours_compiling.sweep(1000, 12).answer(), swept, 0)


def test_rows_name_what_exists():
    for group in ("deciding", "one", "graph", "proving", "compiling"):
        found = importlib.import_module(GROUPS[group]).rows()
        assert len({row.name for row in found}) == len(found)
        for contestant in (one for row in found for one in row.contestants):
            name, function = contestant.entry.split(":")
            if importlib.util.find_spec(NEEDS.get(name.rpartition(".")[2], "numpy")) is not None:
                assert hasattr(importlib.import_module(name), function)


def test_fewer_borrowers_are_the_first_of_more():
    more = borrowers(50)
    for name, few in borrowers(20).items():
        np.testing.assert_array_equal(few, more[name][:20], err_msg=name)
