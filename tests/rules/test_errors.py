import pytest

from rules.errors import RuleError, RuleErrors, annotate, did_you_mean
from rules.language.ir import Span

TEXT = "first\n  second word\n\tthird\n"


def span(line: int, column: int, end_line: int, end_column: int) -> Span:
    return Span(line=line, column=column, end_line=end_line, end_column=end_column)


def test_the_whole_form() -> None:
    error = RuleError(
        "wrong word", span=span(2, 3, 2, 9), hint="write another", filename="p.rules", text=TEXT
    )
    assert str(error) == (
        "p.rules:2:3: error: wrong word\n      second word\n      ^~~~~~\nhint: write another"
    )
    assert isinstance(error, ValueError)
    assert error.errors == (error,)


@pytest.mark.parametrize(
    ("place", "line", "caret"),
    [
        (span(1, 1, 1, 2), "    first", "    ^"),
        (span(1, 3, 3, 2), "    first", "      ^~~"),
        (span(3, 2, 3, 7), "    \tthird", "    \t^~~~~"),
        (span(1, 6, 1, 9), "    first", "         ^"),
    ],
)
def test_carets(place: Span, line: str, caret: str) -> None:
    shown = annotate("error", "x", span=place, text=TEXT).split("\n")
    assert shown[1:] == [line, caret]


def test_without_a_place_or_a_text() -> None:
    assert str(RuleError("wrong", hint="right")) == "<rules>: error: wrong\nhint: right"
    assert str(RuleError("wrong", span=span(9, 1, 9, 2))) == "<rules>:9:1: error: wrong"


def test_within_tells_the_source() -> None:
    error = RuleError("wrong", span=span(1, 1, 1, 6), hint="h").within("q.rules", TEXT)
    assert (error.filename, error.text, error.hint) == ("q.rules", TEXT, "h")


def test_groups() -> None:
    first, second = RuleError("one", span=span(1, 1, 1, 2), hint="h"), RuleError("two")
    group = RuleErrors([first, second])
    assert isinstance(group, RuleError)
    assert group.errors == (first, second)
    assert (group.span, group.hint, group.message) == (first.span, "h", "2 errors")
    assert str(group) == f"{first}\n\n{second}"


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("incme", "did you mean income?"),
        ("INCOME", "did you mean income?"),
        ("Age", "did you mean age?"),
        ("zzz", None),
        ("", None),
        ("\u0440", "\u0440 is written with U+0440 CYRILLIC SMALL LETTER ER"),
        ("\u0430ge", "did you mean age?; \u0430ge is written with U+0430 CYRILLIC SMALL LETTER A"),
    ],
)
def test_did_you_mean(word: str, hint: str | None) -> None:
    assert did_you_mean(word, ["income", "age"]) == hint
