"""Test blocks about objects."""

import pytest

import rules
from rules.language import ir
from tests.rules.checks.building import failure, failures

HEAD = """\
ruleset a version 1
param cutoff: prob = 0.4
entity P max 3
entity Q
entity M in 1..12
entity S in {left, right}
input v(P): float > 0
input r(P, P): bool
input q(Q): bool
input late(M): bool
input price(S): int
input day: date
input country: string
input x: float
derive rich(p) if v(p) > 3
derive any_rich if some p: rich(p)
"""


def block(body: str) -> ir.Test:
    (test,) = rules.parse(f'{HEAD}test "t" {body}').tests
    return test


def expected(text: str) -> ir.Expr:
    (item,) = block(f"given v(anna) = 1, v(bob) = 2 expect {text}").expectations
    assert isinstance(item, ir.ExpectTruth)
    return item.condition


@pytest.mark.parametrize(
    ("text", "case"),
    [
        ("v(anna) = 80_000", {"v": {("anna",): 80_000.0}}),
        ('v("anna k.") = 1, v(bob) = unknown', {"v": {("anna k.",): 1.0, ("bob",): None}}),
        ("v(1) = 2, v(3) = 4", {"v": {(1,): 2.0, (3,): 4.0}}),
        ("r(ann, bob) = true", {"r": {("ann", "bob"): True}}),
        ("no r", {"r": {}}),
        ("no P", {"P": {}}),
        ("no v, no P", {"v": {}, "P": {}}),
        ("no v, v(anna) = 3", {"v": {("anna",): 3.0}}),
        ("P(anna) = true, P(bob) = unknown", {"P": {("anna",): True, ("bob",): None}}),
        ("late(3) = true, no q", {"late": {(3,): True}, "q": {}}),
        ("price(left) = 3", {"price": {("left",): 3}}),
        ("day = 1970-01-31", {"day": 30}),
        ('country = "DE"', {"country": "DE"}),
        ("q(a) = true, q(b) = true, q(c) = true, q(d) = true", None),
    ],
)
def test_cases(text: str, case: dict[str, object] | None) -> None:
    found = block(f"given {text} expect any_rich").case
    assert case is None or found == case


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cutoff = 0.5", "cutoff is a param, so it is no part of a case"),
        ("rich(anna) = true", "rich is derived, so it cannot be given"),
        ("w(anna) = true", "there is no input w"),
        ("v = 3", "v is about P: say about which | for example v(anna) = ..., or no v"),
        ("v(anna, bob) = 3", "v is about 1 object (P), here are 2"),
        ("x(anna) = 3", "x is about the case itself and takes no arguments"),
        ("v(anna) = 1, v(anna) = 2", "v(anna) is given twice"),
        ("no v, no v", "v is given twice"),
        ("no x", "x is a single value, not a relation | write x = unknown"),
        ("no M", "the objects of M are always all there"),
        ("M(3) = true", "the objects of M are always all there"),
        ("no W", "there is no input W"),
        ("P(anna) = false", "an object is there (true) or it is unknown"),
        ("P = 3", "P is about P: say about which"),
        ("no P, v(anna) = 3", "no P, but something is given about anna"),
        ("v(anna) = -1", "this value is outside the bounds of v"),
        ("v(anna) = true", "declared as a float, but the value is a bool"),
        ("late(13) = true", "13 is not an object of M (1..12)"),
        ("price(middle) = 3", "'middle' is not an object of S (left, right)"),
        (
            "v(x) = 3",
            'x is a declared name, not an object of P | for an object of this name write "x"',
        ),
        ("v(anna) = 1, v(2) = 1", "objects of P have names or numbers, not both: 2, anna"),
        ("v(a) = 1, v(b) = 1, v(c) = 1, r(c, d) = true", "4 objects of P, declared is max 3"),
        ("v(4) = 1", "there is no P 4: they are numbered from 1 to 3"),
        ("q(0) = true", "there is no Q 0: they are numbered from 1"),
        ("v(1.5) = 1", "it cannot be computed"),
        ("day = 2026-02-30", "there is no day 2026-02-30"),
        ("day = 3", "declared as a date, but the value is an int"),
        ("country = DE", 'write a text in quotes: "DE"'),
    ],
)
def test_bad_given(text: str, message: str) -> None:
    assert message in failure(f'{HEAD}test "t" given {text} expect any_rich')


