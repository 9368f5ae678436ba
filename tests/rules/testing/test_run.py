from pathlib import Path

import pytest

import rules
from rules import testing

EXAMPLE = Path(__file__).parents[1] / "example.rules"
HEAD = """\
ruleset a version 1
input x: float
input n: int in 0..9
input flag: bool
input kind: {car, other}
derive big if x > 100
derive half = x / 2
decide o in {yes, no, ask} policy POLICY default no unknown ask
rule r "big one" o = yes if big
rule s "flagged" o = no if flag
"""


def run(body: str, policy: str = "first") -> testing.TestResult:
    (result,) = rules.run_tests(rules.parse(HEAD.replace("POLICY", policy) + f'test "t" {body}'))
    return result


def outcome(body: str, policy: str = "first") -> list[tuple[bool, str]]:
    return [(check.passed, check.found) for check in run(body, policy).checks]


def test_the_tests_of_the_example_pass() -> None:
    results = rules.run_tests(rules.load(EXAMPLE))
    assert [result.passed for result in results] == [True] * 4
    assert results[0].title == "a sound case is approved"
    assert results[0].span is not None and results[0].span.line == 49


@pytest.mark.parametrize(
    ("given", "expect", "passed", "found"),
    [
        ("x = 200", "o = yes", True, "o = yes (rule r)"),
        ("x = 200", "o = no", False, "o = yes (rule r)"),
        ("x = 200", "o != no", True, "o = yes (rule r)"),
        ("x = 200", "o != yes", False, "o = yes (rule r)"),
        ("x = 1, flag = true", "o = no", True, "o = no (rule s)"),
        ("x = 1, flag = false", "o = no", True, "o = no (no rule fires)"),
        ("flag = false", "o is unknown", True, "o = ask (a missing input could change it)"),
        ("flag = false", "o = ask", True, "o = ask (a missing input could change it)"),
        ("x = 200", "o is unknown", False, "o = yes (rule r)"),
        ("x = 200", "r fires", True, "r fires (big = true)"),
        ("x = 20", "r fires", False, "r does not fire (big = false)"),
        ("x = 20", "r does not fire", True, "r does not fire (big = false)"),
        ("n = 1", "r fires", False, "r is unknown (big = unknown)"),
        ("n = 1", "r does not fire", True, "r is unknown (big = unknown)"),
        ("x = 1, flag = true", "r does not fire because flag", True,
         "r does not fire (flag = true, big = false)"),
        ("x = 1, flag = false", "r does not fire because flag", False,
         "r does not fire (flag = false, big = false)"),
        ("x = 0.4", "half > 1", False, "half = 0.2"),
        ("x = 6", "half = 3", True, "half = 3"),
        ("n = 2", "half = 3", False, "half = unknown"),
        ("n = 2, kind = car", "n = 2 and kind = car", True, "n = 2, kind = car"),
        ("n = 2", "1 > 2", False, "it reads no value"),
    ],
)  # fmt: skip
def test_expectations(given: str, expect: str, passed: bool, found: str) -> None:
    assert outcome(f"given {given} expect {expect}") == [(passed, found)]


def test_conflicts() -> None:
    body = "given x = 200, flag = true expect o = ask, o is unknown"
    assert outcome(body, "unique") == [
        (True, "o = ask (rules conflict)"),
        (False, "o = ask (rules conflict)"),
    ]


def test_collected_outcomes() -> None:
    body = "given x = 200, flag = true expect o = yes, o = no, o != ask, o != yes"
    assert [passed for passed, _ in outcome(body, "collect")] == [True, True, True, False]
    assert outcome(body, "collect")[0][1] == "o = yes, no (rule r)"


def test_nothing_is_collected() -> None:
    head = HEAD.replace("POLICY", "collect").replace("default no ", "")
    ruleset = rules.parse(head + 'test "t" given x = 1, flag = false expect o = yes')
    (result,) = rules.run_tests(ruleset)
    assert result.checks[0].found == "o = nothing (no rule fires)"


def test_a_result_passes_when_all_its_checks_do() -> None:
    result = run("given x = 6 expect half = 3, half = 4, big")
    assert [check.passed for check in result.checks] == [True, False, False]
    assert not result.passed
    assert [check.expected for check in result.checks] == ["half = 3", "half = 4", "big"]


def test_rulesets_without_a_source_text_say_what_they_expect() -> None:
    import dataclasses

    ruleset = rules.parse(HEAD.replace("POLICY", "first") + 'test "t" given x = 6 expect big')
    (result,) = rules.run_tests(dataclasses.replace(ruleset, text=""))
    assert "ExpectTruth" in result.checks[0].expected
