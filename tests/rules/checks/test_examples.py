import pytest

import rules
from rules.errors import RuleError
from rules.language import ir
from rules.language.numbers import round_float32

HEAD = """\
ruleset a version 1
input x: float > 0
input n: int in 0..9
input flag: bool
input kind: {car, other, "two words"}
derive big if x > 100
decide o in {yes, no, "not now"} policy first default no unknown no
rule r "t" o = yes if big
"""


def block(body: str) -> ir.Test:
    (test,) = rules.parse(f'{HEAD}test "t" {body}').tests
    return test


def test_given_values() -> None:
    test = block('given x = 0.1, n = 3 given flag = true, kind = "two words" expect big expect big')
    assert test.case == {
        "x": round_float32(0.1),
        "n": 3,
        "flag": True,
        "kind": "two words",
    }
    assert len(test.expectations) == 2


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x = 3", 3.0),
        ("x = 40%", round_float32(0.4)),
        ("x = 3_000_000_000", 3e9),
        ("x = unknown", None),
        ("kind = car", "car"),
        ("flag = false", False),
    ],
)
def test_given_value(text: str, value: object) -> None:
    (item,) = block(f"given {text} expect big").given
    assert item.value == value and type(item.value) is type(value)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("y = 3", "there is no input y", None),
        ("kin = 3", "there is no input kin", "did you mean kind?"),
        ("big = true", "big is derived, so it cannot be given", "inputs it is derived from"),
        ("x = 1, x = 2", "x is given twice", None),
        ("x = 0", "outside the bounds of x", "write x = unknown"),
        ("x = -1", "outside the bounds of x", "write x = unknown"),
        ("n = 10", "outside the bounds of n", "write n = unknown"),
        ("n = 1.5", "declared as an int, but the value is a float", None),
        ("flag = 1", "declared as a bool, but the value is an int", None),
        ("kind = carr", "'carr' is not one of", "did you mean car?"),
        ("kind = 3", "declared as one of", None),
        ("x = car", "there is no input or derived name car", None),
    ],
)
def test_bad_given(text: str, message: str, hint: str | None) -> None:
    with pytest.raises(RuleError) as caught:
        block(f"given {text} expect big")
    (error,) = caught.value.errors
    assert message in error.message
    assert hint is None or hint in (error.hint or "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("o = yes", ir.ExpectOutcome(op="=", outcome="yes")),
        ('o != "not now"', ir.ExpectOutcome(op="!=", outcome="not now")),
        ("o is unknown", ir.ExpectOutcome(op="is unknown", outcome=None)),
        ("r fires", ir.ExpectRule(rule="r", fires=True)),
        ("r does not fire", ir.ExpectRule(rule="r", fires=False)),
        ("r does not fire because big", ir.ExpectRule(rule="r", fires=False, because="big")),
        ("big", ir.ExpectTruth(condition=ir.Ref(name="big", type=ir.BOOL))),
    ],
)
def test_expectations(text: str, expected: object) -> None:
    assert block(f"expect {text}").expectations == (expected,)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("o = yess", "yess is not an outcome", "did you mean yes?"),
        ("o is known", "an expectation about o stands by itself", "a comma between items"),
        ("o = yes and big", "an expectation about o stands by itself", "is unknown"),
        ("not o = yes", "an expectation about o stands by itself", "!= ..."),
        ("rr fires", "there is no rule rr", "did you mean r?"),
        ("r does not fire because x", "x is a float, a condition needs a truth", None),
        ("r does not fire because bigg", "there is no input or derived name bigg", "big?"),
        ("x", "x is a float, a condition needs a truth", "x > 0"),
        ("r", "r is a rule", "write r fires or r does not fire"),
        ("yes", "yes is an outcome", "write o = yes"),
        ("x > y", "there is no input or derived name y", None),
    ],
)
def test_bad_expectations(text: str, message: str, hint: str | None) -> None:
    with pytest.raises(RuleError) as caught:
        block(f"expect {text}")
    (error,) = caught.value.errors
    assert message in error.message
    assert hint is None or hint in (error.hint or "")


def test_an_input_with_an_error_is_told_once() -> None:
    with pytest.raises(RuleError) as caught:
        rules.parse('ruleset a version 1 input x: flot test "t" given x = 3 expect x > 2')
    assert len(caught.value.errors) == 1


def test_tests_without_a_decision() -> None:
    text = 'ruleset a version 1 input x: float test "t" given x = 3 expect x > 2'
    assert len(rules.parse(text).tests) == 1
