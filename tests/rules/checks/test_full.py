"""Everything that is found, and what somebody has accepted."""

from __future__ import annotations

import pytest

import rules
from rules.checks.full import full_check, render_with_witness

TEXT = """ruleset s version 1
input a: float
input idle: bool
decide o in {x, y} policy first default x unknown y
# first
rule one "1" o = y if a > 1
rule two "2" o = y if a > 2
rule same "3" o = x if a > 2
"""


def codes(text: str, *, solver: bool = True) -> list[str]:
    return [finding.code for finding in full_check(rules.parse(text), solver=solver)]


def suppress(code: str, line: str, comment: str) -> str:
    return TEXT.replace(line, f"# rulax: ignore {code} {comment}\n{line}")


def test_findings_stand_in_the_order_of_the_text() -> None:
    """W006 tells of rules that are alike, so the solver's W105 of them does not stand, too."""
    assert codes(TEXT) == ["W001", "I101", "W105", "W006"]
    assert codes(TEXT, solver=False) == ["W001", "W006"]


def test_a_suppression_with_a_reason_accepts_a_finding() -> None:
    text = suppress("W105", 'rule two "2"', "because two documents a rule of the past")
    assert codes(text) == ["W001", "I101", "W006"]


def test_a_suppression_may_stand_in_the_line_itself() -> None:
    text = TEXT.replace("idle: bool", "idle: bool  # rulax: ignore W001 because it is planned")
    assert codes(text) == ["I101", "W105", "W006"]


def test_a_suppression_may_name_several_codes() -> None:
    text = suppress("I101,W103", "decide", "because the default is meant")
    findings = full_check(rules.parse(text))
    assert [finding.code for finding in findings] == ["W001", "W116", "W105", "W006"]
    assert findings[1].message == "nothing here is found as W103"
    assert findings[1].hint == "remove it"


@pytest.mark.parametrize("comment", ["", "becuse it is fine", "because", "because   "])
def test_a_suppression_needs_a_reason(comment: str) -> None:
    text = suppress("W105", 'rule two "2"', comment)
    findings = full_check(rules.parse(text))
    assert [finding.code for finding in findings] == ["W001", "I101", "W115", "W105", "W006"]
    assert findings[2].hint == "write # rulax: ignore W105 because ..."


def test_a_suppression_of_nothing_is_found() -> None:
    findings = full_check(rules.parse(suppress("W104", 'rule two "2"', "because of tests")))
    (finding,) = [item for item in findings if item.code == "W116"]
    assert finding.span is not None and finding.span.line == 7


def test_without_the_solver_its_codes_are_let_be() -> None:
    text = suppress("W105", 'rule two "2"', "because two is old")
    assert codes(text, solver=False) == ["W001", "W006"]


def test_a_code_that_does_not_exist_is_found() -> None:
    findings = full_check(rules.parse(suppress("W1005", 'rule two "2"', "because x")))
    (finding,) = [item for item in findings if item.code == "W116"]
    assert finding.hint == "did you mean W105?"


def test_a_suppression_without_a_code_is_found() -> None:
    text = TEXT.replace("# first", "# rulax: ignore because I say so")
    findings = full_check(rules.parse(text))
    assert [item.message for item in findings if item.code == "W115"] == [
        "this suppression names no finding"
    ]


def test_texts_in_quotes_are_no_suppressions() -> None:
    text = TEXT.replace('rule two "2"', 'rule two "# rulax: ignore W105"')
    assert codes(text) == codes(TEXT)


def test_a_witness_is_printed_as_a_test() -> None:
    ruleset = rules.parse(TEXT, filename="s.rules")
    (finding,) = [item for item in full_check(ruleset) if item.code == "W105"]
    printed = render_with_witness(finding, ruleset).replace("idle = true", "idle = false")
    assert printed == (
        "s.rules:7:1: warning W105: rule two fires but never matters: whenever it does, so does "
        'one\n    rule two "2" o = y if a > 2\n    ^~~~~~~~~~~~~~~~~~~~~~~~~~~\n'
        'test "two is shadowed"\n    given a = 3, idle = false\n'
        "    expect o = y, one fires, two fires, same fires"
    )
