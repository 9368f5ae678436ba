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
