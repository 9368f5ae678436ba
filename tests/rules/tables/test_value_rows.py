from pathlib import Path

import pytest

from rules.engines.reference import evaluate
from rules.tables import read_table, table_text
from rules.tables.value_rows import MAX_BRANCHES
from tests.rules.tables.reading import error, load

FEES = 'amount: float,"kind: {a, b}",-> fee: float,"-> grade: {low, high}"\n'


def test_rows_are_branches(tmp_path: Path) -> None:
    ruleset = load(tmp_path, FEES + "< 100,a,1,low\n[100..200],a,0.01 * amount,high\n-,-,9,low\n")
    (fee, grade) = ruleset.derived
    for amount, kind, expected in ((50, "a", 1), (150, "a", 1.5), (150, "b", 9), (None, "a", None)):
        found = evaluate(ruleset, {"amount": amount, "kind": kind})
        assert found.values["fee"] == expected
    assert (fee.name, grade.name) == ("fee", "grade")
    assert evaluate(ruleset, {"amount": 150, "kind": "a"}).values["grade"] == "high"


def test_truths(tmp_path: Path) -> None:
    ruleset = load(tmp_path, "x: float,-> ok: bool\n< 3,TRUE\n-,FALSE\n")
    assert evaluate(ruleset, {"x": 1}).values["ok"] is True


def test_rows_that_say_nothing_of_one_output(tmp_path: Path) -> None:
    text = (
        'policy,first\ndefault,no\nunknown,no\nx: float,"-> o in {yes, no}",-> v: float\n'
        "< 3,yes,1\n< 9,,2\n> 20,yes,-\n-,-,3\n"
    )
    ruleset = load(tmp_path, text)
    assert [rule.name for rule in ruleset.rules] == ["limits_5", "limits_7"]
    assert evaluate(ruleset, {"x": 5}).values["v"] == 2
    assert evaluate(ruleset, {"x": 30}).values["v"] == 3


def test_long_tables_go_on_in_another_name(tmp_path: Path) -> None:
    rows = "".join(f"{index},{index * index}\n" for index in range(3 * MAX_BRANCHES + 5))
    ruleset = load(tmp_path, "n: int in 0..500,-> v: int\n" + rows + "-,-1\n")
    assert [item.name for item in ruleset.derived] == ["v_from_87", "v_from_47", "v_from_7", "v"]
    for number in (0, 4, 5, 44, 45, 124, 125):
        expected = number * number if number < 125 else -1
        assert evaluate(ruleset, {"n": number}).values["v"] == expected


def test_a_table_as_text(tmp_path: Path) -> None:
    path = tmp_path / "limits.csv"
    path.write_text("x,-> v: float\n< 3,1\n-,0\n")  # x is declared elsewhere
    assert table_text(path) == (
        "ruleset limits version 1\nderive v: float = if x < 3 then 1 else 0\n"
    )
    declarations, text = read_table(path)
    assert len(declarations) == 1 and text.startswith("x,")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("< 1,a,1,low\n", "2:1: error: fee has no value where no row applies"),
        ("-,-,1,low\n< 1,-,2,low\n", "3:1: error: row 3 never applies: row 2 takes every case"),
        (
            "< 1,a,1,low\n<1, a ,2,low\n-,-,3,low\n",
            "3:1: error: row 3 never applies: row 2 has the same tests",
        ),
        ("<1,a,1,\n-,-,3,\n", "1:48: error: grade has no value where no row applies"),
        ("<1,a,1,lo\n-,-,3,low\n", "hint: did you mean low?"),
    ],
)
def test_errors(tmp_path: Path, text: str, told: str) -> None:
    assert told in error(tmp_path, FEES + text)


UNIQUE = 'policy,unique\namount: float,n: int,"kind: {a, b, c}",d: date,b: bool,-> fee: float\n'


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("< 100,-,-,-,-", ">= 100,-,-,-,-", True),
        ("<= 100,-,-,-,-", ">= 100,-,-,-,-", False),
        ("[0..100),-,-,-,-", "100,-,-,-,-", True),
        ("[0..100],-,-,-,-", "(100..200],-,-,-,-", True),
        ('"1, 2",-,-,-,-', '"3, > 5",-,-,-,-', True),
        ('"1, 2",-,-,-,-', '"3, > 1",-,-,-,-', False),
        ("unknown,-,-,-,-", "< 5,-,-,-,-", True),
        ("unknown,-,-,-,-", "known,-,-,-,-", True),
        ("unknown,-,-,-,-", "-,-,-,-,-", None),
        ("not(5),-,-,-,-", "5,-,-,-,-", True),
        ("not([1..2]),-,-,-,-", "[1..2],-,-,-,-", True),
        ("not([1..2]),-,-,-,-", "[1..2.5],-,-,-,-", False),
        ("0.1,-,-,-,-", "0.100000000001,-,-,-,-", False),  # one float32
        ("16777216,-,-,-,-", "16777217,-,-,-,-", False),
        ("-,16777216,-,-,-", "-,16777217,-,-,-", True),
        ("-,-,a,-,-", '-,-,"b, c",-,-', True),
        ("-,-,not(a),-,-", "-,-,a,-,-", True),
        ('-,-,"not(a, b)",-,-', '-,-,"a, b",-,-', True),
        ("-,-,not(a),-,-", "-,-,not(b),-,-", False),
        ("-,-,-,2026-01-01,-", "-,-,-,> 2026-01-01,-", True),
        ("-,-,-,-,true", "-,-,-,-,false", True),
        ("-,-,-,-,true", "-,-,-,-,not(true)", True),
        ("> n,-,-,-,-", "<= n,-,-,-,-", False),
        ("> n,-,-,-,-", "= n,-,-,-,-", False),
        ('"1, n",-,-,-,-', "3,-,-,-,-", False),
        ("[n..5],-,-,-,-", "9,-,-,-,-", False),
        ("not(n),-,-,-,-", "9,-,-,-,-", False),
        ("-1,-,-,-,-", "> 0,-,-,-,-", True),
        ("> n,-,a,-,-", "<= n,-,b,-,-", True),
    ],
)
def test_unique_rows(tmp_path: Path, one: str, other: str, apart: bool | None) -> None:
    text = f"{UNIQUE}{one},1\n{other},2\n" + ("" if apart is None else "-,-,-,-,-,3\n")
    if apart is not False:
        assert len(load(tmp_path, text).derived) == 1
    else:
        found = error(tmp_path, text)
        assert "4:1: error: rows 3 and 4 may both apply, and the policy is unique" in found
