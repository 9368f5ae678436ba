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
input d: date
input t: string
entity G max 3
entity M in -1..4
entity S in {{left, "to do"}}
input w(G): float
input k(G, M): bool
input o(S): bool
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
        "x > n + 1.0",
        "n + 1.0 > n",
        "(if a then 1.0 else 2.0) < n",
        "max(n, 3.0) = 1",
        "n / 2 = 1.5",
        "n * 1e20 > 3",
        "mean m in M: 2",
        "sum m in M: 2.0",
        "d - 2026-01-31 <= 30",
        "2026-01-31 + n",
        't = "DE" or "if" != t',
        "some g in G: w(g) > 3",
        "some g in G, m in M: k(g, m) and m >= 3",
        "not some g in G: w(g) > 3 or a",
        "(not some g in G: w(g) > 3) or a",
        "a and not some g in G: w(g) > 3",
        "not (a and some g in G: w(g) > 3)",
        "(some g in G: w(g) > 3) and (all g in G: w(g) > 3) and a",
        "(a or some g in G: w(g) > 3) and b",
        "if some g in G: k(g, 3) then x else sum g in G: w(g)",
        "(if a then x else sum g in G: w(g)) + 1",
        "1 + sum g in G where k(g, -1): w(g)",
        "(sum g in G where k(g, 0) or a: w(g) + 1) + 1",
        "-sum g in G: w(g)",
        "sum g in G where (some m in M: k(g, m)): w(g)",
        "sum g in G where a and (some m in M: k(g, m)): w(g)",
        "x > count s in S: o(s) and s != left",
        'o("to do") or (some s in S: o(s) and s = "to do")',
        "some g in G: if a then b else w(g) is known",
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
        (0, ir.DateType(), "1970-01-01"),
        (ir.DAY_MIN, ir.DateType(), "0001-01-01"),
        ("red", ir.StringType(), '"red"'),
        ("anna", ir.ObjectType("G"), "anna"),
        (3, ir.ObjectType("G"), "3"),
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


def test_members_that_are_names_of_something_else_are_quoted() -> None:
    assert member_text("car", taken={"car"}) == '"car"'
    test = ir.Compare(
        op="=",
        left=ir.Ref(name="e", type=ir.EnumType(("x",))),
        right=ir.Const(value="x", type=ir.EnumType(("x",))),
    )
    assert expression_text(test) == "e = x"
    assert expression_text(test, taken={"x"}) == 'e = "x"'
