"""What the tests of a rule set have seen."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

import rules
from rules.testing import Coverage, coverage, junit_xml, run_tests
from rules.testing.coverage_page import coverage_page
from rules.testing.coverage_text import lines, to_json

TEXT = """ruleset loans version 1
entity Guarantor max 3
input income: float > 0
input risk: prob
input earns(Guarantor): float
derive strong if some g: earns(g) > 50_000
derive n: int = count g: earns(g) > 10
decide outcome in {reject, refer, approve}
    policy first
    default approve
    unknown refer
rule risky "risky"
    outcome = reject
    if risk > 0.5 and not strong
rule poor "poor"
    outcome = refer
    if income < 10_000 or n > 2
constraint "never"
    if risk > 0.9 then outcome != approve
test "risky"
    given risk = 0.6, income = 20_000, no Guarantor
    expect outcome = reject
test "rescued"
    given risk = 0.6, income = 20_000, earns(anna) = 60_000, earns(bo) = 5
    expect outcome = approve
test "violated"
    given risk = 0.95, income = 20_000, earns(anna) = 60_000
    expect outcome = refer, strong
"""


@pytest.fixture(scope="module")
def found() -> Coverage:
    return coverage(rules.parse(TEXT, filename="loans.rules"))


def seen(found: Coverage, name: str) -> tuple[int, int, int]:
    (item,) = [item for item in found.conditions if item.name == name]
    return item.true, item.false, item.unknown


def test_counts(found: Coverage) -> None:
    assert found.tests == 3
    assert seen(found, "risk > 0.5") == (3, 0, 0)
    assert seen(found, "strong") == (2, 1, 0)
    assert seen(found, "earns(g) > 50_000") == (2, 1, 0)  # once per guarantor
    assert seen(found, "income < 10_000") == (0, 3, 0)
    assert seen(found, "risk > 0.9") == (1, 2, 0)
    assert [(item.true, item.false) for item in found.rules] == [(1, 2), (0, 3)]
    assert found.rule_share == 0.5
    assert found.constraints[0].covered
    assert found.outcomes == {"reject": 1, "refer": 1, "approve": 1, "default": 1, "unknown": 0}


def test_unknown_is_neither_side() -> None:
    text = TEXT[: TEXT.index('test "risky"')]
    found = coverage(rules.parse(text + 'test "t" given income = 1 expect outcome is unknown'))
    assert seen(found, "risk > 0.5") == (0, 0, 1)
    assert found.outcomes["unknown"] == 1
    assert found.rule_share == 0


def test_text(found: Coverage) -> None:
    assert list(lines(found, "loans.rules")) == [
        "  rules       1 of 2 (50%) fire in one test and stay silent in another",
        "  conditions  5 of 8 (62%) are true once and false once",
        "  constraints 1 of 1 (100%) are broken once and kept once",
        "  outcomes    never decided: unknown",
        "loans.rules:14:8: never false: risk > 0.5 (in risky)",
        "loans.rules:15:1: never fires: poor",
        "loans.rules:17:8: never true: income < 10_000 (in poor)",
        "loans.rules:17:27: never true: n > 2 (in poor)",
    ]
    plain = json.loads(json.dumps(to_json(found)))
    assert plain["rule_share"] == 0.5
    assert plain["rules"][1] == {
        "name": "poor",
        "in": "poor",
        "line": 15,
        "true": 0,
        "false": 3,
        "unknown": 0,
    }


def test_page(found: Coverage) -> None:
    page = coverage_page(rules.parse(TEXT, filename="loans.rules"), found)
    assert (
        '<mark class="half" title="true 3, false 0, unknown 0 times">risk &gt; 0.5</mark>' in page
    )
    assert '<mark class="good" title="true 2, false 1, unknown 0 times">strong</mark>' in page
    assert "<script" not in page and "http" not in page


def test_no_tests() -> None:
    found = coverage(rules.parse(TEXT[: TEXT.index('test "risky"')]))
    assert found.rule_share == 0
    assert coverage(rules.parse("ruleset empty version 1")).rule_share == 1


def test_junit() -> None:
    ruleset = rules.parse(TEXT.replace("expect outcome = reject", "expect outcome = approve"))
    root = ElementTree.fromstring(junit_xml({"a&b\x01.rules": run_tests(ruleset)}).encode())
    (suite,) = root
    assert suite.attrib["tests"] == "3" and suite.attrib["failures"] == "1"
    assert suite.attrib["name"] == "a&b\ufffd.rules"
    (failure,) = root.iter("failure")
    assert failure.attrib["message"] == "expected outcome = approve"
    assert failure.text is not None and "found outcome = reject (rule risky)" in failure.text
    assert all(float(case.attrib["time"]) > 0 for case in root.iter("testcase"))
