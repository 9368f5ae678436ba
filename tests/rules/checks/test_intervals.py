import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rules
from rules.checks.intervals import int_range
from rules.engines.reference import evaluate
from rules.errors import RuleError
from rules.language import ir
from tests.effort import examples

HEAD = "ruleset a version 1\n"


@pytest.mark.parametrize(
    ("inputs", "text", "message", "hint"),
    [
        ("input age: int", "age + 1", "age + 1 may overflow int32", "input age: int in 0..150"),
        ("input n: int >= 5", "n * 2", "n * 2 may overflow", "input n: int in 5..155"),
        ("input n: int < 9", "n - 1", "n - 1 may overflow", "input n: int in 0..8"),
        ("input n: int <= -9", "n - 1", "n - 1 may overflow", "input n: int in -9..-9"),
        ("input n: int in 0..100_000", "n * n", "n * n may overflow", "multiply by 1.0"),
        ("input n: int\nderive m = n", "m + 1", "m + 1 may overflow", "input n: int"),
        ("input a: int in 0..1\ninput n: int", "a - n", "a - n may overflow", "input n: int"),
        ("", "2_147_483_647 + 1", "may overflow", "narrower bounds"),
        ("", "2_147_483_648", "does not fit an int32", "add .0"),
    ],
)
def test_overflow_is_excluded(inputs: str, text: str, message: str, hint: str) -> None:
    with pytest.raises(RuleError) as caught:
        rules.parse(f"{HEAD}{inputs}\nderive x = {text}")
    (error,) = caught.value.errors
    assert message in error.message
    assert hint in (error.hint or "")


@pytest.mark.parametrize(
    "text",
    ["min(n, 5) + 1.0", "n + 1.0", "n / 2", "-n", "abs(n)", "n mod 7", "max(0, min(n, 9)) + 1",
     "n * 0", "if n > 3 then n else 0", "2_147_483_647 - 1"],
)  # fmt: skip
def test_what_cannot_overflow_is_fine(text: str) -> None:
    rules.parse(f"{HEAD}input n: int\nderive x = {text}")


def test_conditions_of_rules_and_tests_are_checked() -> None:
    text = f"""{HEAD}input n: int
    decide o in {{a}} policy first default a unknown a
    rule r "t" o = a if n + 1 > 3 and n + 2 > 3
    test "t" given n = 1 expect n + 3 > 1"""
    with pytest.raises(RuleError) as caught:
        rules.parse(text)
    assert len(caught.value.errors) == 3


def test_an_overflow_is_told_once() -> None:
    text = f"{HEAD}input n: int\nderive a = n + 1\nderive b = a\nderive c = min(b, 7)"
    with pytest.raises(RuleError) as caught:
        rules.parse(text)
    assert len(caught.value.errors) == 1


@st.composite
def int_expressions(draw: st.DrawFn, depth: int = 3) -> str:
    if depth == 0:
        return draw(st.sampled_from(["a", "b", "c", "0", "3", "-7"]))
    below = int_expressions(depth - 1)
    match draw(st.sampled_from(["+", "-", "*", "mod", "min", "max", "abs", "if", "-x"])):
        case "abs":
            return f"abs({draw(below)})"
        case "min" | "max" as name:
            return f"{name}({draw(below)}, {draw(below)})"
        case "if":
            return f"(if a > b then {draw(below)} else {draw(below)})"
        case "-x":
            return f"(-({draw(below)}))"
        case op:
            return f"({draw(below)} {op} {draw(below)})"


BOUNDS = {"a": (-6, 9), "b": (0, 5), "c": (-4, -1)}


@settings(max_examples=examples(100))
@given(text=int_expressions(), data=st.data())
def test_values_stay_within_the_range(text: str, data: st.DataObject) -> None:
    inputs = "".join(f"input {n}: int in {low}..{high}\n" for n, (low, high) in BOUNDS.items())
    ruleset = rules.parse(f"{HEAD}{inputs}derive x = {text}")
    low, high = int_range(ruleset.derived[0].clauses[0], BOUNDS)
    for _ in range(5):
        case = {name: data.draw(st.integers(*bounds)) for name, bounds in BOUNDS.items()}
        value = evaluate(ruleset, case).values["x"]
        assert value is None or low <= value <= high  # type: ignore[operator]