def test_expectations_about_objects() -> None:
    assert expected("rich(anna)") == ir.Ref(
        name="rich",
        type=ir.BOOL,
        arguments=(ir.Const(value="anna", type=ir.ObjectType(entity="P")),),
    )


@pytest.mark.parametrize(
    "text",
    [
        "r(anna, bob)",
        "not r(anna, anna) and late(3)",
        "v(anna) > v(bob)",
        "some p: r(p, anna)",
        "(count p: rich(p)) = 2",
        "price(left) is unknown",
        'rich("anna")',
    ],
)
def test_good_expectations(text: str) -> None:
    assert expected(text).type == ir.BOOL


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rich(ana)", "this test has no P ana | did you mean anna?"),
        ("rich(zoe)", "this test has no P zoe | it has anna, bob"),
        ("rich(1)", "this test has no P 1"),
        ("late(0)", "0 is not an object of M (1..12)"),
        ("rich(x)", "x is a declared name"),
        ("some p: late(n)", "nothing tells which objects p stands for"),
        ("some p: rich(p) and late(n)", "'n' is not an object of M (1..12)"),
        ("rich(anna, bob)", "rich is about 1 object (P), here are 2"),
        ("rich", "rich is about P, not about the case itself"),
        ("anna", "there is no input or derived name anna"),
    ],
)
def test_bad_expectations(text: str, message: str) -> None:
    assert message in failure(f'{HEAD}test "t" given v(anna) = 1, v(bob) = 2 expect {text}')


def test_objects_of_an_entity_that_is_not_given_have_numbers() -> None:
    text = f'{HEAD}test "t" given x = 1 expect '
    assert rules.parse(text + "rich(3) is unknown").tests
    assert "this test has no P 4 | it has 1, 2, 3" in failure(text + "rich(4)")
    assert rules.parse(text + "q(1) is unknown").tests
    assert "this test has no Q 2 | it has 1" in failure(text + "q(2)")
    given = f'{HEAD}test "t" given no P expect '
    assert "this test has no P 1 | give something about it first" in failure(given + "rich(1)")


def test_a_truth_as_a_reason_is_about_the_case() -> None:
    decide = "decide o in {yes, no} policy first default no unknown no\n"
    rule = 'rule r_1 "t" o = yes if rich(p)\n'
    text = f'{HEAD}{decide}{rule}test "t" given x = 1 expect r_1 does not fire because '
    assert rules.parse(text + "any_rich").tests
    assert "rich is about P" in failure(text + "rich")


def test_errors_of_relations_are_told_once() -> None:
    text = HEAD.replace("v(P): float > 0", "v(P): flot").replace("r(P, P)", "r(P, W)")
    found = failures(f'{text}test "t" given v(anna) = 3, r(anna, bob) = true expect rich(anna)')
    assert len(found) == 2


def test_what_a_test_gives_is_a_case() -> None:
    text = """ruleset a version 1
    entity P max 3
    input v(P): float
    derive n = count p in P: true
    derive m = count p: v(p) > 3
    test "presence" given P(anna) = true, P(bob) = unknown, v(anna) = 5
        expect n is unknown, v(anna) > 3
    test "one" given P(anna) = true, v(anna) = 5 expect n = 1, m = 1
    test "numbers" given v(1) = 5, v(2) = 1 expect n = 2, m = 1, v(1) > v(2)
    test "nobody" given no P expect n = 0, m = 0
    test "who knows" expect n is unknown, v(1) is unknown"""
    results = rules.run_tests(rules.parse(text))
    assert [result.passed for result in results] == [True] * 5
