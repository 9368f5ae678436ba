from pathlib import Path

import pytest

from rules.language.printer import expression_text
from tests.rules.tables.reading import HEADER, SETTINGS, error, load

COLUMNS = ("x", "n", "b", "k", "s", "d")


def row(column: str, cell: str) -> str:
    quoted = '"' + cell.replace('"', '""') + '"'
    cells = [quoted if name == column else "-" for name in COLUMNS]
    return SETTINGS + HEADER + ",".join([*cells, "yes"]) + "\n"


@pytest.mark.parametrize(
    ("column", "cell", "condition"),
    [
        ("x", "< 10", "x < 10"),
        ("x", ">=5.5", "x >= 5.5"),
        ("x", "!= 3", "x != 3"),
        ("x", "== 3", "x = 3"),
        ("x", "40%", "x = 0.4"),
        ("x", "-5", "x = -5"),
        ("x", "> -1e3", "x > -1_000"),
        ("x", "10_000", "x = 10_000"),
        ("x", "[10..20]", "x >= 10 and x <= 20"),
        ("x", "10..20", "x >= 10 and x <= 20"),
        ("x", "(10..20]", "x > 10 and x <= 20"),
        ("x", "]10..20]", "x > 10 and x <= 20"),
        ("x", "[10..20[", "x >= 10 and x < 20"),
        ("x", "]10..20[", "x > 10 and x < 20"),
        ("x", "(0 .. n * 2)", "x > 0 and x < n * 2"),
        ("x", "((1 + n) * 2..max(n, 3)]", "x > (1 + n) * 2 and x <= max(n, 3)"),
        ("x", "(1 + n)..(2 + n)", "x >= 1 + n and x <= 2 + n"),
        ("x", "(1 + n) * (2 + n)", "x = (1 + n) * (2 + n)"),
        ("x", "> n * 3", "x > n * 3"),
        ("x", "max(n, 3)", "x = max(n, 3)"),
        ("x", "1, 2", "x = 1 or x = 2"),
        ("x", "< 1, [2..3), 7", "x = 7 or x < 1 or x >= 2 and x < 3"),
        ("x", "(1..2], -1, [3 .. 4[", "x = -1 or x > 1 and x <= 2 or x >= 3 and x < 4"),
        ("x", "not((1..max(n, 2)])", "not (x > 1 and x <= max(n, 2))"),
        ("x", "unknown", "x is unknown"),
        ("x", "known", "x is known"),
        ("x", "not(unknown)", "x is known"),
        ("x", "not(known)", "x is unknown"),
        ("x", "< 3, unknown", "x < 3 or x is unknown"),
        ("x", "not(< 5)", "not x < 5"),
        ("x", "not([1..2], 7)", "not (x = 7 or x >= 1 and x <= 2)"),
        ("x", "not (1), not(2)", "x != 1 or x != 2"),
        ("b", "true", "b"),
        ("b", "FALSE", "not b"),
        ("b", "not(true)", "not b"),
        ("b", "n > 3", "b = (n > 3)"),
        ("k", "car", "k = car"),
        ("k", '"car"', "k = car"),
        ("k", "'two words'", 'k = "two words"'),
        ("k", "two words, car", 'k = "two words" or k = car'),
        ("k", "not(car)", "k != car"),
        ("k", "not(car, other)", "not (k = car or k = other)"),
        ("s", "DE", 's = "DE"'),
        ("s", "not(DE, 'A, T')", 'not (s = "DE" or s = "A, T")'),
        ("s", "yes / no (x)", 's = "yes / no (x)"'),
        ("d", "2026-01-31", "d = 2026-01-31"),
        ("d", "[2026-01-01..2026-02-01)", "d >= 2026-01-01 and d < 2026-02-01"),
        ("d", "> 2026-01-01 + 30 days", "d > 2026-01-01 + 30"),
    ],
)
def test_what_a_cell_means(tmp_path: Path, column: str, cell: str, condition: str) -> None:
    (rule,) = load(tmp_path, row(column, cell)).rules
    assert expression_text(rule.condition) == condition


@pytest.mark.parametrize("cell", ["", "-", "–", "—", "  - "])  # noqa: RUF001
def test_any_value(tmp_path: Path, cell: str) -> None:
    (rule,) = load(tmp_path, row("x", cell)).rules
    assert expression_text(rule.condition) == "true"


@pytest.mark.parametrize(
    ("column", "cell", "told"),
    [
        ("x", "0,5", ":2: error: 0,5 could be one number or several"),
        ("x", "< 1,234,567", ":4: error: 1,234,567 could be one number or several"),
        ("x", "[1..2", "this interval has one bracket"),
        ("x", "1..2]", "this interval has one bracket"),
        ("x", "[..2]", "an interval has two ends"),
        ("x", "[2..1]", "this range is empty"),
        ("x", "(2..1]", "this range is empty"),
        ("x", "<", "a value is missing here"),
        ("x", "1,,2", "a test is missing beside a comma"),
        ("x", "-, 3", "a dash stands for any value, and only by itself"),
        ("x", "not()", "not() needs a test"),
        ("x", "5 6", ":4: error: found 6, expected an operator"),
        ("x", "≥ 5", "hint: write >="),
        ("x", "31.01.2026", "hint: a date is written 2026-01-31"),
        ("d", "1/31/2026", "a date is written year-month-day"),
        ("x", "true", "x is a float, a condition needs a truth"),
        ("x", "cra", "there is no input or derived name cra"),
        ("x", "€ 5", "unexpected '€'"),
        ("k", "cra", "hint: did you mean car?"),
        ("k", "< 3", "cannot compare"),
        ("x", "(" * 101 + "n" + ")" * 101, "nested more than 100 levels"),
    ],
)
def test_what_is_no_test(tmp_path: Path, column: str, cell: str, told: str) -> None:
    found = error(tmp_path, row(column, cell))
    assert told in found and found.startswith("limits.csv:5:")


def test_commas_in_texts_are_no_decimal_commas(tmp_path: Path) -> None:
    (rule,) = load(tmp_path, row("s", "'0,5'")).rules
    assert expression_text(rule.condition) == 's = "0,5"'
