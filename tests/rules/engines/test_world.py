"""Who is in a case, and what is known about them."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

from rules.engines.world import World, admit_case
from rules.language import ir
from tests.rules.engines.relations import CROWD, FLOAT, MONTH, PERSON, SIDE, relational

RULES = relational(
    {
        "earns": (ir.FloatType(low=0.0), ("Person",)),
        "rich": (ir.BOOL, ("Person",)),
        "parent": (ir.BOOL, ("Person", "Person")),
        "owes": (FLOAT, ("Person", "Month")),
        "late": (ir.BOOL, ("Month",)),
        "paid": (FLOAT, ("Month",)),
        "open_side": (ir.BOOL, ("Side",)),
        "country": (ir.StringType(), ("Person",)),
        "met": (ir.DateType(), ("Person",)),
        "likes": (ir.BOOL, ("Crowd",)),
        "x": (FLOAT, ()),
    },
    params=[ir.Param(name="cutoff", type=FLOAT, value=0.1)],
)


def admit(**case: object) -> World:
    return admit_case(RULES, case)


def told(name: str, **case: object) -> dict[object, object]:
    """What a case says about a relation, false and unknown left out."""
    relation = admit(**case).values[name]
    assert isinstance(relation, dict) or hasattr(relation, "items")
    return {key: value for key, value in relation.items() if value not in (None, False)}


def test_who_is_there_is_unknown_when_the_case_says_nothing() -> None:
    found = admit(x=1.0)
    assert found.objects["Person"] == {1: None, 2: None, 3: None}
    assert found.objects["Crowd"] == {1: None}
    assert found.objects["Month"] == {1: True, 2: True, 3: True}
    assert found.objects["Side"] == {"left": True, "right": True}
    assert set(found.values["earns"].values()) == {None}
    assert set(found.values["rich"].values()) == {None}
    assert found.read("cutoff") == float(np.float32(0.1))


@pytest.mark.parametrize("listed", [[], {}, {"anna": False}])
def test_nobody(listed: object) -> None:
    found = admit(Person=listed)
    assert found.objects["Person"] == {}
    assert dict(found.values["parent"]) == {}


def test_who_is_mentioned_is_there_in_order_of_mention() -> None:
    found = admit(parent=[["carl", "anna"]], earns={"bob": 3, "anna": None})
    assert list(found.objects["Person"]) == ["bob", "anna", "carl"]  # earns is declared first
    found = admit(Person=["carl"], parent=[["carl", "anna"]])
    assert found.objects["Person"] == {"carl": True, "anna": True}
    found = admit(Person={"anna": None}, rich=["anna", "bob"])
    assert found.objects["Person"] == {"anna": None, "bob": True}
    found = admit(earns={3: 1.0, 1: 2.0})
    assert list(found.objects["Person"]) == [1, 3]


def test_what_is_not_listed() -> None:
    found = admit(Person=["anna", "bob"], rich=["anna"], earns={"anna": 5})
    assert found.values["rich"] == {("anna",): True, ("bob",): False}
    assert found.values["earns"] == {("anna",): 5.0, ("bob",): None}
    assert set(found.values["parent"].values()) == {None}  # the case lacks it
    assert set(admit(Person=["anna"], parent={}).values["parent"].values()) == {False}
    assert admit(late=[2]).values["late"] == {(1,): False, (2,): True, (3,): False}
    assert set(admit(late=None).values["late"].values()) == {None}


@pytest.mark.parametrize(
    ("name", "raw", "wanted"),
    [
        ("earns", {"anna": 5, ("bob",): 6.5}, {("anna",): 5.0, ("bob",): 6.5}),
        ("earns", [80_000, None, 3], {(1,): 80_000.0, (3,): 3.0}),
        ("earns", np.array([1.5, 2.5]), {(1,): 1.5, (2,): 2.5}),
        ("rich", ["anna", "bob"], {("anna",): True, ("bob",): True}),
        ("rich", [True, None, False], {(1,): True}),
        ("rich", [1, 3], {(1,): True, (3,): True}),
        ("rich", [["anna"]], {("anna",): True}),
        ("rich", {"anna": None, "bob": True}, {("bob",): True}),
        ("parent", [["ann", "bob"], ("bob", "ann")], {("ann", "bob"): True, ("bob", "ann"): True}),
        ("parent", {("ann", "bob"): True}, {("ann", "bob"): True}),
        ("owes", [["ann", 2, 3.5], ["ann", "3", None]], {("ann", 2): 3.5}),
        ("owes", {("ann", 2): 3.5}, {("ann", 2): 3.5}),
        ("late", [3, 1], {(1,): True, (3,): True}),
        ("late", [True, False, True], {(1,): True, (3,): True}),
        ("late", {"3": True, 1: False}, {(3,): True}),
        ("late", {2.0: True}, {(2,): True}),
        ("paid", [1, 2], {(1,): 1.0, (2,): 2.0}),
        ("open_side", ["left"], {("left",): True}),
        ("open_side", [None, True], {("right",): True}),
        ("country", ["DE", None], {(1,): "DE"}),
        ("met", ["1970-01-03", datetime.date(1970, 1, 2)], {(1,): 2, (2,): 1}),
        ("earns", [-1.0, float("nan")], {}),
    ],
)
def test_forms_of_relations(name: str, raw: object, wanted: object) -> None:
    assert told(name, **{name: raw}) == wanted


@pytest.mark.parametrize(
    ("case", "text"),
    [
        ({"late": [4]}, "input late: found 4, expected a Month: a whole number in 1..3"),
        ({"late": {True: True}}, "found True, expected a Month"),
        ({"open_side": ["lefft"]}, "expected a Side: one of left, right; did you mean left?"),
        ({"open_side": [3]}, "found 3, expected a Side: one of left, right"),
        ({"rich": [""]}, "found '', expected a Person: a name, or a position from 1 on"),
        ({"rich": [0]}, "found 0, expected a Person"),
        ({"rich": ["anna", "anna"]}, r"input rich\(anna\): told twice; tell it once"),
        ({"parent": [["a"]]}, r"found \['a'\], expected a list of \[Person, Person\] for which"),
        ({"parent": "a"}, r"input parent: found 'a', expected a list of \[Person, Person\]"),
        ({"parent": [True]}, r"found True, expected a list of \[Person, Person\]"),
        ({"owes": [["a", 1]]}, r"a mapping from \[Person, Month\] to a number, or a list of \["),
        ({"earns": 3}, "found 3, expected a mapping from Person to a number >= 0, or a list of"),
        ({"earns": {"anna": "x"}}, r"input earns\(anna\): found 'x', expected a number >= 0"),
        ({"paid": [1, 2, 3, 4]}, "input paid: found 4 values, expected at most 3, one for each Mo"),
        ({"Person": "anna"}, "entity Person: found 'anna', expected a list of objects such as"),
        ({"Person": ["a", "a"]}, "entity Person: a is listed twice"),
        ({"Person": {"a": 1}}, "entity Person: found 1 for a, expected true, false, or null"),
        ({"Person": list("abcd")}, r"found 4 objects, expected at most 3; declare `entity Person "),
        ({"rich": [4]}, r"found 4 objects, expected at most 3; declare `entity Person max 4`"),
        ({"rich": ["a"], "earns": [1]}, "tells of a by name and of 1 by position; use one of"),
        ({"Person": {"a": False}, "rich": ["a"]}, "says that there is no a, yet rich tells"),
        (
            {"met": ["yesterday"]},
            r"input met\(1\): found 'yesterday', expected a date such as 2026",
        ),
        ({"country": [5]}, r"input country\(1\): found 5, expected a text, or None"),
    ],
)
def test_what_cannot_be_is_told(case: dict[str, object], text: str) -> None:
    with pytest.raises((ValueError, TypeError), match=text):
        admit_case(RULES, case)


def test_a_crowd_has_no_bound() -> None:
    found = admit(likes=list(range(1, 2001)))
    assert len(found.objects["Crowd"]) == 2000 and found.read("likes", (1999,)) is True


def test_relations_are_mappings_of_all_tuples() -> None:
    parent = admit(parent=[["a", "b"]]).values["parent"]
    assert len(parent) == 4 and list(parent) == [("a", "a"), ("a", "b"), ("b", "a"), ("b", "b")]
    assert ("a", "b") in parent and ("a",) not in parent and "ab" not in parent
    assert repr(parent).startswith("{('a', 'a'): False")
    with pytest.raises(KeyError):
        parent["a", "zoe"]


def test_entities_tell_their_size() -> None:
    assert (PERSON.size, CROWD.size, MONTH.size, SIDE.size) == (3, None, 3, 2)
