from rules.language.ir import Span
from rules.language.source import excerpt

TEXT = "one two\nthree  # comment\n  four"


def test_excerpts() -> None:
    assert excerpt(TEXT, Span(line=1, column=5, end_line=1, end_column=8)) == "two"
    assert excerpt(TEXT, Span(line=1, column=5, end_line=3, end_column=7)) == "two three four"
    quoted = 'k = "a#1  b"  # why'
    assert excerpt(quoted, Span(line=1, column=1, end_line=1, end_column=20)) == 'k = "a#1  b"'
    assert excerpt(TEXT, Span(line=9, column=1, end_line=9, end_column=2)) == ""
