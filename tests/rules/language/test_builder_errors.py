"""What the builder says when Python, or the rules, cannot mean what is written."""

# ruff: noqa: N806  # a Builder is called R, entities as in the text

import datetime
import inspect
import math
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import rules
from rules.errors import RuleError
from rules.language.ruleset_printer import ruleset_text

HERE = Path(__file__)
X = SimpleNamespace


@pytest.fixture
def x() -> X:
    R = rules.Builder("b")
    Guarantor, Person = R.entity("Guarantor", max=8), R.entity("Person", max=8)
    return X(
        R=R,
        Guarantor=Guarantor,
        Person=Person,
        income=R.input("income", float, gt=0),
        flag=R.input("flag", bool),
        purpose=R.input("purpose", ["car", "other"]),
        day=R.input("day", datetime.date),
        earns=R.relation("earns", Guarantor, type=float),
        g=R.variables("g", Guarantor)[0],
        p=R.variables("p", Person)[0],
        outcome=R.decide("o", ["a", "b"], policy="first", default="a", unknown="a"),
    )


AND = "For `a and b`, `a or b`, `not a` write (a) & (b), (a) | (b), ~(a)"
TRAPS: list[tuple[Callable[[X], Any], str]] = [
    (lambda x: x.income > 3 and x.flag, AND),
    (lambda x: x.flag or x.income > 3, AND),
    (lambda x: not x.flag, AND),
    (lambda x: 0 < x.income < 5, "for a < x < b write (a < x) & (x < b) or x.between(a, b)"),
    (lambda x: 1 if x.flag else 2, "for `a if condition else b` write R.if_else(condition, a, b)"),
    (lambda x: x.income in [3, 4], "for `x in [...]` write x.is_in(...)"),
    (lambda x: max(0, x.income), "for max(a, b) write R.maximum(a, b)"),
    (lambda x: "car" in x.purpose, "write (purpose).is_in(...) or (purpose) == 'car'"),
    (lambda x: {x.income: 3}, "use its name, as in given={"),
    (lambda x: list(x.income), "about all objects of an entity write R.some(Guarantor, lambda g"),
    (lambda x: len(x.income), "to count write R.count(Guarantor"),
    (lambda x: x.income[0], "a relation is called: earns(g)"),
    (lambda x: x.income(x.g), 'a relation is declared by R.relation("earns", Guarantor'),
    (lambda x: f"{x.income:.0f}", "leave out the f before the quotes"),
    (lambda x: float(x.income), "income has no value yet"),
    (lambda x: x.income is None or x.income == None, "write (income).is_unknown()"),  # noqa: E711
    (lambda x: x.income != None, "write (income).is_known()"),  # noqa: E711
    (lambda x: x.purpose == ["car"], "write (purpose).is_in(a, b, ...)"),
    (lambda x: x.income > 3 & x.flag, "put each comparison in parentheses: (a >= 1) & (b < 2)"),
    (lambda x: x.flag | 3, "3 beside | is a number"),
    (lambda x: x.income**2, "there is no power: write x * x"),
    (lambda x: x.income // 2, "write math.floor(a / b)"),
    (lambda x: x.flag ^ x.flag, "write a != b"),
    (lambda x: round(x.income, 2), "write round(100 * x) / 100"),
    (lambda x: x.purpose.is_in(), "is_in needs at least one value"),
    (lambda x: x.earns > 3, "earns is about Guarantor: write earns(x)"),
    (lambda x: x.income > x.earns, "earns is about Guarantor: write earns(x)"),
    (lambda x: x.earns[x.g], "earns is about Guarantor: write earns(x)"),
    (lambda x: x.Guarantor == 3, "a variable ranges over its objects, R.some(Guarantor, lambda"),
    (lambda x: x.income > rules.Builder("z").input("q", int), "q belongs to another Builder"),
    (lambda x: x.income > float("nan"), "nan is no number of the language"),
    (lambda x: x.income > object(), "expected a number, a truth, a text, a date, or"),
    (lambda x: x.income > np.ones(2), "a rule cannot be about array"),
    (lambda x: x.income > (lambda g: 3), "a function stands only after the entities"),
    (lambda x: x.day > datetime.datetime(2026, 1, 1), "a date has no time of day"),
    (lambda x: x.day - datetime.timedelta(hours=3), "durations are whole days"),
    (lambda x: x.R.some(x.Guarantor, x.earns(x.g) > 3), "over an entity stands a function"),
    (lambda x: x.R.some(x.Guarantor, x.earns), "over an entity stands a function"),
    (lambda x: x.R.some((), True), "some is about the objects of an entity"),
    (lambda x: x.R.some(x.Guarantor, lambda a, b: True), "a function of a, b stands over Guaran"),
    (lambda x: x.R.some(3, lambda a: True), "'int' object is not iterable"),
    (lambda x: x.R.some(["g"], lambda a: True), "expected entities or variables, found 'g'"),
    (lambda x: x.R.input("q", float, gte=3), "bounds are gt (>), ge (>=)"),
    (lambda x: x.R.input("q", complex), "there is no type complex: expected float, int, bool"),
    (lambda x: x.R.input("q", []), "a list of members needs at least one"),
    (lambda x: x.R.input("q", ["a"], gt=3), "a list of members takes no bounds"),
    (lambda x: x.R.input("q", "prob > 3", gt=3), "'prob > 3' takes no more bounds"),
    (lambda x: x.R.input("q", [3]), "expected a text, found 3"),
    (lambda x: x.R.relation("q", type=float), "write R.input('q', ...)"),
    (lambda x: x.R.relation("q", float), "q is about entities"),
    (lambda x: x.R.entity("M", range(1, 9, 2)), "the numbers of M are in a row"),
    (lambda x: x.R.entity("M", "ab"), "the objects of M are a list of names: ['ab']"),
    (lambda x: x.R.entity("M", ["a"], max=3), "M has either objects or max"),
    (lambda x: x.R.rule("r", "a", x.flag), "the second argument of rule r is outcome == "),
    (lambda x: x.R.rule("r", x.outcome == "a", x.flag, owner=x.flag), "owner is a number, a te"),
    (lambda x: x.R.rule("r", x.outcome == "a", x.flag) & x.flag, "r is a rule, not a value"),
    (lambda x: x.R.test("t", given=[3], expect=[x.flag]), "given is a case"),
    (lambda x: x.R.test("t", given={3: 3}, expect=x.flag), "the keys of given are names"),
    (lambda x: x.R.test("t", given={"earns": 3}, expect=x.flag), "earns is about objects"),
    (lambda x: x.R.test("t", given={"earns": [True]}, expect=x.flag), "name the objects"),
    (lambda x: x.R.test("t", given={"income": x.flag}, expect=x.flag), "given holds values"),
]  # fmt: skip


@pytest.mark.parametrize(("trap", "told"), TRAPS)
def test_traps(x: X, trap: Callable[[X], Any], told: str) -> None:
    with pytest.raises(TypeError) as caught:
        trap(x)
    assert told in str(caught.value)


def line_of(marker: str) -> int:
    lines = HERE.read_text().split("\n")
    return next(i for i, line in enumerate(lines, start=1) if line.endswith(f"# {marker}"))


def test_errors_name_the_python_line(x: X) -> None:
    R = x.R
    R.rule("first", x.outcome == "c", x.income > 3, prioriti=3)  # first
    é = x.flag
    R.derive("d", (x.income > x.purpose) & é)  # second
    R.derive(
        "e",
        x.flag & (x.income + "ü" > 3),  # third
    )
    R.rule("r", x.outcome == "a", x.income)  # fourth
    R.rule("r", x.outcome == "a", x.earns(x.g) > 3, because="{incme}")  # fifth
    R.constraint("c", x.flag, x.income > 3)  # sixth
    with pytest.raises(RuleError) as caught:
        R.ruleset()
    told = {}
    for error in caught.value.errors:
        assert error.filename == __file__ and error.span is not None
        marked = str(error).split("\n")
        start, width = marked[2].index("^"), marked[2].count("^") + marked[2].count("~")
        told[error.message] = (error.span.line, marked[1][start : start + width])
    at = {name: line_of(name) for name in ("first", "second", "third", "fourth", "fifth", "sixth")}
    assert told == {
        "there is no annotation prioriti": (
            at["first"],
            'R.rule("first", x.outcome == "c", x.income > 3, prioriti=3)',
        ),
        "c is not an outcome": (at["first"], 'x.outcome == "c"'),
        "cannot compare a float with one of {car, other}": (at["second"], "x.income > x.purpose"),
        "a text can only be compared with an input or derived value that lists it": (
            at["third"],
            'x.income + "ü"',
        ),
        "income is a float, a condition needs a truth": (
            at["fourth"],
            'R.rule("r", x.outcome == "a", x.income)',
        ),
        f"rule r is declared twice, first in line {at['fourth']}": (
            at["fifth"],
            'R.rule("r", x.outcome == "a", x.earns(x.g) > 3, because="{incme}")',
        ),
        "the template names incme, which is no input or derived name": (at["fifth"], "{incme}"),
        "a constraint says which outcomes are allowed, and nothing else after then": (
            at["sixth"],
            "x.income > 3",
        ),
    }


AT_ONCE: list[tuple[Callable[[X], Any], str]] = [
    (lambda x: x.R.input("if", bool), "if is a reserved word"),
    (lambda x: x.R.input("a b", bool), "'a b' is not a name"),
    (lambda x: x.R.input("q", "float >"), "'float >' is no type: the text ends here"),
    (lambda x: x.earns(x.p), "p stands for an object of Person, earns is about Guarantor"),
    (lambda x: x.earns(x.g, x.g), "earns is about Guarantor: 1 arguments, here 2"),
    (lambda x: x.R.include("nope.rules"), "there is no file"),
    (lambda x: x.R.derive("d", sum([x.income] * 102) > 3), "nested more than 100 levels deep"),
]


@pytest.mark.parametrize(("wrong", "told"), AT_ONCE)
def test_errors_at_once(x: X, wrong: Callable[[X], Any], told: str) -> None:
    with pytest.raises(RuleError) as caught:
        wrong(x)
    assert caught.value.filename == __file__ and told in caught.value.message
    assert caught.value.span is not None
    line = caught.value.span.line
    assert HERE.read_text().split("\n")[line - 1].startswith("    (lambda x: x.")


def test_forward_names_must_be_derived(x: X) -> None:
    x.R.forward("later", x.Person)
    with pytest.raises(RuleError, match="later is named in advance and never derived"):
        x.R.ruleset()


def test_loops_and_python_values() -> None:
    R = rules.Builder("loops")
    n = R.input("n", int, ge=0, le=100)
    outcome = R.decide("o", [f"o{i}" for i in range(5)], policy="first", default="o0", unknown="o0")
    for index in range(1, 5):
        R.rule(f"r{index}", outcome == f"o{index}", n >= np.int64(100 - 10 * index))
    R.derive("any", R.any_of(n == value for value in range(0, 100, 7)))
    R.derive("none", R.any_of([]) | R.all_of([n > 3]) | ~R.all_of([]))
    R.derive("whole", (math.floor(n / 3) + math.ceil(n / 3) + round(n / 3) + abs(-n)) > 2.5)
    R.derive("rest", (7 - n % 3) * 2 + 1 / (1 + n) > 10 % (n + 1))
    flag = True & (n > 3)
    R.derive("long", R.all_of(n != value for value in range(300)) & flag & (n.between(1, 2) | flag))
    assert ruleset_text(R.ruleset()) == R.ruleset().text
    assert [rule.condition.right.value for rule in R.ruleset().rules] == [90, 80, 70, 60]  # type: ignore[union-attr]


def test_recursion_among_several() -> None:
    R = rules.Builder("r")
    Node = R.entity("Node", max=5)
    edge = R.relation("edge", Node, Node)
    even, odd = R.forward("even", Node, Node), R.forward("odd", Node, Node)
    x, y, z = R.variables("x y z", Node)
    R.derive("odd", edge(x, y), of=(x, y))
    R.derive("odd", edge(x, y) & even(y, z), of=(x, z))
    R.derive(even, edge(x, y) & odd(y, z), of=(x, z))
    text = (
        "ruleset r version 1 entity Node max 5 input edge(Node, Node): bool "
        "derive odd(x, y) if edge(x, y) derive odd(x, z) if edge(x, y) and even(y, z) "
        "derive even(x, z) if edge(x, y) and odd(y, z)"
    )
    assert R.ruleset().sha256 == rules.parse(text).sha256


def test_other_files(tmp_path: Path) -> None:
    (tmp_path / "people.rules").write_text(
        "ruleset people version 1 entity Person max 3 input parent(Person, Person): bool "
        "param cut: float = 3 input x: float derive big if x > cut "
        "derive kin(a, b) if parent(a, b) derive kin(a, b) if parent(b, a)"
    )
    (tmp_path / "limits.csv").write_text("x,-> o,rule\n> 3,yes,high\n")
    R = rules.Builder("b")
    names = R.include(tmp_path / "people.rules")
    outcome = R.decide("o", ["yes", "no"], policy="first", default="no", unknown="no")
    high = R.include(tmp_path / "limits.csv")["high"]
    R.rule("r", outcome == "yes", R.some(names["Person"], lambda p: names["kin"](p, p)))
    R.rule("s", outcome == "no", names["big"] & (names["x"] < names["cut"]))
    R.test("t", given={"x": 4, "parent": []}, expect=[outcome == "yes", high.fires()])
    ruleset = R.ruleset()
    assert [rule.name for rule in ruleset.rules] == ["high", "r", "s"]
    assert all(result.passed for result in rules.run_tests(ruleset))
    (tmp_path / "limits.csv").write_text("y,-> o,rule\n> 3,yes,high\n")
    again = rules.Builder("b")
    again.include(tmp_path / "limits.csv")
    with pytest.raises(RuleError, match="there is no input or derived name y") as caught:
        again.ruleset()
    assert caught.value.errors[0].filename.endswith("limits.csv")


def test_programs_without_a_file() -> None:
    program = "import rules\nR = rules.Builder('b')\n\nR.input('if', bool)\n"
    with pytest.raises(RuleError) as caught:
        exec(compile(program, "<cell>", "exec"), {"__name__": "cell"})
    assert str(caught.value).startswith("<cell>:4:1: error: if is a reserved word")


def test_python_without_columns(tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.write_text("import rules\nif True:\n    rules.Builder('b').input('if', bool)  # é\n")
    command = [sys.executable, "-X", "no_debug_ranges", str(path)]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[3])}
    found = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert f"{path}:3:5: error: if is a reserved word" in found.stderr


def test_signatures_are_documented() -> None:
    for name, method in inspect.getmembers(rules.Builder, callable):
        assert name.startswith("_") or inspect.getdoc(method)
