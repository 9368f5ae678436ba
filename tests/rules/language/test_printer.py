"""Expressions as text, and back."""

from __future__ import annotations

import pytest

from rules.language import ir
from rules.language.load import parse
from rules.language.printer import expression_text, member_text

FRAME = """ruleset t version 1
input x: float
input y: float
input n: int in 0..9
input a: bool
input b: bool
input c: bool
input e: {{red, "dark blue", "if"}}
derive v = {}
"""


@pytest.mark.parametrize(
    "text",
    [
        "x + y * 2 - 1",
        "(x + y) * 2",
        "x - (y - 1)",
        "x / (y * 2)",
        "-x * 2",
        "-(x + y)",
        "-(-x)",
        "x - -3",
        "0 - 3.5 * x",
        "min(x, y, 30_000) > 1e20",
        "n mod 3 = 1",
        "n + 1 > x",
        "a and (b or c)",
        "a and b or c",
        "not a and b",
        "not (a and b)",
        "not x > 3",
        "(x > 3) = a",
        "x is known and y + 1 is unknown",
        "not (x is known)",
        "if a then x else y",
        "if a and b then x else if c then y else 1.5",
        "(if a then x else y) + 1",
        "(if a then b else c) or c",
        'e = red or e = "dark blue" or e != "if"',
        "true",
    ],
)
def test_text_means_what_was_meant(text: str) -> None:
    def clause(source: str) -> ir.Expr:
        return parse(FRAME.format(source)).derived[0].clauses[0]

    printed = expression_text(clause(text))
    assert clause(printed) == clause(text)
    assert len(printed) <= len(text)


@pytest.mark.parametrize(
    ("value", "type_", "text"),
    [
        (3.0, ir.FloatType(), "3"),
        (30_000.0, ir.FloatType(), "30_000"),
        (0.4000000059604645, ir.FloatType(), "0.4"),
        (1.0000000200408773e20, ir.FloatType(), "1e20"),
        (-1234567, ir.IntType(), "-1_234_567"),
        (False, ir.BOOL, "false"),
        ("red", ir.EnumType(("red",)), "red"),
    ],
)
def test_constants(value: object, type_: ir.Type, text: str) -> None:
    assert expression_text(ir.Const(value=value, type=type_)) == text  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("member", "text"),
    [("car", "car"), ("dark blue", '"dark blue"'), ("if", '"if"'), ('a"\\', '"a\\"\\\\"')],
)
def test_members(member: str, text: str) -> None:
    assert member_text(member) == text
