"""What `rules.decide` says of cases with objects, by every engine."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import rules
from rules.decided import Decided
from rules.engines import agree
from rules.engines.kept import compiled, generated
from rules.language.settings import undated
from tests.effort import examples
from tests.rules.lending import CASE, CASES, OUTCOMES, RULES, TEXT

LENDING = rules.parse(TEXT)
UNBOUNDED = rules.parse(TEXT.replace("entity Guarantor max 3", "entity Guarantor"))
ASKED: dict[str, Any] = {"derived": ["rich", "total", "n_late"], "violated": True, "margin": True}
RICH = [
    {"anna": False, "bob": False},
    {"anna": True},
    {"anna": None},
    {"anna": False, "bob": False},
]
REASONS = [
    "risk 62% in FR, guarantors earn 50,000",
    "no rule applies: default approve",
    "cannot be decided without earns(anna): rule risky could apply",
]


def check(decided: Decided) -> None:
    assert decided.outcomes == OUTCOMES and decided.rules == RULES
    assert decided.derived["rich"] == RICH
    assert decided.derived["total"] == [50_000, 80_000, None, 50_000]
    assert decided.derived["n_late"] == [1, 1, 2, 1]
    assert decided.fired == [["risky"], [], ["late_payer"], []]
    assert decided.violated == [["few are rejected abroad"], [], [], ["fraud is never approved"]]
    assert decided.reasons[:3] == REASONS and "fraud is never approved" in decided.reasons[3]
    assert decided.counts() == {"reject": 1, "refer": 2, "approve": 1}
    assert decided.case(1)["earns"] == {"anna": 80_000}


@pytest.mark.parametrize("engine", ["auto", "reference", "python", "numpy", "backward", "xla"])
def test_every_engine(engine: Any) -> None:
    check(rules.decide(LENDING, CASES, engine=engine, **ASKED))


def test_rete() -> None:
    pytest.importorskip("durable", reason="needs durable_rules")
    check(rules.decide(LENDING, CASES, engine="rete", **ASKED))


@pytest.mark.parametrize("engine", ["auto", "reference", "python", "backward"])
def test_an_entity_without_bound(engine: Any) -> None:
    decided = rules.decide(UNBOUNDED, CASES, engine=engine, **ASKED)
    assert decided.columns == {}
    check(decided)
    short = rules.decide(UNBOUNDED, CASES, engine=engine, fired=False)
    assert short.outcomes == OUTCOMES


@pytest.mark.parametrize("engine", ["numpy", "xla"])
def test_arrays_need_a_bound(engine: Any) -> None:
    with pytest.raises(ValueError, match="entity Guarantor has no bound, .* max "):
        rules.decide(UNBOUNDED, CASES, engine=engine)


def test_the_table() -> None:
    table = rules.decide(LENDING, CASES, **ASKED).to_table()
    assert table.column_names == [
        "outcome", "rule", "reason", "fired", "margin", "violated", "rich", "total", "n_late"
    ]  # fmt: skip
    assert table.schema.field("rich").type == pa.map_(pa.string(), pa.bool_())
    assert table["rich"].to_pylist()[1] == [("anna", True)]
    assert table["violated"].to_pylist()[3] == ["fraud is never approved"]


def test_derived_dates_and_pairs_in_a_table() -> None:
    ruleset = rules.parse("""
        ruleset a version 1
        entity Person max 2
        input day: date
        input likes(Person, Person): bool
        derive outcome: date = day + 1
        derive mutual(x, y) if likes(x, y) and likes(y, x)
        decide d in {yes, no} policy first default no unknown no
    """)
    case = {"day": date(2026, 1, 31), "likes": [["ann", "bob"], ["bob", "ann"]]}
    decided = rules.decide(ruleset, [case, case, {}], derived=["outcome", "mutual"])
    assert decided.derived["mutual"][0][("ann", "bob")] is True
    table = decided.to_table()
    assert table["derived outcome"].to_pylist() == [date(2026, 2, 1)] * 2 + [None]
    assert ("ann, bob", True) in table["mutual"].to_pylist()[0]


def test_params_and_the_day() -> None:
    assert rules.decide(LENDING, CASE, params={"cutoff": 0.7}).outcomes == ["approve"]
    dated = rules.parse(TEXT.replace("[priority 100]", "[priority 100, since 2026-03-01]"))
    with pytest.raises(ValueError, match="rule risky holds since 2026-03-01; say for which day"):
        rules.decide(dated, CASE)
    assert rules.decide(dated, CASE, on=date(2026, 2, 28)).outcomes == ["approve"]
    assert rules.decide(dated, CASE, on=date(2026, 3, 1)).outcomes == ["reject"]


def test_what_was_not_asked_for_is_told() -> None:
    decided = rules.decide(LENDING, CASES, fired=False)
    assert decided.derived == {}
    with pytest.raises(ValueError, match="fired was not asked for: call rules.decide"):
        _ = decided.fired
    with pytest.raises(ValueError, match="violated was not asked for"):
        _ = decided.violated


def test_wrong_names() -> None:
    with pytest.raises(TypeError, match=r"derived is 'rich', expected a list of names: \['rich'\]"):
        rules.decide(LENDING, CASES, derived="rich")
    with pytest.raises(ValueError, match="does not derive rch; .* did you mean rich"):
        rules.decide(LENDING, CASES, derived=["rch"])
    with pytest.raises(ValueError, match="has no param cut; .*did you mean cutoff"):
        rules.decide(LENDING, CASES, params={"cut": 1})


def test_columns_of_another_origin() -> None:
    """Objects are numbered where nobody knows their names."""
    decided = rules.decide(LENDING, CASES, derived=["rich"], engine="numpy")
    other = Decided(ruleset=LENDING, columns=decided.columns, decisions=decided.decisions)
    assert other.derived["rich"][0] == {1: False, 2: False}
    assert other.case(1)["earns"] == {1: 80_000}
    assert other.case(1)["late"][3] is True
    assert np.array_equal(other.decisions.outcome, decided.decisions.outcome)


def test_programs_are_kept_by_identity() -> None:
    again = rules.parse(TEXT + "# a comment\n")
    assert generated(LENDING) is generated(again)
    assert generated(LENDING) is not generated(rules.with_params(LENDING, {"cutoff": 0.5}))
    from rules.engines.arrays import Extras

    assert compiled(LENDING, Extras()) is compiled(again, Extras())
    assert compiled(LENDING, Extras()) is not compiled(LENDING, Extras(fired=True))


@pytest.mark.parametrize("seed", range(examples(15)))
@pytest.mark.filterwarnings("ignore:input .* out of bounds")
def test_random_rule_sets_through_the_encoder(seed: int) -> None:
    ruleset = agree.generate(seed)
    if undated(ruleset):
        ruleset = rules.in_force(ruleset, date(2025, 1, 1))
    asked: dict[str, Any] = {
        "derived": [item.name for item in ruleset.derived],
        "violated": True,
        "missing_columns": "unknown",
    }
    cases = agree.cases(ruleset, seed, 6)
    expected = rules.decide(ruleset, cases, engine="reference", **asked)
    bounded = all(item.size is not None for item in ruleset.entities)
    engines: list[Any] = ["python", "backward", *(["numpy"] if bounded else [])]
    for engine in engines:
        found = rules.decide(ruleset, cases, engine=engine, **asked)
        for name in ("outcomes", "rules", "fired", "violated", "derived"):
            assert repr(getattr(found, name)) == repr(getattr(expected, name)), (engine, name)
