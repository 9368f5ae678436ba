import json
import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rules
from rules.errors import RuleError
from rules.language.interchange import from_json, to_json
from rules.language.ruleset_printer import ruleset_text
from tests.effort import examples
from tests.rules.language.strategies import marked_texts, plain, spread

BLANKS = (" ", "  ", "\t", "\n", "\n\n    ", " \r\n")
COMMENTS = (" ", " ", "\n", "  # beside\n", "\n# own line\n", "\n\n    #indented  \n\n")
QUICK = settings(
    max_examples=examples(25),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def same_meaning(left: rules.Ruleset, right: rules.Ruleset) -> bool:
    return left == right and left.sha256 == right.sha256


@QUICK
@given(marked_texts())
def test_formatting_keeps_the_meaning_and_is_idempotent(marked: str) -> None:
    text = plain(marked)
    formatted = rules.format_text(text)
    assert same_meaning(rules.parse(formatted), rules.parse(text))
    assert rules.format_text(formatted) == formatted
    assert not re.search(r"[ \t]$|\n\n\n|\t", formatted, re.MULTILINE)


@QUICK
@given(marked_texts())
def test_printing_keeps_the_meaning(marked: str) -> None:
    ruleset = rules.parse(plain(marked))
    printed = ruleset_text(ruleset)
    assert same_meaning(rules.parse(printed), ruleset)
    assert ruleset_text(rules.parse(printed)) == printed


@QUICK
@given(marked_texts(), st.booleans())
def test_json_keeps_the_meaning(marked: str, spans: bool) -> None:
    ruleset = rules.parse(plain(marked))
    again = from_json(json.loads(json.dumps(to_json(ruleset, spans=spans))))
    assert same_meaning(again, ruleset)
    if spans:
        assert (again.text, again.rules) == (ruleset.text, ruleset.rules)
        assert [rule.span for rule in again.rules] == [rule.span for rule in ruleset.rules]


@QUICK
@given(st.data())
def test_layout_within_declarations_does_not_matter(data: st.DataObject) -> None:
    marked = data.draw(marked_texts())
    text = data.draw(spread(marked, BLANKS))
    assert rules.format_text(text) == rules.format_text(plain(marked))


@QUICK
@given(st.data())
def test_comments_survive_in_order(data: st.DataObject) -> None:
    marked = data.draw(marked_texts())
    text = data.draw(spread(marked, COMMENTS))
    formatted = rules.format_text(text)
    assert rules.format_text(formatted) == formatted
    assert same_meaning(rules.parse(formatted), rules.parse(plain(marked)))
    found = re.findall(r"# ?(beside|own line|indented)", text)
    assert re.findall(r"# ?(beside|own line|indented)", formatted) == found


def assert_only_rule_errors(text: str) -> None:
    try:
        rules.parse(text, filename="x.rules")
    except RuleError as group:
        assert group.errors
        lines = text.split("\n")
        for error in group.errors:
            assert error.span is not None
            assert 1 <= error.span.line <= len(lines)
            assert 1 <= error.span.column <= len(lines[error.span.line - 1]) + 1
            assert (error.span.end_line, error.span.end_column) >= (
                error.span.line,
                error.span.column,
            )
            assert str(error).startswith(f"x.rules:{error.span.line}:{error.span.column}: error: ")
    try:
        formatted = rules.format_text(text)
    except RuleError:
        return
    assert rules.format_text(formatted) == formatted


PIECES = (
    *("if", "then", "else", "and", "or", "not", "in", "is", "mod", "unknown", "known", "true"),
    *("rule", "input", "derive", "decide", "test", "given", "expect", "because", "ruleset"),
    *("entity", "param", "import", "constraint", "some", "all", "count", "sum", "where", "max"),
    *("days", "2026-01-31", "2026-02-30", "g", "m", "Guarantor", "rich", "late(3)", "no", "dated"),
    *("policy", "default", "fires", "does", "fire", "version", "priority", "collect", "x", "f0"),
    *("n0", "e0", "b0", "outcome", "red", "yes", "r0", "d2", "min", "float", "int", "enum"),
    *(">", "=<", "==", "!", "..", ".", ",", ":", "(", ")", "[", "]", "{", "}", "-", "%", "&&"),
    *('"', '"a"', '"{f0:d}"', "'", "#", "\n", "\\", "0", "1e999", "9" * 120, "3000000000", "1e-40"),
    *("é", "²", "\x0c", "\u2028", "\x00", "\ud800", "0x1", "1_", "_"),
)


@settings(QUICK, max_examples=examples(60))
@given(st.data())
def test_mutations_raise_nothing_but_rule_errors(data: st.DataObject) -> None:
    text = plain(data.draw(marked_texts()))
    for _ in range(data.draw(st.integers(1, 4))):
        tokens = re.findall(r"\s+|\w+|.", text) or [" "]
        index = data.draw(st.integers(0, len(tokens) - 1))
        match data.draw(st.sampled_from(["insert", "replace", "delete", "copy", "cut"])):
            case "insert":
                tokens.insert(index, data.draw(st.sampled_from(PIECES)))
            case "replace":
                tokens[index] = data.draw(st.sampled_from(PIECES))
            case "delete":
                del tokens[index]
            case "copy":
                tokens.insert(data.draw(st.integers(0, len(tokens))), tokens[index])
            case "cut":
                tokens = tokens[: index + 1]
        text = "".join(tokens)
    assert_only_rule_errors(text)


@settings(QUICK, max_examples=examples(60))
@given(st.text(max_size=60))
def test_any_text_raises_nothing_but_rule_errors(text: str) -> None:
    assert_only_rule_errors(text)
    assert_only_rule_errors("ruleset a version 1\nderive x = " + text)
