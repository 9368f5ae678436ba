import pytest

import rules
from rules.errors import RuleError
from rules.language import ir
from rules.language.numbers import round_float32

HEAD = "ruleset a version 1\n"


def declared(type_: str) -> ir.Type:
    return rules.parse(f"{HEAD}input x: {type_}").inputs[0].type


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("float", ir.FloatType()),
        ("float > 0", ir.FloatType(low=0.0, low_open=True)),
        ("float >= 0", ir.FloatType(low=0.0)),
        ("float < 1e3", ir.FloatType(high=1000.0, high_open=True)),
        ("float > 0 and <= 100", ir.FloatType(low=0.0, high=100.0, low_open=True)),
        ("float <= 100 and > 0", ir.FloatType(low=0.0, high=100.0, low_open=True)),
        ("float in -0.5..40%", ir.FloatType(low=-0.5, high=round_float32(0.4))),
        ("prob", ir.FloatType(low=0.0, high=1.0)),
        ("int", ir.IntType()),
        ("int > 0", ir.IntType(low=1)),
        ("int >= 0 and < 10", ir.IntType(low=0, high=9)),
        ("int in -3..12", ir.IntType(low=-3, high=12)),
        ("bool", ir.BOOL),
        ('{a, b, "c d"}', ir.EnumType(members=("a", "b", "c d"))),
    ],
)
def test_types(text: str, expected: ir.Type) -> None:
    assert declared(text) == expected


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("flaot", "there is no type flaot", "did you mean float?"),
        ("boolean", "there is no type boolean", "write bool"),
        ("Double", "there is no type Double", "write float"),
        ("str", "there is no type str", "write string"),
        ("datetime", "there is no type datetime", "write date"),
        ("category", "there is no type category", "list the values"),
        ("string > 0", "string takes no bounds", "write float with bounds"),
        ("date > 3", "the bounds of a date are dates", "date >= 2000-01-01"),
        ("date in 2020-01-02..2020-01-01", "no value is within these bounds", "lower bound"),
        ("date > 9999-12-31", "no value is within these bounds", None),
        ("int in 2020-01-01..5", "this bound is not a number", None),
        ("money", "there is no type money", "types are float, int"),
        ("bool > 0", "bool takes no bounds", "write float with bounds"),
        ("prob < 0.5", "prob takes no bounds", "write float with bounds"),
        ("float > 0 and >= 1", "two lower bounds", "one lower bound"),
        ("float < 0 and <= 1", "two upper bounds", "one lower bound"),
        ("float in 3..2", "no value is within", "lower bound comes first"),
        ("float > 1 and < 1", "no value is within", "lower bound comes first"),
        ("int > 4 and < 5", "no value is within", "lower bound comes first"),
        ("int in 0..1.5", "the bounds of an int are ints", "make the input a float"),
        ("int < 3_000_000_000", "does not fit an int32", "-2147483647 to 2147483647"),
        ("float < 1e39", "does not fit a float32", None),
        ("{a, b, a}", "the member a is listed twice", None),
    ],
)
def test_bad_types(text: str, message: str, hint: str | None) -> None:
    with pytest.raises(RuleError) as caught:
        declared(text)
    assert message in caught.value.message
    assert hint is None or hint in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("float = 3", ir.FloatType()),
        ("float = n", ir.FloatType()),
        ("int = n", ir.IntType()),
        ("bool = n > 3", ir.BOOL),
        ("{red, blue} = if n > 3 then red else blue", ir.EnumType(members=("red", "blue"))),
    ],
)
def test_declared_derived_types(text: str, type_: ir.Type) -> None:
    (derived,) = rules.parse(f"{HEAD}input n: int in 0..9\nderive x: {text}").derived
    assert derived.type == type_
    assert type(derived.clauses[0].type) is type(type_)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("int = 3.5", "declared as an int, but the value is a float"),
        ("bool = 3", "declared as a bool, but the value is an int"),
        ("float = true", "declared as a float, but the value is a bool"),
        ("{a} = 3", "declared as one of {a}, but the value is an int"),
        ("prob = 0.5", "a derived value has no bounds"),
        ("float > 0 = 0.5", "a derived value has no bounds"),
    ],
)
def test_bad_derived_types(text: str, message: str) -> None:
    with pytest.raises(RuleError, match=message):
        rules.parse(f"{HEAD}derive x: {text}")


def test_clauses_with_one_head_are_joined() -> None:
    (derived,) = rules.parse(f"{HEAD}input a: bool\nderive x if a\nderive x if not a").derived
    assert len(derived.clauses) == 2
    assert derived.type == ir.BOOL


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("input a: bool\ninput a: int", "a is declared twice, first in line 2", 3),
        ("input a: bool\nderive a = 3", "a is declared twice, first in line 2", 3),
        ("derive a = 3\nderive a = 4", "a is declared twice, first in line 2", 3),
        ("derive a if true\nderive a = 4", "a is declared twice, first in line 2", 3),
        ("derive a = 4\nderive a if true", "a is declared twice, first in line 2", 3),
        ("input a: bool\ndecide a in {x} policy first default x unknown x", "a is declared", 3),
        ('test "t" expect true\ntest "t" expect true', "test t is declared twice", 3),
    ],
)
def test_names_are_declared_once(text: str, message: str, line: int) -> None:
    with pytest.raises(RuleError, match=message) as caught:
        rules.parse(HEAD + text)
    assert caught.value.span is not None and caught.value.span.line == line


def test_a_version_is_a_whole_number() -> None:
    with pytest.raises(RuleError, match="a version is a whole number"):
        rules.parse("ruleset a version 1.5")
