import pytest

import rules
from rules.language import ir
from rules.language.ir import Binding
from tests.rules.checks.building import failure, failures

HEAD = """\
ruleset a version 1
entity Person max 4
entity Pet max 2
entity Month in 1..12
entity Side in {left, right}
input parent(Person, Person): bool
input owns(Person, Pet): bool
input age(Person): int in 0..120
input late(Month): bool
input price(Side): float
input n: int in 0..12
input flag: bool
"""


def derived(text: str) -> dict[str, ir.Derived]:
    return {item.name: item for item in rules.parse(HEAD + text).derived}


def entities(item: ir.Derived) -> list[str]:
    return [binding.entity for binding in item.parameters]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("derive d(x) if age(x) > 3", ["Person"]),
        ("derive d(x, y) if owns(x, y)", ["Person", "Pet"]),
        ("derive d(x in Pet) if flag", ["Pet"]),
        ("derive d(x) if e(x)\nderive e(y) if f(y)\nderive f(z) if late(z)", ["Month"]),
        ("derive d(x) if e(x)\nderive e(y in Pet) if flag", ["Pet"]),
        ("derive d(x) if parent(x, x)\nderive d(y) if flag", ["Person"]),
        ("derive d(x) if flag\nderive d(y) if age(y) > 3", ["Person"]),
        ("derive d(x) if some y: late(y) and x = y", ["Month"]),
        ("derive d(x) if some y: late(y) and y != z and z = x and late(z)", ["Month"]),
        ("derive d(x, y) if parent(x, y)\nderive d(x, z) if d(x, y) and d(y, z)", ["Person"] * 2),
        ("derive d(x) = age(x) + 1", ["Person"]),
        ("derive d(m) if late(m) and m > 3", ["Month"]),
    ],
)
def test_entities_of_parameters(text: str, expected: list[str]) -> None:
    assert entities(derived(text)["d"]) == expected


def test_a_relation_may_be_used_before_its_entity_is_known() -> None:
    found = derived("derive d if some x: e(x)\nderive e(y) if late(y)")
    clause = found["d"].clauses[0]
    assert isinstance(clause, ir.Quantified)
    assert clause.bindings == (Binding(name="x", entity="Month"),)


def test_free_variables_are_some_around_the_whole() -> None:
    clause = derived("derive d if owns(x, y) and age(x) > 3 and not parent(x, x)")["d"].clauses[0]
    assert isinstance(clause, ir.Quantified) and clause.kind == "some"
    assert clause.bindings == (
        Binding(name="x", entity="Person"),
        Binding(name="y", entity="Pet"),
    )
    assert isinstance(clause.body, ir.And) and len(clause.body.operands) == 3


def test_free_variables_of_rules_and_constraints() -> None:
    ruleset = rules.parse(
        HEAD
        + "decide o in {yes, no} policy first default no unknown no\n"
        + 'rule r "t" o = yes if late(m) and m > 6\n'
        + 'constraint "c" if age(x) > 100 then o = no\n'
    )
    assert isinstance(ruleset.rules[0].condition, ir.Quantified)
    assert isinstance(ruleset.constraints[0].condition, ir.Quantified)


def test_clauses_get_the_parameters_of_the_first() -> None:
    item = derived("derive d(x, y) if parent(x, y)\nderive d(x, z) if parent(x, y) and d(y, z)")[
        "d"
    ]
    assert [binding.name for binding in item.parameters] == ["x", "y"]
    again = derived(
        "derive d(x, y) if parent(x, y)\nderive d(x, y) if some y_2: parent(x, y_2) and d(y_2, y)"
    )
    assert item == again["d"]


def test_renamed_variables_keep_clear_of_all_names() -> None:
    item = derived(
        "derive y_2 if flag\nderive d(x, y) if parent(x, y)\n"
        "derive d(a, b) if parent(a, x) and some y, y_3: parent(y, y_3) and parent(y, b)"
    )["d"]
    clause = item.clauses[1]
    assert isinstance(clause, ir.Quantified)
    assert [binding.name for binding in clause.bindings] == ["x_2"]
    inner = clause.body.operands[1] if isinstance(clause.body, ir.And) else None
    assert isinstance(inner, ir.Quantified)
    assert [binding.name for binding in inner.bindings] == ["y_4", "y_3"]


def test_one_name_in_two_quantifiers_side_by_side() -> None:
    assert derived("derive d if (some x: late(x)) and (some x: age(x) > 3)")


def test_members_of_lists_are_objects_not_variables() -> None:
    clause = derived('derive d if price(left) > price("right")')["d"].clauses[0]
    assert isinstance(clause, ir.Compare) and isinstance(clause.left, ir.Ref)
    assert clause.left.arguments == (
        ir.Const(value="left", type=ir.EnumType(members=("left", "right"))),
    )