def test_only_int_expressions_have_a_range() -> None:
    with pytest.raises(TypeError, match="not an int expression: Const"):
        int_range(ir.Const(value=0.5, type=ir.FloatType()), {})


def test_only_some_functions_return_an_int() -> None:
    call = ir.Call(
        function="floor", arguments=(ir.Const(value=1, type=ir.IntType()),), type=ir.IntType()
    )
    with pytest.raises(TypeError, match="floor does not return an int"):
        int_range(call, {})


OBJECTS = """\
entity P max 4
entity Q
entity M in 1..12
input k(P): int in -5..9
input j(Q): int in 0..100
input n: int
input day: date in 2000-01-01..2030-12-31
param limit: int in 0..1000 = 5
param free: int = 5
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("count p: k(p) > 3", (0, 4)),
        ("count p, m in M: k(p) > m", (0, 48)),
        ("count q: j(q) > 3", (0, ir.INT_MAX)),
        ("sum p: k(p)", (-20, 36)),
        ("sum p, m in M: k(p) * m", (-5 * 12 * 48, 9 * 12 * 48)),
        ("max p: k(p)", (-5, 9)),
        ("min q: j(q) + 1", (1, 101)),
        ("max m in M: m", (1, 12)),
        ("limit + 1", (1, 1001)),
        ("day - 2000-01-01", (0, 11322)),
        ("(day + 30 days) - day", (30 - 11322, 30 + 11322)),
        ("day - (day - limit)", (-11322, 12322)),
    ],
)
def test_ranges_of_aggregates_params_and_dates(text: str, expected: tuple[int, int]) -> None:
    ruleset = rules.parse(f"{HEAD}{OBJECTS}derive x = {text}")
    ranges = {
        name: (type_.low, type_.high)
        for name, type_ in ruleset.types.items()
        if isinstance(type_, ir.IntType | ir.DateType)
    }
    sizes = {entity.name: entity.size for entity in ruleset.entities}
    assert int_range(ruleset.derived[0].clauses[0], ranges, sizes) == expected


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("sum q: j(q)", "declare entity Q max N, or add up floats: multiply by 1.0"),
        ("sum q, p: j(q) + k(p)", "declare entity Q max N"),
        ("sum p: k(p) * n", "for example input n: int in 0..150"),
        ("sum p: k(p) * 100_000_000", "declare narrower bounds"),
        ("free + 1", "for example param free: int in 0..150"),
        ("2020-01-01 + n", "for example input n: int in 0..150"),
        ("day + n < 2020-01-01", "for example input n: int in 0..150"),
        ("some p: k(p) + n > 3", "for example input n: int in 0..150"),
        ("sum p where k(p) + n > 3: 1", "for example input n: int in 0..150"),
    ],
)
def test_overflow_of_aggregates_params_and_dates(text: str, hint: str) -> None:
    with pytest.raises(RuleError, match="may overflow int32") as caught:
        rules.parse(f"{HEAD}{OBJECTS}derive x = {text}")
    (error,) = caught.value.errors
    assert hint in (error.hint or "")


def test_relations_in_hints_have_their_entities() -> None:
    text = f"{HEAD}entity P max 4\ninput k(P): int\nderive x = sum p: k(p)"
    with pytest.raises(RuleError) as caught:
        rules.parse(text)
    assert "input k(P): int in 0..150" in (caught.value.hint or "")


def test_conditions_of_constraints_are_checked() -> None:
    text = f"""{HEAD}input n: int
    decide o in {{a}} policy first default a unknown a
    constraint "c" if n + 1 > 3 then o = a"""
    with pytest.raises(RuleError, match=r"n \+ 1 may overflow int32"):
        rules.parse(text)


def test_dates_beyond_the_calendar_are_unknown_not_errors() -> None:
    ruleset = rules.parse(f"{HEAD}input n: int in 0..9_999_999\nderive x = 2020-01-01 + n")
    assert evaluate(ruleset, {"n": 9_999_999}).values["x"] is None
    assert evaluate(ruleset, {"n": 1}).values["x"] == 18263
