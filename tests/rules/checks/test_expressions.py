import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rules
from rules.errors import RuleError
from rules.language import ir
from rules.language.ir import And, Arithmetic, Call, Choose, Compare, Const, Not, Or, Ref, ToFloat
from tests.effort import examples

HEAD = """\
ruleset a version 1
input income: float > 0
input amount: float
input age: int in 0..120
input count: int in -5..5
input flag: bool
input purpose: {car, other, "two words"}
input color: {red, other}
input car_owner: bool
input grade: {"1", "2"}
"""
FLOAT, INT = ir.FloatType(), ir.IntType()


def typed(text: str) -> ir.Expr:
    return rules.parse(f"{HEAD}derive x = {text}").derived[0].clauses[0]


def failure(text: str) -> RuleError:
    with pytest.raises(RuleError) as caught:
        typed(text)
    return caught.value


def number(value: float | int) -> Const:
    return Const(value=value, type=FLOAT if isinstance(value, float) else INT)


INCOME = Ref(name="income", type=ir.FloatType(low=0.0, low_open=True))
AMOUNT = Ref(name="amount", type=FLOAT)
AGE = Ref(name="age", type=ir.IntType(low=0, high=120))
FLAG = Ref(name="flag", type=ir.BOOL)
PURPOSES = ir.EnumType(members=("car", "other", "two words"))
PURPOSE = Ref(name="purpose", type=PURPOSES)
AGE_FLOAT = ToFloat(operand=AGE, type=FLOAT)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("age + 1", Arithmetic(op="+", left=AGE, right=number(1), type=INT)),
        ("age + 1.0", Arithmetic(op="+", left=AGE_FLOAT, right=number(1.0), type=FLOAT)),
        ("amount * 2", Arithmetic(op="*", left=AMOUNT, right=number(2.0), type=FLOAT)),
        ("amount - age", Arithmetic(op="-", left=AMOUNT, right=AGE_FLOAT, type=FLOAT)),
        ("age / 2", Arithmetic(op="/", left=AGE_FLOAT, right=number(2.0), type=FLOAT)),
        ("age mod 7", Arithmetic(op="mod", left=AGE, right=number(7), type=INT)),
        ("-5", number(-5)),
        ("-(0.0)", number(0.0)),
        ("-amount", Arithmetic(op="-", left=number(0.0), right=AMOUNT, type=FLOAT)),
        ("-age", Arithmetic(op="-", left=number(0), right=AGE, type=INT)),
        ("30_000", number(30000)),
        ("max(age, 3)", Call(function="max", arguments=(AGE, number(3)), type=INT)),
        ("min(age, 3.0)", Call(function="min", arguments=(AGE_FLOAT, number(3.0)), type=FLOAT)),
        ("round(age)", Call(function="round", arguments=(AGE_FLOAT,), type=FLOAT)),
        ("abs(amount)", Call(function="abs", arguments=(AMOUNT,), type=FLOAT)),
        ("age > 18", Compare(op=">", left=AGE, right=number(18))),
        ("age > 18.5", Compare(op=">", left=AGE_FLOAT, right=number(18.5))),
        ("amount == 3_000_000_000", Compare(op="=", left=AMOUNT, right=number(3e9))),
        ("flag = true", Compare(op="=", left=FLAG, right=Const(value=True, type=ir.BOOL))),
        ("purpose = car", Compare(op="=", left=PURPOSE, right=Const(value="car", type=PURPOSES))),
        ("car = purpose", Compare(op="=", left=Const(value="car", type=PURPOSES), right=PURPOSE)),
        ("purpose in {car}", typed("purpose = car")),
        ("amount is unknown", ir.IsUnknown(operand=AMOUNT)),
        ("amount is known", Not(operand=ir.IsUnknown(operand=AMOUNT))),
        (
            "age in {1, 2}",
            Or(
                operands=(
                    Compare(op="=", left=AGE, right=number(1)),
                    Compare(op="=", left=AGE, right=number(2)),
                )
            ),
        ),
        (
            "amount in -1..12",
            And(
                operands=(
                    Compare(op=">=", left=AMOUNT, right=number(-1.0)),
                    Compare(op="<=", left=AMOUNT, right=number(12.0)),
                )
            ),
        ),
        (
            "if flag then age else 0.5",
            Choose(condition=FLAG, then=AGE_FLOAT, otherwise=number(0.5), type=FLOAT),
        ),
        (
            "(if flag then 4_000_000_000 else age) + 0.5",
            Arithmetic(
                op="+",
                left=Choose(
                    condition=FLAG, then=number(4e9), otherwise=AGE_FLOAT, type=FLOAT
                ),
                right=number(0.5),
                type=FLOAT,
            ),
        ),
        (
            "purpose = (if flag then car else \"two words\")",
            Compare(
                op="=",
                left=PURPOSE,
                right=Choose(
                    condition=FLAG,
                    then=Const(value="car", type=PURPOSES),
                    otherwise=Const(value="two words", type=PURPOSES),
                    type=PURPOSES,
                ),
            ),
        ),
        (
            "(if flag then car else other) = purpose",
            Compare(
                op="=",
                left=Choose(
                    condition=FLAG,
                    then=Const(value="car", type=PURPOSES),
                    otherwise=Const(value="other", type=PURPOSES),
                    type=PURPOSES,
                ),
                right=PURPOSE,
            ),
        ),
        ("flag and (flag and not flag)", And(operands=(FLAG, FLAG, Not(operand=FLAG)))),
        ("(flag or flag) or flag", Or(operands=(FLAG, FLAG, FLAG))),
    ],
)  # fmt: skip
def test_typed_form(text: str, expected: ir.Expr) -> None:
    assert typed(text) == expected


