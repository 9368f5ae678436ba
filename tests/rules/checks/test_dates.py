"""Dates, durations and texts in expressions."""

import datetime

import pytest

import rules
from rules.language import ir
from rules.language.ir import Arithmetic, Compare, Const, Ref
from tests.rules.checks.building import failure

HEAD = """\
ruleset a version 1
input day: date
input other: date
input n: int in 0..9
input x: float
input flag: bool
input country: string
input home: string
input kind: {car, other_kind}
"""
DATE, INT = ir.DateType(), ir.IntType()
DAY, OTHER = Ref(name="day", type=DATE), Ref(name="other", type=DATE)
N = Ref(name="n", type=ir.IntType(low=0, high=9))


def typed(text: str) -> ir.Expr:
    return rules.parse(f"{HEAD}derive d = {text}").derived[0].clauses[0]


def number(value: int) -> Const:
    return Const(value=value, type=INT)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-01", Const(value=20454, type=DATE)),
        ("1970-01-01", Const(value=0, type=DATE)),
        ("0001-01-01", Const(value=ir.DAY_MIN, type=DATE)),
        ("9999-12-31", Const(value=ir.DAY_MAX, type=DATE)),
        ("30 days", number(30)),
        ("1 day", number(1)),
        ("2 weeks", number(14)),
        ("-2 weeks", number(-14)),
        ("day - other", Arithmetic(op="-", left=DAY, right=OTHER, type=INT)),
        ("day + 30 days", Arithmetic(op="+", left=DAY, right=number(30), type=DATE)),
        ("30 days + day", Arithmetic(op="+", left=DAY, right=number(30), type=DATE)),
        ("day - n", Arithmetic(op="-", left=DAY, right=N, type=DATE)),
        ("day >= other", Compare(op=">=", left=DAY, right=OTHER)),
        ("day is unknown", ir.IsUnknown(operand=DAY)),
        ("if flag then day else other + 1", None),
        ("day in 2020-01-01..2020-12-31", None),
        ("day in {2020-01-01, 2020-06-01}", None),
        ("(day - other) / 7", None),
        ("day + (if flag then 1 week else 2 days) < other", None),
    ],
)
def test_dates(text: str, expected: ir.Expr | None) -> None:
    found = typed(text)
    assert expected is None or found == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("day < 2026-02-30", "there is no day 2026-02-30: day is out of range for month"),
        ("day < 0000-01-01", "there is no day 0000-01-01"),
        ("day < 2026", "cannot compare a date with an int | a date is compared with a date"),
        ("2026 > day", "cannot compare an int with a date | a date is compared with a date"),
        ("day + 1.5", "a date moves by whole days, this is a float"),
        ("day + other", "+ does not take a date and a date | date - date gives days"),
        ("day * 2", "* does not take a date and an int"),
        ("1 - day", "- does not take an int and a date"),
        ("-day", "- needs numbers, this is a date | the difference of two dates"),
        ("max(day, other)", "max needs numbers, this is a date"),
        (
            "day or flag",
            "day is a date, a condition needs a truth | compare it, for example day >=",
        ),
        ("1.5 days", "days are whole"),
        ("9_000_000 weeks", "longer than from 0001-01-01 to 9999-12-31"),
        ("if flag then day else 3", "then gives a date, else an int"),
        ("day in 2021-01-01..2020-01-01", "this range is empty"),
        ("day = flag", "cannot compare a date with a bool"),
    ],
)
def test_bad_dates(text: str, message: str) -> None:
    assert message in failure(f"{HEAD}derive d = {text}")


def test_every_day_has_its_number() -> None:
    for day in (datetime.date(1969, 12, 31), datetime.date(2024, 2, 29)):
        found = typed(f"{day}")
        assert isinstance(found, Const)
        assert found.value == (day - datetime.date(1970, 1, 1)).days


@pytest.mark.parametrize(
    "text",
    [
        'country = "DE"',
        '"DE" != country',
        "country = home",
        'country in {"DE", "AT"}',
        'country is unknown or country != ""',
        "if flag then country = home else flag",
    ],
)
def test_texts_are_compared(text: str) -> None:
    assert typed(text).type == ir.BOOL


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("country", "a text is never derived"),
        ("country = DE", 'there is no input or derived name DE | write a text in quotes: "DE"'),
        ("country in {DE}", 'write a text in quotes: "DE"'),
        ('country < "DE"', "< needs numbers or dates, this is a text"),
        ("country = 3", "cannot compare a text with an int"),
        ("country = kind", "cannot compare a text with one of {car, other_kind}"),
        ("country + 1", "+ needs numbers, this is a text"),
        ("flag and country", "country is a text, a condition needs a truth | compare it, for exam"),
        ('(if flag then country else home) = "DE"', "a choice gives a text, which can only be"),
        ('"DE" = "DE"', "a text can only be compared with an input"),
    ],
)
def test_bad_texts(text: str, message: str) -> None:
    assert message in failure(f"{HEAD}derive d = {text}")


def test_a_text_is_never_declared_as_derived() -> None:
    assert "a text is never derived" in failure(f"{HEAD}derive d: string = country")
