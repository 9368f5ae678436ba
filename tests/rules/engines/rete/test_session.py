from __future__ import annotations

import datetime
import itertools
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.engines.agree.cases import cases
from rules.engines.agree.generator import generate
from rules.engines.reference import evaluate
from rules.engines.rete import Rete, Server, Session
from rules.language.settings import in_force, undated
from tests.rules.engines.rete.policies import GUARANTORS, INCOME
from tests.rules.engines.rete.test_agreement import assert_agrees


@pytest.fixture(scope="module")
def incomes(server: Server) -> Rete:
    return Rete(INCOME, server=server)


@pytest.fixture(scope="module")
def guarantors(server: Server) -> Rete:
    return Rete(GUARANTORS, server=server)


def test_facts_one_by_one(incomes: Rete) -> None:
    session = incomes.open()
    assert session.outcome() == "refer"  # nothing is known
    session.tell("income", value=5)
    assert session.outcome() == "reject"
    session.tell("amount", value=7.5)
    assert session.outcome() == "reject"
    session.tell("income", value=12)
    assert session.outcome() == "approve"
    session.retract("income")
    assert session.answer().truths == (None, None)
    session.tell("income", value=None)
    assert session.case == {"amount": 7.5, "income": None}


FACTS: list[tuple[Any, ...]] = [
    ("late", 3, True),
    ("late", 4, True),
    ("late", 5, False),
    ("earns", "anna", 90_000),
    ("earns", "bob", None),
    ("owes", "anna", "bob", True),
    ("owes", "bob", "anna", None),
    ("kind", "odd"),
    ("Guarantor", "carl", None),
]


@settings(max_examples=25, deadline=None)
@given(order=st.permutations(FACTS), back=st.integers(0, len(FACTS) - 1))
def test_any_order_says_what_the_reference_says(
    guarantors: Rete, order: list[tuple[Any, ...]], back: int
) -> None:
    session = guarantors.open()
    for name, *objects, value in order:
        session.tell(name, *objects, value=value)
        assert_agrees(GUARANTORS, session.case, session.answer())
    name, *objects, _ = order[back]
    session.retract(name, *objects)
    assert_agrees(GUARANTORS, session.case, session.answer())


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_whole_cases_name_by_name(server: Server, seed: int) -> None:
    ruleset = generate(seed)
    if undated(ruleset):
        ruleset = in_force(ruleset, datetime.date(2024, 10, 4))
    shared = Rete(ruleset, server=server)
    for told in cases(ruleset, seed, 2):
        session = shared.open()
        names = list(told)
        random.Random(seed).shuffle(names)
        for name in names:
            session.tell_case({name: told[name]})
        assert_agrees(ruleset, session.case, session.answer())
    shared.close()


def test_what_a_case_tells_is_added(guarantors: Rete) -> None:
    session = guarantors.open()
    session.tell_case({"late": [3], "kind": "odd", "color": "red", "earns": None})
    session.tell_case({"late": [5], "Guarantor": ["anna"], "owes": []})
    assert session.case == {
        "late": {(3,): True, (5,): True},
        "kind": "odd",
        "Guarantor": {"anna": True},
        "owes": {},
    }
    assert_agrees(GUARANTORS, session.case, session.answer())


def test_an_answer_is_kept_until_something_is_told(incomes: Rete) -> None:
    session = incomes.open()
    session.tell("income", value=3)
    assert session.answer() is session.answer()
    before = session.answer()
    session.tell("income", value=4)
    assert session.answer() is not before


def test_many_open_sessions(incomes: Rete) -> None:
    sessions = [incomes.open() for _ in range(1100)]
    for number, session in enumerate(sessions):
        session.tell("income", value=number)
    for number, session in enumerate(sessions):
        assert session.outcome() == ("reject" if number < 10 else "refer")
    sessions[0].tell("income", value=20)
    assert sessions[0].outcome() == "refer"


def test_retracting_the_last_fact_of_a_relation_opens_it_again(guarantors: Rete) -> None:
    session = guarantors.open()
    session.tell("late", 3)
    assert session.answer().derived["n_late"] == 1
    session.retract("late", 3)
    assert session.case == {}
    assert session.answer().derived["n_late"] is None
    session.tell_case({"late": []})
    assert session.answer().derived["n_late"] == 0
    session.retract("late")
    assert session.answer().derived["n_late"] is None


def tells() -> Iterator[tuple[tuple[Any, ...], dict[str, Any], type[Exception], str]]:
    yield ("incom",), {}, ValueError, "found incom, expected the name of .*; did you mean income?"
    yield ("Month", 3), {}, ValueError, "found Month, expected the name of an input or of an entity"
    yield ("income", 5), {}, TypeError, r"income is told about 0 objects, found 1; write tell\('inc"
    yield ("late",), {}, TypeError, r"about 1 objects, found 0; write tell\('late', month, value="
    yield ("late", 13), {}, ValueError, "found 13, expected a Month: a whole number in 1..12"
    yield ("earns", "a"), {"value": "b"}, TypeError, r"input earns\(a\): found 'b', expected a num"
    yield ("Guarantor", "a"), {"value": 3}, TypeError, "found 3 for a, expected true, false, or n"
    yield ("kind",), {"value": 3}, TypeError, "input kind: found 3"


@pytest.mark.parametrize(("fact", "value", "kind", "message"), list(tells()))
def test_facts_that_cannot_be(
    server: Server,
    fact: tuple[Any, ...],
    value: dict[str, Any],
    kind: type[Exception],
    message: str,
) -> None:
    # With an input that only one of them has.
    engine = Rete(INCOME if str(fact[0]).startswith("incom") else GUARANTORS, server=server)
    session = engine.open()
    with pytest.raises(kind, match=message):
        session.tell(*fact, **value)
    assert session.case == {}
    engine.close()


def test_contradictions_are_told_with_the_outcome(guarantors: Rete) -> None:
    session = guarantors.open()
    session.tell("earns", "anna", value=3)
    session.tell("earns", 2, value=3)
    with pytest.raises(ValueError, match="tells of anna by name and of 2 by position"):
        session.outcome()
    session.retract("earns", 2)
    assert session.outcome() == "refer"


@pytest.mark.parametrize(
    ("fact", "message"),
    [
        (("income",), "income has not been told, so it cannot be retracted"),
        (("income", "anna"), r"income\(anna\) has not been told"),
    ],
)
def test_what_was_not_told_cannot_be_retracted(
    incomes: Rete, fact: tuple[Any, ...], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        incomes.open().retract(*fact)


def test_another_object_of_a_relation_cannot_be_retracted(guarantors: Rete) -> None:
    session = guarantors.open()
    session.tell("late", 3)
    with pytest.raises(ValueError, match=r"late\(4\) has not been told"):
        session.retract("late", 4)


def test_sessions_do_not_disturb_each_other(guarantors: Rete) -> None:
    sessions: list[Session] = [guarantors.open() for _ in range(3)]
    for session, month in itertools.product(sessions, (1, 2)):
        session.tell("late", month)
    sessions[1].retract("late", 2)
    found = [session.answer().derived["n_late"] for session in sessions]
    assert found == [2, 1, 2]
    assert evaluate(GUARANTORS, sessions[1].case).values["n_late"] == 1