ERRORS = [
    ("incme + 1", "there is no input or derived name incme", "did you mean income?"),
    ("Income + 1", "there is no input or derived name Income", "did you mean income?"),
    ("True", "there is no input or derived name True", "write true"),
    ("max", "there is no input or derived name max", "write max(a, b, ...)"),
    ("max(age)", "max was given 1 argument", "write max(a, b, ...)"),
    ("abs(age, 1)", "abs was given 2 arguments", "write abs(x)"),
    ("maxx(age, 1)", "there is no function or relation maxx", "did you mean max?"),
    ("sum(age)", "sum is no function: it names a variable", "for example sum g: earns(g)"),
    ("all(age > 1)", "all is no function", "for example all g: earns(g) > 100"),
    ("sqrt(age)", "there is no function or relation sqrt", "functions are min, max, abs"),
    ("income(3)", "income is about the case itself and takes no", "write income"),
    ("flag + 1", "+ needs numbers, this is a bool", "then 1 else 0"),
    ("purpose * 2", "* needs numbers, this is one of {car", None),
    ("abs(flag)", "abs needs numbers", "then 1 else 0"),
    ("-flag", "- needs numbers", "then 1 else 0"),
    ("amount mod 2", "mod works on ints, this is a float", "x - y * floor(x / y)"),
    ("not income", "income is a float, a condition needs a truth", "for example income > 0"),
    ("flag and age", "age is an int, a condition needs a truth", "for example age > 0"),
    ("flag or purpose", "purpose is one of", "for example purpose = car"),
    ("flag or amount + 1", "this is a float, a condition needs a truth", "for example ... > 0"),
    ("if income then 1 else 2", "income is a float, a condition needs a truth", "income > 0"),
    ("if flag then 1 else true", "then gives an int, else a bool", None),
    ("if flag then purpose else color", "the two branches are of different types", None),
    ("income = flag", "cannot compare a float with a bool", "write flag, not flag or fl"),
    ("flag = 1", "cannot compare a bool with an int", "write flag, not flag or flag = true"),
    ("flag = yes", "there is no input or derived name yes", "write true"),
    ("flag = No", "there is no input or derived name No", "write false"),
    ("grade == 1", "cannot compare one of {1", 'put the member in quotes: "1"'),
    ("purpose = color", "cannot compare one of {car", None),
    ("purpose = carr", "'carr' is not one of {car, other, two words}", "did you mean car?"),
    ('purpose = "two word"', "'two word' is not one of", "did you mean two words?"),
    ("purpose = age", "cannot compare one of {car", None),
    ("purpose < car", "< needs numbers or dates, this is one of", "only = and !="),
    ("flag >= true", ">= needs numbers or dates, this is a bool", "only = and !="),
    ("purpose in {car, bus}", "'bus' is not one of", None),
    ("purpose in 1..2", "in needs numbers or dates, this is one of", "only = and !="),
    ("amount in 5..1", "this range is empty", "smaller bound comes first"),
    ("car", "car is a member of an enum", "compare it, for example purpose = car"),
    ('"car"', "car is a member of an enum", 'for example purpose = "car"'),
    ('"bus"', "a text can only be compared with", "input kind: {car, other}"),
    ('amount = "big"', "a text can only be compared with", "declare the values"),
    ("1 < age < 5", "comparisons do not chain", "write 1 < age and age < 5"),
    ("1 < age + 2 < count", "comparisons do not chain", "1 < age + 2 and age + 2 < count"),
    ("amount > 1 = true", "comparisons do not chain", "in parentheses"),
    ("1e39", "does not fit a float32", "about 3.4e38"),
    ("3_000_000_000", "this int does not fit an int32", "add .0 for a float"),
    ("amount + " + "9" * 101, "a number of more than 100 characters", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message", "hint"), ERRORS)
def test_errors(text: str, message: str, hint: str | None) -> None:
    error = failure(text)
    assert message in error.message
    assert (error.hint is None) if hint is None else hint in (error.hint or ""), error.hint


def test_a_name_that_is_also_a_member_is_ambiguous() -> None:
    text = f"{HEAD}input car: bool\nderive x = purpose = %s"
    with pytest.raises(RuleError, match="car is both a declared name and a member") as caught:
        rules.parse(text % "car")
    assert 'write "car" in quotes' in (caught.value.hint or "")
    (derived,) = rules.parse(text % '"car"').derived
    assert derived.clauses[0] == typed("purpose = car")


def test_the_decision_cannot_be_read() -> None:
    decide = "decide outcome in {a} policy first default a unknown a\n"
    with pytest.raises(RuleError, match="outcome is what is decided"):
        rules.parse(f"{HEAD}{decide}derive x if outcome = a")


def test_independent_errors_are_told_together() -> None:
    error = failure("(foo > 1 and flag) or bar(1) > 2 or age + baz * qux > income")
    assert [item.message.split()[-1] for item in error.errors] == ["foo", "bar", "baz", "qux"]
    assert str(error).count("^") == 4


def test_an_error_is_told_once_however_often_its_name_is_used() -> None:
    text = f"{HEAD}derive bad = nope\nderive x = bad + bad\nderive y if x > 1 and bad > 2"
    with pytest.raises(RuleError) as caught:
        rules.parse(text)
    assert [error.message for error in caught.value.errors] == [
        "there is no input or derived name nope"
    ]


TERMS = st.sampled_from(["a", "b", "c", "1", "2", "7"])


@settings(max_examples=examples(60))
@given(st.data())
def test_operators_bind_as_in_python(data: st.DataObject) -> None:
    """Flat texts without parentheses mean what Python says they mean."""
    draw = data.draw

    def total() -> list[str]:
        parts = [draw(TERMS)]
        for _ in range(draw(st.integers(0, 3))):
            op = draw(st.sampled_from(["+", "-", "*", "mod"]))
            parts += [op, "7" if op == "mod" else draw(TERMS)]
        return parts

    parts: list[str] = []
    for index in range(draw(st.integers(1, 4))):
        parts += [draw(st.sampled_from(["and", "or"]))] if index else []
        parts += ["not"] * draw(st.integers(0, 2))
        parts += [*total(), draw(st.sampled_from(["<", ">=", "=", "!="])), *total()]
    names = {name: draw(st.integers(-5, 5)) for name in "abc"}
    python = {"mod": "%", "=": "=="}
    expected = eval(" ".join(python.get(part, part) for part in parts), dict(names))
    inputs = "".join(f"input {name}: int in -5..5\n" for name in names)
    ruleset = rules.parse(f"ruleset r version 1\n{inputs}derive x = {' '.join(parts)}")
    from rules.engines.reference import evaluate

    assert evaluate(ruleset, names).values["x"] is expected