def test_variables_of_fixed_domains_are_values() -> None:
    assert derived("derive d if some m: late(m) and m = n")
    assert derived("derive d if some s: price(s) > 3 and s = left")
    assert derived("derive d = sum m where late(m): m")["d"].type == ir.IntType()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("derive d(n) if late(n)", "n is a declared name, a variable needs one of its own"),
        ("derive d if some flag: late(flag)", "flag is a declared name"),
        ("derive d if some Pet: owns(x, Pet) and age(x) > 1", "Pet is a declared name"),
        ("derive d(left) if price(left) > 3", "left is an object of Side"),
        ("derive d if some left: price(left) > 3", "left is an object of Side"),
        ("derive d(x, x) if parent(x, x)", "x stands for something else here already in line 13"),
        ("derive d(x) if some x: late(x)", "x stands for something else here already"),
        ("derive d if late(x) and some x: late(x)", "choose another name"),
        ("derive d if some x: late(x) and some x: late(x)", "x stands for something else"),
        ("derive d if some x in Prson: age(x) > 3", "there is no entity Prson | did you mean Pers"),
        ("derive d(x in Zoo) if flag", "there is no entity Zoo | declare it"),
        ("derive d if some x in Pet: age(x) > 3", "x stands for an object of Pet, age is about"),
        ("derive d(x) if late(x) and age(x) > 3", "x stands for an object of Month, age is about"),
        (
            "derive d(x in Pet) if flag\nderive d(x, y) if flag",
            "d is about 1 object above, here about 2",
        ),
        (
            "derive d(x) if late(x)\nderive d(y) if age(y) > 3",
            "y stands for an object of Month, age is about Person",
        ),
        ("derive d(x in Pet) if flag\nderive d(x in Month) if flag", "another clause of d is abo"),
        ("derive d(x) if flag", "nothing tells which objects x stands for | name their entity, fo"),
        ("derive d if some x: flag", "nothing tells which objects x stands for"),
        ("derive d = age(x)", "x stands for no particular object here | write derive d(x) = ..."),
        ("derive d(x in Pet) = age(y)", "write derive d(x, y) = ..., or an aggregate: sum y"),
        ("derive d if parent(x)", "parent is about 2 objects (Person, Person), here is 1"),
        ("derive d if some x: age(x, x) > 3", "age is about 1 object (Person), here are 2"),
        ("derive d if nope(x)", "there is no function or relation nope | functions are"),
        ("derive d if parnt(x, y)", "did you mean parent?"),
        ("derive d if n(x) > 3", "n is about the case itself and takes no arguments"),
        ("derive d if Person(x)", "Person is an entity, not a relation | a variable ranges"),
        ("derive d if Person = 3", "Person is an entity, not a value"),
        ("derive d if parent > 3", "parent is about Person, Person, not about the case itself"),
        ("derive d if x = 3", "there is no input or derived name x"),
        ("derive d if late(n)", "n is a declared name, not an object of Month (1..12) | choose"),
        ("derive d if late(13)", "13 is not an object of Month (1..12)"),
        ("derive d if late(-1)", "-1 is not an object of Month (1..12)"),
        ("derive d if late(1.5)", "it cannot be computed"),
        ("derive d if price(leftt) > 3", "leftt is no object of Side, and so would stand for any"),
        ('derive d if price("leftt") > 3', "'leftt' is not an object of Side (left, right)"),
        ('derive d if age("ann") > 3', "ann is no variable, and each case names its own"),
        ("derive d if age(1) > 3", "1 is no variable, and each case names its own objects of P"),
        ("derive d if late(n + 1)", "cannot be computed | bind a variable: some x in Month: x = n"),
        ("derive d if age(if flag then 1 else 2) > 3", "bind a variable: some x in Person: ..."),
        ("derive max(x) if age(x) > 3", "max is a function, so no relation can be called that"),
    ],
)
def test_errors(text: str, message: str) -> None:
    assert message in failure(HEAD + text)


def test_an_error_of_a_relation_is_told_once() -> None:
    text = "input bad(Nobody): bool\nderive d(x) if bad(x)\nderive e(x) if d(x) and not bad(x)"
    assert failure(HEAD + text).startswith("there is no entity Nobody")
    text = "entity Bad in 5..1\ninput b(Bad): bool\nderive d(x) if b(x)\nderive e(x in Bad) if b(x)"
    assert failure(HEAD + text).startswith("this range is empty")
    assert "there is no type flot" in failure(HEAD + "input w(Pet): flot\nderive d(x) if w(x) > 3")
    assert failure(HEAD + "derive d(x) if flag\nderive e(x) if d(x)").startswith("nothing tells")


def test_all_errors_are_told() -> None:
    text = (
        "derive d(x) if flag\nderive e if some n: late(n)\nderive f if parent(x)\nderive g = 1 + h"
    )
    assert len(failures(HEAD + text)) == 4
